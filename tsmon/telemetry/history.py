"""The recent past of each model for the charts: bounded ring buffers with gaps kept as gaps."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from dataclasses import dataclass
from itertools import islice

from tsmon.telemetry.instant import Instant
from tsmon.telemetry.snapshot import ModelKey, Snapshot
from tsmon.telemetry.traffic import Missing, Usage


@dataclass(frozen=True, slots=True)
class Point:
    """One interval of one model; None where a number could not be known."""

    at: Instant
    per_second: float | None = None
    inference_ms: float | None = None
    queue_ms: float | None = None


class History:
    """The last `capacity` points of each model seen; one that left goes with its last point."""

    def __init__(self, capacity: int = 3600) -> None:
        self._capacity = capacity
        self._points: dict[ModelKey, deque[Point]] = {}
        self._absent_ticks: dict[ModelKey, int] = {}

    def record(self, snapshot: Snapshot, *, scraped: bool) -> None:
        """Append a point for each model; an empty one when the tick brought no scrape."""
        seen = set()
        for model in snapshot.models:
            seen.add(model.key)
            self._absent_ticks.pop(model.key, None)
            usage = model.traffic.interval if scraped and not model.gone else None
            self._append(model.key, _point(snapshot.at, usage))
        for key in self._points.keys() - seen:
            self._absent_ticks[key] = self._absent_ticks.get(key, 0) + 1
            if self._absent_ticks[key] < self._capacity:
                self._append(key, Point(snapshot.at))
            else:
                self.forget(key)

    def points(self, key: ModelKey, seconds: float, end: Instant) -> list[Point]:
        """The points of the `seconds` before `end`, oldest first."""
        points = self._points.get(key, deque())
        first = bisect_left(points, end.monotonic - seconds, key=_moment)
        last = bisect_right(points, end.monotonic, key=_moment)
        return list(islice(points, first, last))

    def forget(self, key: ModelKey) -> None:
        """Drop a model's past."""
        self._points.pop(key, None)
        self._absent_ticks.pop(key, None)

    def _append(self, key: ModelKey, point: Point) -> None:
        self._points.setdefault(key, deque(maxlen=self._capacity)).append(point)


def _moment(point: Point) -> float:
    return point.at.monotonic


def _point(at: Instant, usage: Usage | Missing | None) -> Point:
    if not isinstance(usage, Usage):
        return Point(at)
    return Point(at, usage.per_second, _known(usage.inference_ms), _known(usage.queue_ms))


def _known(value: float | Missing) -> float | None:
    return None if isinstance(value, Missing) else value
