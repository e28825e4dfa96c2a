"""Remembers from tick to tick what verdicts need, and gives the verdicts of each tick."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tsmon.telemetry.health.models import is_stuck, judge_model
from tsmon.telemetry.health.workers import WorkerSeen, judge_worker

if TYPE_CHECKING:
    from tsmon.telemetry.health.verdicts import ModelVerdict
    from tsmon.telemetry.instant import Instant
    from tsmon.telemetry.logs.worker_states import WorkerState
    from tsmon.torchserve.records import ModelVersion, Worker

VersionKey = tuple[str, str]
"""Name and version of a model."""
_WorkerKey = tuple[str, str, str, str]
BLIND_S = 15.0
"""After a longer time between two ticks, as in an outage, nobody knows what was answered in it."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What is known of the answers of a model version at one tick."""

    finished: bool | None = None
    """Whether anything was answered since the tick before; None where that is not known."""
    usual_ms: float | None = None
    """What an answer took on average lately."""
    statuses: Mapping[int, int] = field(default_factory=dict)
    """How many of the last minute's requests ended with which HTTP status, by the log files."""


@dataclass(frozen=True, slots=True)
class _Queue:
    """The queue at the tick before."""

    pending: int
    moved: float
    """Monotonic: when anything was last seen to be answered, or the queue to be empty."""
    seen: float
    """Monotonic: the tick."""


class HealthWatch:
    """The health of one server's models from tick to tick."""

    def __init__(self) -> None:
        self._workers: dict[_WorkerKey, WorkerSeen] = {}
        self._queues: dict[VersionKey, _Queue] = {}

    def judge(
        self,
        at: Instant,
        models: Sequence[ModelVersion],
        *,
        answers: Mapping[VersionKey, Answers] | None = None,
        worker_states: Mapping[str, WorkerState] | None = None,
        ended: Collection[int] = (),
        unregistering: Collection[VersionKey] = (),
    ) -> dict[VersionKey, ModelVerdict]:
        """The verdict on each of these models, the ones that describe shows at this tick.

        `answers` by name and version; `worker_states` from the server's own log by worker id, None
        for a remote server; `ended` are the pids of workers that were processes of this machine
        and are no more; `unregistering` are those that somebody is removing. Models and workers
        that are missing are forgotten.
        """
        keys = {(model.name, model.version) for model in models}
        self._queues = {key: queue for key, queue in self._queues.items() if key in keys}
        self._workers = {
            _key(model, worker): self._seen(model, worker, at.monotonic)
            for model in models
            for worker in model.workers
        }
        return {
            (model.name, model.version): self._judge(
                at,
                model,
                (answers or {}).get((model.name, model.version), Answers()),
                worker_states or {},
                ended,
                unregistering=(model.name, model.version) in unregistering,
            )
            for model in models
        }

    def _judge(
        self,
        at: Instant,
        model: ModelVersion,
        answers: Answers,
        worker_states: Mapping[str, WorkerState],
        ended: Collection[int],
        *,
        unregistering: bool,
    ) -> ModelVerdict:
        idle_s: float | None = self._idle(model, answers, at.monotonic)
        if idle_s is None or not is_stuck(model, idle_s, answers.usual_ms):
            idle_s = None
        log_now = at.wall.astimezone().replace(tzinfo=None)
        verdicts = [
            (
                worker.id,
                judge_worker(
                    model,
                    worker,
                    self._workers[_key(model, worker)],
                    at.monotonic,
                    state=_logged_state(model, worker, worker_states),
                    log_now=log_now,
                    idle_s=idle_s,
                    ended=worker.pid in ended,
                ),
            )
            for worker in model.workers
        ]
        return judge_model(
            model,
            verdicts,
            idle_s=idle_s,
            statuses=answers.statuses,
            unregistering=unregistering,
        )

    def _seen(self, model: ModelVersion, worker: Worker, now: float) -> WorkerSeen:
        before = self._workers.get(_key(model, worker))
        return before.then(worker, now) if before else WorkerSeen.first(worker, now)

    def _idle(self, model: ModelVersion, answers: Answers, now: float) -> float:
        """Seconds since the model was last seen to get on with its work."""
        key = (model.name, model.version)
        pending = model.queue.pending if model.queue else 0
        before = self._queues.get(key)
        # A worker takes a request when it has answered the one before, failed ones included, which
        # the counters do not have. A queue that stays full hides that nothing is answered.
        moving = (
            before is None
            or pending == 0
            or pending < before.pending
            or bool(answers.finished)
            or model.ready_workers == 0
            or now - before.seen > BLIND_S
        )
        moved = now if before is None or moving else before.moved
        self._queues[key] = _Queue(pending, moved, now)
        return now - moved


def _key(model: ModelVersion, worker: Worker) -> _WorkerKey:
    # The start time is that of the worker, not of its process: another one is another worker, for
    # example of the server's next life, whose ids begin anew.
    return model.name, model.version, worker.id, worker.start_time


def _logged_state(
    model: ModelVersion, worker: Worker, worker_states: Mapping[str, WorkerState]
) -> WorkerState | None:
    state = worker_states.get(worker.id)
    if state is None:
        return None
    is_same = (state.worker.model, state.worker.version) == (model.name, model.version)
    return state if is_same else None
