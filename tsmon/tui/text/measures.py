"""What the charts show of a model: each measure, how its past is read and why it may be absent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.telemetry.health.verdicts import ModelHealth
from tsmon.telemetry.logs.request_report import RequestPhase
from tsmon.telemetry.snapshot import ModelStatus, Snapshot
from tsmon.tui.text.palette import Hue
from tsmon.tui.text.symbols import TimedValue
from tsmon.units import MIB, byte_size, is_known, milliseconds, number, per_second

if TYPE_CHECKING:
    from tsmon.telemetry.history import HistoryPoint
    from tsmon.telemetry.instant import Instant
    from tsmon.telemetry.logs.percentiles import Percentiles
    from tsmon.telemetry.traffic import Missing, UsageOrMissing

NOT_IN_PROMETHEUS = "no metric of a model has it"
"""Of what Prometheus does not have."""
Absence = Callable[[Snapshot, ModelStatus], str]
"""Says why a measure has no values; empty where they are only not there yet."""


class Measure(Struct, frozen=True):
    """A number of a model that has a chart."""

    id: str
    title: str
    """What it is called on the screen, ten letters at most."""
    write: Callable[[float | Missing | None], str]
    of_point: Callable[[HistoryPoint], float | None]
    of_usage: Callable[[UsageOrMissing], float | Missing] | None = None
    """How the counters give it; None for what they do not count."""
    part: RequestPhase | None = None
    """Which times of the log files it is about."""
    percentiles: Callable[[HistoryPoint], Percentiles | None] | None = None
    """Its percentiles, where the log files show them."""
    band: Callable[[HistoryPoint], tuple[float, float] | None] | None = None
    """Two larger values to draw above it."""
    absence: Absence = lambda _snapshot, _model: ""
    hue: Hue = Hue.COMPUTE

    def is_banded(self, points: Sequence[HistoryPoint]) -> bool:
        """Whether percentiles of it are known, which are then drawn in place of the mean."""
        read = self.percentiles
        return read is not None and any(read(point) is not None for point in points)

    def samples(self, points: Sequence[HistoryPoint], edge: Instant) -> list[TimedValue]:
        """Its past up to `edge`, for a chart."""
        if self.is_banded(points):
            return [self._percentiles(point, edge) for point in points]
        band = self.band or (lambda _point: None)
        return [TimedValue(edge.since(p.at), self.of_point(p), band(p)) for p in points]

    def _percentiles(self, point: HistoryPoint, edge: Instant) -> TimedValue:
        found = self.percentiles(point) if self.percentiles else None
        if found is None:
            return TimedValue(edge.since(point.at), None)
        return TimedValue(edge.since(point.at), found.p50, (found.p90, found.p99))


def _mebibytes(value: float | Missing | None) -> str:
    return byte_size(value * MIB if is_known(value) else None)


def _least_memory(point: HistoryPoint) -> float | None:
    return min((size for _, size in point.memory), default=0) / MIB if point.memory else None


def _most_memory(point: HistoryPoint) -> tuple[float, float] | None:
    most = max((size for _, size in point.memory), default=0) / MIB
    return (most, most) if point.memory else None


def _no_errors(snapshot: Snapshot, model: ModelStatus) -> str:
    if model.verdict.health is ModelHealth.UNKNOWN:
        return NOT_IN_PROMETHEUS
    if snapshot.metrics.log_folder is None:
        return "from the log files: --logs DIR"
    if snapshot.metrics.log_problem:
        return "the log files are not read"
    is_old = model.requests is not None and model.requests.last is None
    return "not in this recording" if is_old else ""


def _no_queue(_snapshot: Snapshot, model: ModelStatus) -> str:
    return "" if model.described.queue else model.problem or NOT_IN_PROMETHEUS


def _no_memory(_snapshot: Snapshot, model: ModelStatus) -> str:
    if not model.workers_known:
        return model.problem or NOT_IN_PROMETHEUS
    if any(worker.memory_bytes is not None for worker in model.workers):
        return ""
    return "the server has not reported it" if model.workers else "no workers"


RATE = Measure(
    "rate", "requests/s", per_second, lambda p: p.per_second, lambda usage: usage.per_second
)
INFERENCE = Measure(
    "inference",
    "inference",
    milliseconds,
    lambda p: p.inference_ms,
    lambda usage: usage.inference_ms,
    RequestPhase.INFERENCE,
    lambda p: p.inference,
)
QUEUE = Measure(
    "queue",
    "queue",
    milliseconds,
    lambda p: p.queue_ms,
    lambda usage: usage.queue_ms,
    RequestPhase.QUEUE,
    lambda p: p.queue,
    hue=Hue.QUEUE,
)
ERRORS = Measure(
    "errors",
    "errors/s",
    per_second,
    lambda p: p.errors_per_second,
    absence=_no_errors,
    hue=Hue.FAILURE,
)
WAITING = Measure(
    "waiting", "queued", number, lambda p: p.waiting, absence=_no_queue, hue=Hue.QUEUE
)
MEMORY = Measure(
    "memory",
    "memory",
    _mebibytes,
    _least_memory,
    band=_most_memory,
    absence=_no_memory,
    hue=Hue.MEMORY,
)
MEASURES = (RATE, INFERENCE, QUEUE, ERRORS, WAITING, MEMORY)
ALWAYS = 3
"""The first ones, what requests cost, which a pane shows however low it is."""
