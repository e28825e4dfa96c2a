"""The recent past of each model for the charts: bounded ring buffers with gaps kept as gaps."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from tsmon.telemetry.logs.request_report import RequestPhase
from tsmon.telemetry.traffic import Missing, Usage
from tsmon.units import known

if TYPE_CHECKING:
    from tsmon.telemetry.instant import Instant
    from tsmon.telemetry.logs.percentiles import Percentiles
    from tsmon.telemetry.snapshot import ModelKey, ModelStatus, Snapshot

MOST_POINTS = 100_000
"""Of all models: 18 MB, or 56 where the log files tell the percentiles of each."""

WorkerBytes = tuple[tuple[str, int], ...]
"""The resident memory of each worker that it is known of, by worker id."""


@dataclass(frozen=True, slots=True)
class HistoryPoint:
    """One interval of one model; None where a number could not be known."""

    at: Instant
    per_second: float | None = None
    inference_ms: float | None = None
    queue_ms: float | None = None
    inference: Percentiles | None = None
    """Of the requests that ended in the interval, from the log files."""
    queue: Percentiles | None = None
    """Of the same requests."""
    errors_per_second: float | None = None
    """Requests that ended with a status of 400 or above."""
    waiting: int | None = None
    """Requests in the queue, at that moment."""
    memory: WorkerBytes = ()


class History:
    """The last `capacity` points of each model seen; one that left goes with its last point.

    Of many models fewer are kept, so that there are no more than `most_points` of all together.
    """

    def __init__(self, capacity: int = 3600, most_points: int = MOST_POINTS) -> None:
        self._capacity = capacity
        self._most_points = most_points
        self._points: dict[ModelKey, deque[HistoryPoint]] = {}
        self._absent_ticks: dict[ModelKey, int] = {}

    def record(self, snapshot: Snapshot, *, scraped: bool) -> None:
        """Append a point for each model; one without costs when the tick brought no scrape."""
        seen = set()
        for model in snapshot.models:
            seen.add(model.key)
            self._absent_ticks.pop(model.key, None)
            self._append(model.key, self._point(snapshot, model, scraped=scraped))
        for key in self._points.keys() - seen:
            self._absent_ticks[key] = self._absent_ticks.get(key, 0) + 1
            if self._absent_ticks[key] < self._capacity:
                self._append(key, HistoryPoint(snapshot.at))
            else:
                self.forget(key)
        self._drop_oldest()

    def points(self, key: ModelKey, seconds: float, end: Instant) -> list[HistoryPoint]:
        """The points of the `seconds` before `end`, oldest first."""
        points = self._points.get(key, deque())
        first = bisect_left(points, end.monotonic - seconds, key=_moment)
        last = bisect_right(points, end.monotonic, key=_moment)
        return list(islice(points, first, last))

    def forget(self, key: ModelKey) -> None:
        """Drop a model's past."""
        self._points.pop(key, None)
        self._absent_ticks.pop(key, None)

    def _append(self, key: ModelKey, point: HistoryPoint) -> None:
        self._points.setdefault(key, deque(maxlen=self._capacity)).append(point)

    def _drop_oldest(self) -> None:
        """Have each model hold no more than its share."""
        share = max(self._most_points // max(len(self._points), 1), 1)
        for points in self._points.values():
            while len(points) > share:
                points.popleft()

    def _point(self, snapshot: Snapshot, model: ModelStatus, *, scraped: bool) -> HistoryPoint:
        if model.gone:
            return HistoryPoint(snapshot.at)
        costs = _costs(snapshot.at, model.traffic.interval if scraped else None)
        if snapshot.stale:
            return costs
        last = model.requests.last if model.requests else None
        profile = last.profile if last else {}
        queue = model.described.queue
        return replace(
            costs,
            inference=profile.get(RequestPhase.INFERENCE),
            queue=profile.get(RequestPhase.QUEUE),
            errors_per_second=snapshot.errors_per_second(model),
            waiting=queue.pending if queue else None,
            memory=self._memory(model),
        )

    def _memory(self, model: ModelStatus) -> WorkerBytes:
        """The memory of each worker; while nothing changes, the very tuple of the point before.

        Memory seldom changes between two ticks, and there are thousands of points.
        """
        found = tuple(
            (worker.worker.id, worker.memory_bytes)
            for worker in model.workers
            if worker.memory_bytes is not None
        )
        points = self._points.get(model.key)
        return points[-1].memory if points and points[-1].memory == found else found


def _costs(at: Instant, usage: Usage | Missing | None) -> HistoryPoint:
    if not isinstance(usage, Usage):
        return HistoryPoint(at)
    return HistoryPoint(at, usage.per_second, known(usage.inference_ms), known(usage.queue_ms))


def _moment(point: HistoryPoint) -> float:
    return point.at.monotonic
