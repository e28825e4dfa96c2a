"""The verdict on one model version: the worst of all that is found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.telemetry.health.server_signs import READY_IS_EARLY
from tsmon.telemetry.health.verdicts import ModelHealth, ModelVerdict, WorkerHealth, WorkerVerdict
from tsmon.torchserve.errors import SERVER_ERROR
from tsmon.units import duration, plural

if TYPE_CHECKING:
    from tsmon.torchserve.records import ModelVersion

QUEUE_NEARLY_FULL = 0.8
"""The share of `job_queue_size` from which on a model is overloaded."""
LEAST_PATIENCE_S = 15.0
MOST_STUCK_AFTER_S = 60.0
"""Where nothing was ever answered, so that it is not known how long an answer takes."""
USUAL_TIMES = 20
"""How many usual answers may fit into the time without one."""
RESPONSE_MARGIN_S = 5.0

_WITHOUT_READY = {
    WorkerHealth.UNKNOWN: ModelHealth.UNKNOWN,
    WorkerHealth.STARTING: ModelHealth.STARTING,
    WorkerHealth.ENDED: ModelHealth.RETRYING,
    WorkerHealth.RETRYING: ModelHealth.RETRYING,
    WorkerHealth.GIVEN_UP: ModelHealth.GIVEN_UP,
}
_FAILED = (WorkerHealth.ENDED, WorkerHealth.RETRYING, WorkerHealth.GIVEN_UP)


class _Finding(Struct, frozen=True):
    health: ModelHealth
    evidence: str


def stuck_after_s(response_timeout_s: float | None, usual_ms: float | None = None) -> float:
    """Seconds without an answer after which a model with waiting requests is stuck.

    A multiple of what an answer usually takes, but never beyond the response time-out: by then
    TorchServe should have ended the worker.
    """
    longest = response_timeout_s + RESPONSE_MARGIN_S if response_timeout_s else float("inf")
    usual = MOST_STUCK_AFTER_S if usual_ms is None else USUAL_TIMES * usual_ms / 1000
    return max(LEAST_PATIENCE_S, min(usual, longest))


def is_stuck(model: ModelVersion, idle_s: float, usual_ms: float | None = None) -> bool:
    """Whether requests wait, workers count as ready, and nothing was answered for too long."""
    waiting = model.queue.pending if model.queue else 0
    if not waiting or not model.ready_workers:
        return False
    return idle_s > stuck_after_s(model.response_timeout_s, usual_ms)


def judge_model(
    model: ModelVersion,
    workers: Sequence[tuple[str, WorkerVerdict]],
    *,
    idle_s: float | None = None,
    statuses: Mapping[int, int] | None = None,
    unregistering: bool = False,
) -> ModelVerdict:
    """What this model version is.

    `workers` are the verdicts on its workers by id; `idle_s` is given when the model is stuck: the
    seconds since anything was answered; `statuses` are how many of the last minute's requests ended
    with which HTTP status, where that is known; `unregistering` when someone asked for that.
    """
    findings = [_Finding(ModelHealth.READY, _ready(model, workers))]
    findings += _of_workers(model, [verdict for _, verdict in workers])
    if any(verdict.health is WorkerHealth.READY for _, verdict in workers):
        findings += _of_answers(statuses or {})
    findings += _of_queue(model, idle_s)
    if unregistering:
        evidence = f"is being removed, {plural(len(workers), 'worker')} left"
        findings.append(_Finding(ModelHealth.UNREGISTERING, evidence))
    worst = max(findings, key=lambda finding: finding.health.severity)
    if worst.health is ModelHealth.DEGRADED:  # what fails may have another reason
        failing = [each.evidence for each in findings if each.health is ModelHealth.FAILING]
        worst = _Finding(worst.health, "; ".join([worst.evidence, *failing]))
    inferred = worst.health is not ModelHealth.UNREGISTERING and any(
        verdict.inferred for _, verdict in workers
    )
    return ModelVerdict(worst.health, worst.evidence, tuple(workers), inferred)


def _of_queue(model: ModelVersion, idle_s: float | None) -> Iterator[_Finding]:
    queue = model.queue
    if queue is None:
        return
    if idle_s is not None:
        evidence = (
            f"{plural(queue.pending, 'request')} queued, none answered for {duration(idle_s)}"
        )
        yield _Finding(ModelHealth.STUCK, evidence)
    if queue.capacity > 0 and queue.pending >= QUEUE_NEARLY_FULL * queue.capacity:
        evidence = f"{queue.pending} of {queue.capacity} queue places used"
        yield _Finding(ModelHealth.OVERLOADED, evidence)


def _of_answers(statuses: Mapping[int, int]) -> Iterator[_Finding]:
    errors = {status: n for status, n in sorted(statuses.items()) if status >= SERVER_ERROR}
    if not errors:
        return
    failed, ended = sum(errors.values()), sum(statuses.values())
    kinds = ", ".join(map(str, errors))
    evidence = (
        f"{failed / ended:.0%} of {plural(ended, 'request')} in the last minute failed with {kinds}"
    )
    yield _Finding(ModelHealth.FAILING, evidence)


def _of_workers(model: ModelVersion, verdicts: Sequence[WorkerVerdict]) -> Iterator[_Finding]:
    """What the workers show; those that are removed on purpose do not count."""
    staying = [verdict for verdict in verdicts if verdict.health is not WorkerHealth.STOPPING]
    if not staying:
        yield _Finding(ModelHealth.NO_WORKERS, _without_workers(model, len(verdicts)))
        return
    serving = [v for v in staying if v.health in (WorkerHealth.READY, WorkerHealth.STUCK)]
    evidence = _summary(staying)
    if not serving:
        worst = max(staying, key=lambda verdict: verdict.health.severity)
        detail = worst.evidence if len(staying) == 1 else f"{evidence}; {worst.evidence}"
        yield _Finding(_WITHOUT_READY[worst.health], detail)
    elif any(verdict.health in _FAILED for verdict in staying):
        yield _Finding(ModelHealth.DEGRADED, evidence)
    elif any(verdict.health is WorkerHealth.STARTING for verdict in staying):
        yield _Finding(ModelHealth.STARTING, evidence)
    elif len(serving) < len(staying):
        yield _Finding(ModelHealth.UNKNOWN, evidence)
    elif len(serving) < model.min_workers:
        evidence = f"{len(serving)} of {model.min_workers} required workers are running"
        yield _Finding(ModelHealth.DEGRADED, evidence)


def _summary(staying: Sequence[WorkerVerdict]) -> str:
    counts = Counter(verdict.health for verdict in staying)
    ready = counts.pop(WorkerHealth.READY, 0)
    others = [f"{counts[health]} {health}" for health in WorkerHealth if counts[health]]
    return ", ".join([f"{ready} of {len(staying)} ready", *others])


def _without_workers(model: ModelVersion, stopping: int) -> str:
    if stopping:
        return f"{plural(stopping, 'worker')} stopping, none stays"
    if model.min_workers:
        return f"none of {model.min_workers} required workers is running"
    return "scaled to 0: requests are refused"


def _ready(model: ModelVersion, workers: Sequence[tuple[str, WorkerVerdict]]) -> str:
    ready = sum(verdict.health is WorkerHealth.READY for _, verdict in workers)
    pending = model.queue.pending if model.queue else 0
    waiting = f", {plural(pending, 'request')} waiting" if pending else ""
    believed = not any(v.inferred and v.health is WorkerHealth.READY for _, v in workers)
    doubt = "" if believed else f"; {READY_IS_EARLY}"
    return f"{ready} of {len(workers)} ready{waiting}{doubt}"
