"""The loop that looks at a server, and the registry that has what it saw."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

from tsmon.exporter.collector import Look, ServerCollector
from tsmon.exporter.totals import Adding
from tsmon.telemetry.live import DESCRIBES_PER_TICK
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.staleness import patience_s

if TYPE_CHECKING:
    from tsmon.telemetry.instant import Instant
    from tsmon.telemetry.logs.request_tally import RequestTally
    from tsmon.telemetry.snapshot import ModelKey, Snapshot
    from tsmon.telemetry.source import Observation, Source


def describes_per_look(interval: float) -> int:
    """As many settled models a second as the monitor has described, so that none is older there."""
    return max(DESCRIBES_PER_TICK, round(DESCRIBES_PER_TICK * interval))


class Exporter:
    """Looks at one server from time to time; `registry` has what the last look showed."""

    def __init__(self, source: Source, tally: RequestTally, interval: float) -> None:
        """`tally` is that of the source."""
        self._source = _Timed(source)
        self._monitor = Monitor(self._source, period_s=interval, remembers=False)
        self._adding = Adding(tally)
        self._patience_s = patience_s(interval)
        self._logs_read: Instant | None = None
        self._look = Look(self._monitor.latest, self._patience_s)
        self.registry = CollectorRegistry()
        self.registry.register(ServerCollector(lambda: self._look))
        ProcessCollector(registry=self.registry)

    @property
    def exposition(self) -> bytes:
        """What a scrape would be answered now."""
        return generate_latest(self.registry)

    async def looks(self) -> AsyncIterator[Snapshot]:
        """Look at the server for as long as it is asked for; gives what was seen."""
        async for snapshot in self._monitor.ticks():
            if snapshot.metrics.reads_logs:
                self._logs_read = snapshot.at
            self._look = Look(
                snapshot,
                self._patience_s,
                self._adding.take(snapshot),
                self._source.took_s,
                self._logs_read,
            )
            yield snapshot


class _Timed:
    """A source, and how long its last observation took."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.took_s: float | None = None

    @property
    def label(self) -> str:
        return self._source.label

    async def observe(self, focus: ModelKey | None) -> Observation:
        started = time.monotonic()
        observation = await self._source.observe(focus)
        self.took_s = time.monotonic() - started
        return observation
