"""The past of one model for charts, computed by Prometheus itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from tsmon.telemetry.history import Point
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.prometheus.client import Prometheus
from tsmon.telemetry.scrape import INFERENCE_US, QUEUE_US, REQUESTS


@dataclass(frozen=True, slots=True)
class Grid:
    """The moments of a chart."""

    end: Instant
    end_at: float
    """The same as Unix time on Prometheus' clock."""
    seconds: float
    step_s: float

    @property
    def last(self) -> int:
        """The index of the last moment; that of the first is 0."""
        return int(self.seconds / self.step_s)

    @property
    def start_at(self) -> float:
        """The first moment, a whole number of steps before the end."""
        return self.end_at - self.last * self.step_s

    def index(self, at: float) -> int:
        """Which moment a Unix time is."""
        return round((at - self.start_at) / self.step_s)

    def instant(self, index: int) -> Instant:
        """A moment on both clocks."""
        before = (self.last - index) * self.step_s
        return Instant(self.end.monotonic - before, self.end.wall - timedelta(seconds=before))


async def chart(client: Prometheus, selector: str, grid: Grid, range_s: float) -> list[Point]:
    """A point per moment, from `rate(…[range_s])` of the series that match."""
    rates = await asyncio.gather(
        *(
            _rates(client, f"{name}{selector}", grid, range_s)
            for name in (REQUESTS, INFERENCE_US, QUEUE_US)
        )
    )
    return [
        _point(grid.instant(index), *(rate.get(index) for rate in rates))
        for index in range(grid.last + 1)
    ]


async def _rates(
    client: Prometheus, series: str, grid: Grid, range_s: float
) -> Mapping[int, float]:
    rate = f"sum(rate({series}[{round(range_s * 1000)}ms]))"
    found = await client.query_range(rate, grid.start_at, grid.end_at, grid.step_s)
    return {grid.index(sample.at): sample.value for each in found for sample in each.samples}


def _point(
    at: Instant, per_second: float | None, inference_us: float | None, queue_us: float | None
) -> Point:
    """As `Usage` has it: without an answered request there are no milliseconds per request."""
    if not per_second or not inference_us:
        return Point(at, per_second)
    queue_ms = None if queue_us is None else queue_us / per_second / 1000
    return Point(at, per_second, inference_us / per_second / 1000, queue_ms)
