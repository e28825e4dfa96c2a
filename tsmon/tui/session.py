"""The server that is being watched."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.source import Source
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.tokens import KeyKind


@dataclass(frozen=True, slots=True)
class Session:
    """A client and the monitor that polls through it."""

    client: TorchServe
    monitor: Monitor

    @classmethod
    def begin(cls, client: TorchServe, period_s: float, source: Source | None = None) -> Session:
        """Get ready to watch a server."""
        monitor = Monitor(source or LiveSource(client), period_s=period_s)
        return cls(client, monitor)

    @property
    def token_expires(self) -> datetime | None:
        """When the management key ends, if one with an end is in use."""
        key = self.client.keys.key(KeyKind.MANAGEMENT)
        return key.expires if key else None
