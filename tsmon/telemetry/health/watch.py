"""Remembers from tick to tick what verdicts need, and gives the verdicts of each tick."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field

from tsmon.telemetry.health.judge_model import is_stuck, judge_model
from tsmon.telemetry.health.judge_worker import NO_SIGNS, WorkerSeen, judge_worker

if TYPE_CHECKING:
    from tsmon.telemetry.health.server_signs import ServerSigns
    from tsmon.telemetry.health.verdicts import ModelVerdict
    from tsmon.telemetry.instant import Instant
    from tsmon.telemetry.logs.worker_states import WorkerState
    from tsmon.torchserve.records import ModelVersion, VersionKey, Worker

_WorkerKey = tuple[str, str]
BLIND_S = 15.0
"""After a longer time between two ticks, as in an outage, no one knows what was answered in it."""


class Answers(Struct, frozen=True):
    """What is known of the answers of a model version at one tick."""

    finished: bool | None = None
    """Whether anything was answered since the tick before; None where that is not known."""
    usual_ms: float | None = None
    """What an answer took on average lately."""
    statuses: Mapping[int, int] = field(default_factory=dict)
    """How many of the last minute's requests ended with which HTTP status, by the log files."""


class _Known(Struct):
    """What is known of a model version at one tick, for the next one."""

    model: ModelVersion
    workers: dict[_WorkerKey, WorkerSeen]
    states: tuple[WorkerState | None, ...]
    """Of its workers, in their order."""
    moved: float
    """Monotonic: when anything was last seen to be answered, or the queue to be empty."""
    seen: float
    """Monotonic: the tick."""
    verdict: ModelVerdict
    rests: bool = False
    """Whether the verdict stays until something else than the time has changed."""

    @property
    def pending(self) -> int:
        return self.model.queue.pending if self.model.queue else 0


class HealthWatch:
    """The health of one server's models from tick to tick."""

    def __init__(self) -> None:
        self._known: dict[VersionKey, _Known] = {}
        self._version = ""

    def judge(
        self,
        at: Instant,
        models: Sequence[ModelVersion],
        *,
        answers: Mapping[VersionKey, Answers] | None = None,
        worker_states: Mapping[str, WorkerState] | None = None,
        searching: Mapping[str, str] | None = None,
        ended: Collection[int] = (),
        unregistering: Collection[VersionKey] = (),
        signs: ServerSigns = NO_SIGNS,
    ) -> dict[VersionKey, ModelVerdict]:
        """The verdict on each of these models, the ones that describe shows at this tick.

        `answers` by name and version, of those that have requests waiting or a report;
        `worker_states` from the server's own log by worker id, None for a remote server;
        `searching` says of workers by id how far it was searched for what became of them; `ended`
        are the pids of workers that were processes of this machine and are no more; `unregistering`
        are those that someone is removing; `signs` what the server says beside describe. Models
        and workers that are missing are forgotten.
        """
        answers, worker_states = answers or {}, worker_states or {}
        known = {}
        if signs.version != self._version:
            self._known, self._version = {}, signs.version
        for model in models:
            key = (model.name, model.version)
            before, of_workers = self._known.get(key), _states_of(model, worker_states)
            removing = key in unregistering
            calm = key not in answers and not removing and not _any_of(model, ended)
            if before and calm and before.rests and _is_same(before, model, of_workers):
                before.moved = before.seen = at.monotonic
                known[key] = before
                continue
            known[key] = _judge(
                at,
                model,
                before,
                answers.get(key, Answers()),
                of_workers,
                ended,
                signs,
                searching or {},
                unregistering=removing,
                is_suspect=key == signs.given_up,
            )
            known[key].rests = calm and _rests(known[key])
        self._known = known
        return {key: each.verdict for key, each in known.items()}


def _judge(
    at: Instant,
    model: ModelVersion,
    before: _Known | None,
    answers: Answers,
    states: tuple[WorkerState | None, ...],
    ended: Collection[int],
    signs: ServerSigns,
    searching: Mapping[str, str],
    *,
    unregistering: bool,
    is_suspect: bool,
) -> _Known:
    now = at.monotonic
    workers = {_key(worker): _seen(before, worker, now) for worker in model.workers}
    moved = _moved(model, before, answers, now)
    idle_s = now - moved if is_stuck(model, now - moved, answers.usual_ms) else None
    log_now = at.wall.astimezone().replace(tzinfo=None)
    verdicts = [
        (
            worker.id,
            judge_worker(
                model,
                worker,
                workers[_key(worker)],
                now,
                state=state,
                log_now=log_now,
                idle_s=idle_s,
                ended=worker.pid in ended,
                signs=signs,
                is_suspect=is_suspect,
                search=searching.get(worker.id, ""),
            ),
        )
        for worker, state in zip(model.workers, states, strict=True)
    ]
    verdict = judge_model(
        model, verdicts, idle_s=idle_s, statuses=answers.statuses, unregistering=unregistering
    )
    return _Known(model, workers, states, moved, now, verdict)


def _seen(before: _Known | None, worker: Worker, now: float) -> WorkerSeen:
    seen = before.workers.get(_key(worker)) if before else None
    return seen.then(worker, now) if seen else WorkerSeen.first(worker, now)


def _moved(model: ModelVersion, before: _Known | None, answers: Answers, now: float) -> float:
    """When the model was last seen to get on with its work."""
    pending = model.queue.pending if model.queue else 0
    # A worker takes a request when it has answered the one before, failed ones included, which
    # the counters do not have. A queue that stays full hides that nothing is answered.
    if (
        before is None
        or pending == 0
        or pending < before.pending
        or answers.finished
        or model.ready_workers == 0
        or now - before.seen > BLIND_S
    ):
        return now
    return before.moved


def _rests(known: _Known) -> bool:
    """Whether all is as it should be, so that time alone changes nothing."""
    model, verdict = known.model, known.verdict
    is_settled = model.ready_workers == len(model.workers) and not verdict.inferred
    return is_settled and not known.pending and not any(w.inferred for _, w in verdict.workers)


def _is_same(before: _Known, model: ModelVersion, states: tuple[WorkerState | None, ...]) -> bool:
    return before.model is model and before.states == states


def _any_of(model: ModelVersion, pids: Collection[int]) -> bool:
    return bool(pids) and any(worker.pid in pids for worker in model.workers)


def _key(worker: Worker) -> _WorkerKey:
    # The start time is that of the worker, not of its process: another one is another worker, for
    # example of the server's next life, whose ids start again.
    return worker.id, worker.start_time


def _states_of(
    model: ModelVersion, worker_states: Mapping[str, WorkerState]
) -> tuple[WorkerState | None, ...]:
    if not worker_states:
        return (None,) * len(model.workers)
    return tuple(_logged_state(model, worker, worker_states) for worker in model.workers)


def _logged_state(
    model: ModelVersion, worker: Worker, worker_states: Mapping[str, WorkerState]
) -> WorkerState | None:
    state = worker_states.get(worker.id)
    if state is None:
        return None
    return state if state.worker.is_of(model.name, model.version) else None
