"""Whether a model works or lets requests wait, and how busy a worker is."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.telemetry.logs.request_times import FAILED
from tsmon.telemetry.traffic import Usage

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelStatus, WorkerStatus

MOSTLY = 0.5
"""The share of the time of a request from which on it mostly waits."""
BUSY_CPU_PERCENT = 20.0
"""CPU use from which on a worker that answered nothing counts as working."""


class Doing(StrEnum):
    """What a model or a worker does."""

    UNKNOWN = "unknown"
    IDLE = "idle"
    WORKS = "works"
    WAITS = "waits"
    """Requests spend most of their time in the queue."""
    UNANSWERED = "unanswered"
    """Requests came and none was answered, nor was any in the minute before."""
    FAILS = "fails"
    """Requests were answered, each of them with an error."""


class Activity(Struct, frozen=True):
    """What something does, and how much of its time."""

    doing: Doing
    share: float | None = None
    """Of a model, how much of a request's time is spent in the queue; of a worker, how much of
    the last interval it was busy; 0 to 1."""


def activity_of(model: ModelStatus) -> Activity:
    """What a model did in the last interval."""
    usage = model.traffic.interval
    if not isinstance(usage, Usage) or model.gone:
        return Activity(Doing.UNKNOWN)
    if usage.inference_us > 0 and usage.counted > 0:
        share = min(usage.queue_us / usage.inference_us, 1.0)
        return Activity(Doing.WAITS if share >= MOSTLY else Doing.WORKS, share)
    return Activity(_unanswered(model, usage) if usage.counted > 0 else Doing.IDLE)


def _unanswered(model: ModelStatus, usage: Usage) -> Doing:
    """What it is when no request was answered well; a failed one is counted on as unanswered."""
    last = model.requests.last if model.requests else None
    if last and last.failed == last.requests > 0:
        return Doing.FAILS
    minute = model.traffic.window
    answers = isinstance(minute, Usage) and minute.inference_us > 0
    at_work = Doing.WORKS if answers else Doing.UNANSWERED
    if usage.arrived > 0:
        return at_work
    statuses = model.requests.statuses if model.requests else {}
    failed = sum(count for status, count in statuses.items() if status >= FAILED)
    lately = model.traffic.long_window
    is_over = failed >= usage.counted or (isinstance(lately, Usage) and lately.arrived == 0)
    return Doing.IDLE if is_over else at_work


def activity_of_worker(model: ModelStatus, worker: WorkerStatus) -> Activity:
    """What a worker did in the last interval: by the logs, or else by its CPU use.

    A request counts when it ends, so that a long one shows by its CPU use until then.
    """
    if worker.worker.ready and not worker.ready:
        return Activity(Doing.UNKNOWN)  # whatever it did, its process is gone
    last = model.requests.last if model.requests else None
    share = last.workers.get(worker.worker.id) if last else None
    batch = model.described.batch_size
    if last and share and last.seconds > 0 and batch:
        # The requests of a batch are under way at the same time.
        busy = share.busy_ms / 1000 / last.seconds / batch
        return Activity(Doing.WORKS, min(busy, 1.0))
    process = worker.process
    if not worker.worker.ready or (last is None and process is None):
        return Activity(Doing.UNKNOWN)  # one that loads its model is busy as well
    if process is not None and process.cpu_percent >= BUSY_CPU_PERCENT:
        return Activity(Doing.WORKS)
    return Activity(Doing.UNKNOWN if last is None and _may_work(model) else Doing.IDLE)


def _may_work(model: ModelStatus) -> bool:
    """Whether requests may be under way that no log shows: one can wait without using the CPU."""
    usage = model.traffic.interval
    return not isinstance(usage, Usage) or usage.counted > 0
