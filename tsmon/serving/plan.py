"""What a person asks of a server before it starts."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path

from msgspec import Struct, field

from tsmon.serving.ports import LOOPBACK, Ports

_EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104 (what to make of it, not where to listen)
METRICS_MODES = ("prometheus", "log", "legacy")
START_SECONDS = 120.0
"""How long a server may take until it answers."""


class ServerPlan(Struct, frozen=True, kw_only=True):
    """How to start a TorchServe.

    Attributes:
        model_store: the folder with the archives; must exist.
        address: where it listens; an IP address of this machine, or of all its interfaces.
        metrics_mode: TorchServe's; `log` leaves /metrics empty.
        token_auth: whether every call needs a key of `key_file.json`.
        default_workers: workers of a model that TorchServe loads at its start.
        threads_per_worker: torch's CPU threads; None means 1, unless the environment says
            OMP_NUM_THREADS or MKL_NUM_THREADS; 0 leaves them to torch, which takes all cores in
            every worker.
        extra: further settings of config.properties, see `configuration.extra_settings`.
        start_seconds: how long the server may take until it answers.
    """

    model_store: Path
    ports: Ports = field(default_factory=Ports)
    address: str = LOOPBACK
    metrics_mode: str = "prometheus"
    token_auth: bool = True
    default_workers: int = 1
    threads_per_worker: int | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
    start_seconds: float = START_SECONDS

    @property
    def reached_at(self) -> str:
        """The host by which this machine reaches it, as URLs have it."""
        if self.address in _EVERYWHERE:
            return LOOPBACK
        return f"[{self.address}]" if ":" in self.address else self.address

    @property
    def is_open(self) -> bool:
        """Whether other machines can reach it."""
        return not ip_address(self.address).is_loopback
