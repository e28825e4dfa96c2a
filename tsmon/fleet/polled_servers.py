"""One server of the fleet that is asked itself, at its own pace."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from tsmon.fleet.light import LightSource
from tsmon.fleet.snapshot import HOST_GAUGES, ServerRow, row_of, waiting_row
from tsmon.telemetry.limits.watch import LimitWatch
from tsmon.telemetry.monitor import Monitor

if TYPE_CHECKING:
    from tsmon.fleet.targets import FleetTarget
    from tsmon.telemetry.limits.limit import Limit
    from tsmon.torchserve.client import TorchServe

PROVEN_AT_ONCE = 16
UNPROVEN_AT_ONCE = 64
"""Servers that did not answer last time wait for each other alone, since each may take seconds."""


class Lanes:
    """Bounds how many servers are asked at once; those that are well never wait for the others."""

    def __init__(self) -> None:
        self._proven = asyncio.Semaphore(PROVEN_AT_ONCE)
        self._unproven = asyncio.Semaphore(UNPROVEN_AT_ONCE)

    def lane(self, *, proven: bool) -> AbstractAsyncContextManager[None]:
        """Where to wait for one's turn."""
        return self._proven if proven else self._unproven


class PolledServer:
    """Asks a server again and again; its newest answers are its row."""

    def __init__(
        self,
        target: FleetTarget,
        client: TorchServe,
        period_s: float,
        limits: Sequence[Limit] = (),
        pinned: Sequence[str] = (),
    ) -> None:
        self.target = target
        self.row: ServerRow = waiting_row(target)
        self.metrics_address = client.addresses.metrics.rpartition("://")[2]
        self._client = client
        self._source = LightSource(client)
        watch = LimitWatch(limits)
        self._monitor = Monitor(self._source, period_s=period_s, remembers=False, limits=watch)
        self._monitor.watched.pinned = (*HOST_GAUGES, *pinned)

    async def run(self, lanes: Lanes, changed: Callable[[], None]) -> None:
        """Ask until cancelled; the servers of a fleet drift apart within their first period."""
        loop = asyncio.get_running_loop()
        share = random.uniform(0.5, 1.0)  # noqa: S311 (no secret)
        while True:
            async with lanes.lane(proven=self.row.is_up):
                started = loop.time()
                await self._ask()
            changed()
            pause = share * self._monitor.latest.next_poll_s
            share = 1.0
            await asyncio.sleep(max(pause - (loop.time() - started), 0.0))

    def set_period(self, seconds: float) -> None:
        """Ask it that often, from the next sample on."""
        self._monitor.period_s = seconds

    async def close(self) -> None:
        """Let go of the connections at once: what is under way is only read."""
        await self._client.close(grace_s=0.0)

    async def _ask(self) -> None:
        snapshot = await self._monitor.tick()
        self.row = row_of(
            self.target,
            snapshot,
            errors_per_second=self._source.errors.per_second,
            only_metrics=self._source.only_metrics,
            silent=self._source.silent,
        )
