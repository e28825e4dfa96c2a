"""The recent past of each model for the charts: rows of numbers, with gaps kept as gaps."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Sequence
from enum import IntEnum
from itertools import accumulate, islice, takewhile
from typing import TYPE_CHECKING, NamedTuple, Protocol

from msgspec import Struct, field

from tsmon.telemetry.logs.percentiles import Percentiles
from tsmon.telemetry.logs.request_report import RequestPhase
from tsmon.telemetry.traffic import Missing, Usage
from tsmon.units import known

if TYPE_CHECKING:
    from tsmon.telemetry.instant import Instant
    from tsmon.telemetry.snapshot import ModelKey, ModelStatus, Snapshot

HISTORY_BYTES = 9 << 20
"""Of all models: an hour at one tick a second of 20 whose log files are read."""
_ROW_BYTES = 400
"""What a row takes besides its numbers."""
_TIMES_BYTES = 150
"""What counted times take besides their bytes."""
_LARGEST = 3e38
"""Numbers are kept in single precision, which is more than a chart shows."""
_NUMBERS = 5
_PERCENTILES = 5

STEP_S = 15.0
"""Seconds of each step of a trend."""
STEPS = 16
_MOST_TRENDS = 256
"""Trends that are remembered; a screen has fewer rows."""

WorkerBytes = tuple[tuple[str, int], ...]
"""The resident memory of each worker that it is known of, by worker id."""


class HistoryPoint(Struct, frozen=True):
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
    times: bytes = b""
    """How many requests of the interval had which inference time, from the log files."""


class Figure(IntEnum):
    """What a trend is of; the values are its place among the numbers, or the percentiles."""

    RATE = 0
    """Requests a second."""
    P95 = 3
    """Milliseconds that 95 of 100 requests did not exceed, from the log files."""


Trend = tuple[float | None, ...]
"""The largest value in each step, oldest first; None where none is known."""


class History(Protocol):
    """What charts are drawn from."""

    def trend(self, key: ModelKey, figure: Figure, end: Instant) -> Trend:
        """The last `STEPS` steps before `end`, each of which begins at a multiple of `STEP_S`."""

    def points(self, key: ModelKey, seconds: float, end: Instant) -> list[HistoryPoint]:
        """The points of the `seconds` before `end`, oldest first."""


class _Place(NamedTuple):
    """Where in a row a model is."""

    number: int
    memory: int
    """Where the memory of its workers begins."""
    workers: tuple[str, ...]
    """Those whose memory is known."""


_Layout = dict["ModelKey", _Place]


class _Row(Struct, frozen=True):
    """The points of one tick."""

    at: Instant
    layout: _Layout
    """The very one of the row before as long as models and workers are the same."""
    numbers: array[float]
    """Five of each model, then the memory of all workers; NaN where one is not known."""
    percentiles: array[float]
    """Those of inference and queue of each model; empty where the logs showed of none."""
    times: bytes = b""
    """The counted inference times of all models, one after the other."""
    ends: array[int] | None = None
    """Where in them those of each model end; None where the logs showed of none."""

    @property
    def size(self) -> int:
        """The bytes that it takes."""
        size = _ROW_BYTES + self.numbers.itemsize * (len(self.numbers) + len(self.percentiles))
        if self.ends is not None:
            size += _TIMES_BYTES + len(self.times) + self.ends.itemsize * len(self.ends)
        return size

    def figure(self, key: ModelKey, figure: Figure) -> float:
        """One number of a model, NaN where it is not known."""
        place = self.layout.get(key)
        if place is None:
            return math.nan
        if figure is Figure.RATE:
            return self.numbers[_NUMBERS * place.number + figure]
        at = 2 * _PERCENTILES * place.number + figure
        return self.percentiles[at] if self.percentiles else math.nan

    def point(self, key: ModelKey) -> HistoryPoint:
        """What is known of a model; a gap where it was absent."""
        place = self.layout.get(key)
        if place is None:
            return HistoryPoint(self.at)
        first = _NUMBERS * place.number
        rate, inference, queue, errors, waiting = self.numbers[first : first + _NUMBERS]
        memory = self.numbers[place.memory : place.memory + len(place.workers)]
        first = 2 * _PERCENTILES * place.number
        return HistoryPoint(
            self.at,
            _number(rate),
            _number(inference),
            _number(queue),
            _percentiles(self.percentiles[first : first + _PERCENTILES]),
            _percentiles(self.percentiles[first + _PERCENTILES : first + 2 * _PERCENTILES]),
            _number(errors),
            None if math.isnan(waiting) else int(waiting),
            tuple(zip(place.workers, map(int, memory), strict=True)),
            self._times(place.number),
        )

    def _times(self, number: int) -> bytes:
        if self.ends is None:
            return b""
        return self.times[self.ends[number - 1] if number else 0 : self.ends[number]]


class _Read(Struct):
    """The points that were read last: the next question is mostly for them and one more."""

    key: ModelKey | None = None
    first: int = 0
    """The number of the row of the first."""
    points: deque[HistoryPoint] = field(default_factory=deque)


class KeptHistory:
    """The last rows that fit into so many bytes, the newest in any case."""

    def __init__(self, budget: int = HISTORY_BYTES) -> None:
        """With a `budget` of 0 there is none at all."""
        self._budget = budget
        self._rows: deque[_Row] = deque()
        self._gone = 0
        """How many rows were let go of."""
        self.size = 0
        """Bytes that it takes."""
        self._models: tuple[tuple[ModelKey, tuple[str, ...]], ...] = ()
        self._layout: _Layout = {}
        self._forgotten: dict[ModelKey, float] = {}
        """Until when the past of a name is that of a model someone let go of."""
        self._read = _Read()
        self._trends: dict[tuple[ModelKey, Figure], dict[int, float | None]] = {}
        """The value of each step that is over, by its number."""

    def record(self, snapshot: Snapshot, *, scraped: bool) -> None:
        """Take a point of each model; one without costs when the tick brought no scrape."""
        if not self._budget:
            return
        points = {
            each.key: point_of(snapshot, each, scraped=scraped)
            for each in snapshot.models
            if not each.gone  # a gap, as of any model that is absent
        }
        row = self._row(snapshot.at, points)
        self._rows.append(row)
        self.size += row.size
        while len(self._rows) > 1 and self.size > self._budget:
            self.size -= self._rows.popleft().size
            self._gone += 1
        if self._forgotten:
            oldest = self._rows[0].at.monotonic
            self._forgotten = {key: at for key, at in self._forgotten.items() if at >= oldest}

    def points(self, key: ModelKey, seconds: float, end: Instant) -> list[HistoryPoint]:
        """The points of the `seconds` before `end`, oldest first."""
        since = end.monotonic - seconds
        if key in self._forgotten:
            since = max(since, math.nextafter(self._forgotten[key], math.inf))
        first = bisect_left(self._rows, since, key=_moment)
        last = bisect_right(self._rows, end.monotonic, key=_moment)
        absent = takewhile(lambda row: key not in row.layout, islice(self._rows, first, last))
        first += sum(1 for _ in absent)
        return self._points(key, first + self._gone, last + self._gone)

    def trend(self, key: ModelKey, figure: Figure, end: Instant) -> Trend:
        """The last `STEPS` steps; those that are over are looked at once."""
        if len(self._trends) > _MOST_TRENDS:
            self._trends.clear()
        over = self._trends.setdefault((key, figure), {})
        last = int(end.monotonic // STEP_S)
        newest = self._rows[-1].at.monotonic if self._rows else -math.inf
        trend = []
        for step in range(last - STEPS + 1, last + 1):
            if step in over and step < last:
                trend.append(over[step])
                continue
            largest = self._largest(key, figure, step * STEP_S, end.monotonic)
            trend.append(largest)
            if step < last and (step + 1) * STEP_S <= newest:
                over[step] = largest
        if len(over) > 2 * STEPS:
            self._trends[key, figure] = {step: over[step] for step in over if step > last - STEPS}
        return tuple(trend)

    def _largest(self, key: ModelKey, figure: Figure, since: float, end: float) -> float | None:
        """The largest value of the step that begins at `since`, as far as `end`."""
        until = since + STEP_S
        if key in self._forgotten:
            since = max(since, math.nextafter(self._forgotten[key], math.inf))
        first = bisect_left(self._rows, since, key=_moment)
        largest = None
        for row in islice(self._rows, first, None):
            if row.at.monotonic >= until or row.at.monotonic > end:
                break
            value = row.figure(key, figure)
            if not math.isnan(value) and (largest is None or value > largest):
                largest = value
        return largest

    def forget(self, key: ModelKey) -> None:
        """Drop a model's past."""
        for figure in Figure:
            self._trends.pop((key, figure), None)
        if self._rows:
            self._forgotten[key] = self._rows[-1].at.monotonic

    def _row(self, at: Instant, points: dict[ModelKey, HistoryPoint]) -> _Row:
        models = tuple(
            (key, tuple(worker for worker, _ in point.memory)) for key, point in points.items()
        )
        if models != self._models:
            self._models, self._layout = models, _layout(models)
        numbers, percentiles = array("f"), array("f")
        for point in points.values():
            numbers.extend(map(_single, _numbers(point)))
        for point in points.values():
            numbers.extend(float(size) for _, size in point.memory)
        if any(point.inference or point.queue for point in points.values()):
            for point in points.values():
                percentiles.extend(map(_single, _figures(point.inference)))
                percentiles.extend(map(_single, _figures(point.queue)))
        times = b"".join(point.times for point in points.values())
        ends = accumulate(len(point.times) for point in points.values())
        return _Row(
            at, self._layout, numbers, percentiles, times, array("I", ends) if times else None
        )

    def _points(self, key: ModelKey, first: int, last: int) -> list[HistoryPoint]:
        """The points of the rows with these numbers."""
        read = self._read
        if read.key != key or not read.first <= first <= read.first + len(read.points):
            read = self._read = _Read(key, first)
        while read.first < first:
            read.points.popleft()
            read.first += 1
        begin = read.first + len(read.points) - self._gone
        read.points.extend(
            row.point(key) for row in islice(self._rows, begin, max(last - self._gone, begin))
        )
        return list(islice(read.points, max(last - first, 0)))


