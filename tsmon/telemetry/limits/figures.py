"""The numbers that limits are about, as a tick shows them of a model; None where one does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tsmon.conditions import FIVE_MINUTES_S, MINUTE_S, Condition, Dimension
from tsmon.telemetry.logs.request_report import RequestPhase
from tsmon.torchserve.errors import SERVER_ERROR
from tsmon.units import known

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelStatus, Snapshot
    from tsmon.telemetry.traffic import UsageOrMissing

CLIENT_ERROR = 400


def figure_of(snapshot: Snapshot, model: ModelStatus, condition: Condition) -> float | None:
    """The number that a condition is about, in its base unit."""
    if snapshot.stale or model.gone:
        return None
    return _FIGURES[condition.quantity](snapshot, model, condition)


def _percentile(_: Snapshot, model: ModelStatus, condition: Condition) -> float | None:
    report = model.requests
    if report is None:
        return None
    profile = report.five_minutes if condition.window_s == FIVE_MINUTES_S else report.minute
    found = profile.get(RequestPhase.TOTAL)
    value: float | None = getattr(found, condition.quantity) if found else None
    return value


def _usage(model: ModelStatus, condition: Condition) -> UsageOrMissing:
    is_long = condition.window_s == FIVE_MINUTES_S
    return model.traffic.long_window if is_long else model.traffic.window


def _failures(least: int) -> Callable[[Snapshot, ModelStatus, Condition], float | None]:
    """Requests with a status from there on, as the share, the rate or the number asked for."""

    def value(snapshot: Snapshot, model: ModelStatus, condition: Condition) -> float | None:
        report, is_long = model.requests, condition.window_s == FIVE_MINUTES_S
        if report is None and not snapshot.metrics.reads_logs:
            return None
        statuses: Mapping[int, int] = {}  # of no request in five minutes there is no report
        if report is not None:
            statuses = report.statuses if is_long else report.minute_statuses
            if not is_long and report.last is None and not statuses and report.statuses:
                return None  # an older recording has those of five minutes alone
        failed = sum(count for status, count in statuses.items() if status >= least)
        if condition.dimension is Dimension.SHARE:
            ended = sum(statuses.values())
            return failed / ended if ended else None
        seconds = FIVE_MINUTES_S if is_long else MINUTE_S
        return failed / seconds if condition.dimension is Dimension.RATE else float(failed)

    return value


def _busy(snapshot: Snapshot, model: ModelStatus, _: Condition) -> float | None:
    """Of all workers together, since the reading before."""
    workers, batch = len(model.workers), model.described.batch_size
    if not workers or not batch or not model.workers_known:
        return None
    if model.requests is None:
        return 0.0 if snapshot.metrics.reads_logs else None
    last = model.requests.last
    if last is None or last.seconds <= 0:
        return None
    busy_ms = sum(share.busy_ms for share in last.workers.values())
    return min(busy_ms / 1000 / last.seconds / batch / workers, 1.0)


_FIGURES: Mapping[str, Callable[[Snapshot, ModelStatus, Condition], float | None]] = {
    "p50": _percentile,
    "p90": _percentile,
    "p95": _percentile,
    "p99": _percentile,
    "mean": lambda _, model, condition: known(_usage(model, condition).inference_ms),
    "queue-time": lambda _, model, condition: known(_usage(model, condition).queue_ms),
    "errors": _failures(CLIENT_ERROR),
    "5xx": _failures(SERVER_ERROR),
    "queue": lambda _, model, __: model.pending,
    "rate": lambda _, model, condition: known(_usage(model, condition).per_second),
    "ready": lambda _, model, __: model.ready if model.workers_known else None,
    "memory": lambda _, model, __: model.memory_bytes,
    "busy": _busy,
}
"""By quantity; restarts are counted from tick to tick, see `restarts`."""