def point_of(snapshot: Snapshot, model: ModelStatus, *, scraped: bool) -> HistoryPoint:
    """What the charts show of a model at a tick."""
    if model.gone:
        return HistoryPoint(snapshot.at)
    rate, inference, queued = _costs(model.traffic.interval if scraped else None)
    if snapshot.stale:
        return HistoryPoint(snapshot.at, rate, inference, queued)
    last = model.requests.last if model.requests else None
    profile = last.profile if last else {}
    queue = model.described.queue
    return HistoryPoint(
        snapshot.at,
        rate,
        inference,
        queued,
        inference=profile.get(RequestPhase.INFERENCE),
        queue=profile.get(RequestPhase.QUEUE),
        errors_per_second=snapshot.errors_per_second(model),
        waiting=queue.pending if queue else None,
        memory=tuple(
            (worker.worker.id, worker.memory_bytes)
            for worker in model.workers
            if worker.memory_bytes is not None
        ),
        times=last.times if last else b"",
    )


def _costs(usage: Usage | Missing | None) -> tuple[float | None, float | None, float | None]:
    """Requests a second, and milliseconds of inference and queue."""
    if not isinstance(usage, Usage):
        return None, None, None
    return usage.per_second, known(usage.inference_ms), known(usage.queue_ms)


def _layout(models: Iterable[tuple[ModelKey, tuple[str, ...]]]) -> _Layout:
    each = list(models)
    layout: _Layout = {}
    memory = _NUMBERS * len(each)
    for number, (key, workers) in enumerate(each):
        layout[key] = _Place(number, memory, workers)
        memory += len(workers)
    return layout


def _numbers(point: HistoryPoint) -> tuple[float | None, ...]:
    costs = point.per_second, point.inference_ms, point.queue_ms
    return *costs, point.errors_per_second, point.waiting


def _figures(found: Percentiles | None) -> tuple[float | None, ...]:
    if found is None:
        return (None,) * _PERCENTILES
    return found.count, found.p50, found.p90, found.p95, found.p99


def _percentiles(figures: Sequence[float]) -> Percentiles | None:
    if not figures or math.isnan(figures[0]):
        return None
    count, *rest = figures
    return Percentiles(int(count), *rest)


def _single(value: float | None) -> float:
    return math.nan if value is None else max(-_LARGEST, min(value, _LARGEST))


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _moment(row: _Row) -> float:
    return row.at.monotonic
