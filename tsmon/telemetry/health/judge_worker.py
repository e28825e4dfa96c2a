"""The verdict on one worker, from describe over time and, for a local server, from ts_log.

Describe says UNLOADING for loading, crashed, waiting to be retried, given up and being removed.
ts_log shows them apart. Without it the verdict is inferred: a new pid for the same id is a restart,
a worker that was not ready for longer than TorchServe retries is given up, and so is one of which
/ping says so; one that was made longer ago than a load may take has failed.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from tsmon.telemetry.health.server_signs import READY_IS_EARLY, UNHEALTHY, ServerSigns
from tsmon.telemetry.health.verdicts import WorkerHealth, WorkerVerdict
from tsmon.telemetry.logs.worker_events import Phase
from tsmon.torchserve.records import MAX_RETRY_S
from tsmon.units import duration, times

if TYPE_CHECKING:
    from tsmon.telemetry.logs.worker_states import WorkerState
    from tsmon.torchserve.records import ModelVersion, Worker

MARGIN_S = 10.0
"""How much later than its time-out TorchServe may act on a busy machine."""
ZONE_STEP_S = 900.0
"""Zones are multiples of it apart, so a start time without a zone is known but for as many."""
CLOCK_SKEW_S = 30.0
_FIRST_DELAYS_S = (1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987, 1597, 2584)
"""TorchServe's pauses between the end of one process and the start of the next."""

NO_SIGNS = ServerSigns()


class WorkerSeen(Struct, frozen=True):
    """What describe showed of one worker over time; moments are monotonic seconds."""

    first_seen: float
    pid: int | None
    restarts: int = 0
    was_ready: bool = False
    unready_since: float | None = None
    """When it was first seen not ready since it was last ready; None while it is ready."""
    pid_since: float = 0.0
    """When its present process was first seen."""
    failed_load: bool = False
    """The process before was never ready, from its beginning to its end."""

    @classmethod
    def first(cls, worker: Worker, now: float) -> WorkerSeen:
        """What the first description of a worker shows."""
        unready = None if worker.ready else now
        return cls(now, worker.pid, 0, worker.ready, unready, now)

    def then(self, worker: Worker, now: float) -> WorkerSeen:
        """What is known after the next description."""
        is_new = worker.pid is not None and worker.pid != self.pid
        unready = None if worker.ready else self.unready_since
        return replace(
            self,
            pid=worker.pid or self.pid,
            pid_since=now if is_new else self.pid_since,
            failed_load=self._never_loaded if is_new else self.failed_load,
            restarts=self.restarts + (is_new and self.pid is not None),
            was_ready=self.was_ready or worker.ready,
            unready_since=now if unready is None and not worker.ready else unready,
        )

    @property
    def _never_loaded(self) -> bool:
        """Whether its present process began while it was seen, and was never ready."""
        return self.unready_since is not None and self.unready_since < self.pid_since


def max_retry_s(model: ModelVersion) -> float:
    """How long TorchServe retries a worker of this model, in seconds (`maxRetryTimeoutInSec`)."""
    value = model.raw.get("maxRetryTimeoutInSec")
    return float(value) if type(value) is int and value > 0 else float(MAX_RETRY_S)


def last_retry_s(retry_s: float) -> float:
    """Seconds after the first death at which the last retry may begin.

    A retry is announced as long as `retry_s` has not passed, and its pause may end after that.
    """
    passed = 0.0
    for delay in _FIRST_DELAYS_S:
        if passed >= retry_s:
            return passed
        passed += delay
    return max(passed, retry_s)


def judge_worker(
    model: ModelVersion,
    worker: Worker,
    seen: WorkerSeen,
    now: float,
    *,
    state: WorkerState | None = None,
    log_now: datetime | None = None,
    idle_s: float | None = None,
    ended: bool = False,
    signs: ServerSigns = NO_SIGNS,
    is_suspect: bool = False,
    search: str = "",
) -> WorkerVerdict:
    """What this worker is.

    `now` is monotonic; `log_now` is this machine's local time, needed with a `state` from the log;
    `idle_s` is given when its model is stuck: the seconds since anything was answered; `ended` says
    that its process was on this machine and is there no more; `is_suspect` that /ping says of its
    model, and of no other, that a worker has failed for longer than TorchServe retries; `search`
    how far its log was searched for what became of it, while that goes on.
    """
    restarts = max(seen.restarts, state.deaths if state else 0)
    early = worker.ready and signs.ready_means_running
    if state is not None and state.stopping:
        verdict = WorkerVerdict(WorkerHealth.STOPPING, "is being removed")
    elif not worker.status:
        verdict = WorkerVerdict(WorkerHealth.UNKNOWN, "describe does not give its status")
    elif worker.ready and ended:
        cause = "looking for the cause" if state else "no log shows why"
        verdict = WorkerVerdict(WorkerHealth.ENDED, f"process {worker.pid} is gone, {cause}")
    elif worker.ready and idle_s is not None:
        verdict = WorkerVerdict(
            WorkerHealth.STUCK, f"counts as ready, but has answered nothing for {duration(idle_s)}"
        )
    elif state and log_now and not search and not (worker.ready and not early):
        is_loaded = early and state.phase is Phase.LOADED
        ready = WorkerVerdict(WorkerHealth.READY, _ready(worker, restarts))
        verdict = ready if is_loaded else _by_log(model, state, log_now)
    elif early and now - seen.pid_since <= model.startup_patience_s + MARGIN_S:
        verdict = _running(worker, seen)
    elif worker.ready:
        verdict = WorkerVerdict(WorkerHealth.READY, _ready(worker, restarts))
    else:
        age_s = least_age_s(worker, log_now) if log_now else 0.0
        verdict = _by_describe(model, seen, now, age_s, is_suspect=is_suspect)
        if search and verdict.health is WorkerHealth.STARTING:
            verdict = WorkerVerdict(WorkerHealth.UNKNOWN, search, inferred=True)
    death = state.last_death if state else None
    failed_load = death.loading if death else seen.failed_load
    return replace(verdict, restarts=restarts, failed_load=failed_load)


def least_age_s(worker: Worker, now: datetime) -> float:
    """Seconds since the worker was made, but for whole quarters of an hour.

    The zone of its start time is the server's, which is not known; `now` is this machine's time.
    """
    try:
        made = datetime.fromisoformat(worker.start_time.removesuffix("Z"))
        late = (now - made.replace(tzinfo=None)).total_seconds() % ZONE_STEP_S
    except (ValueError, OverflowError):
        return 0.0
    return late if late < ZONE_STEP_S - CLOCK_SKEW_S else 0.0


def _running(worker: Worker, seen: WorkerSeen) -> WorkerVerdict:
    """The verdict where READY does not show yet that the model is loaded."""
    health, shown = WorkerHealth.READY, _ready(worker, 0)
    if seen.restarts:
        health, shown = WorkerHealth.RETRYING, f"new process {times(seen.restarts)}"
    return WorkerVerdict(health, f"{shown} (inferred: {READY_IS_EARLY})", inferred=True)


def _ready(worker: Worker, restarts: int) -> str:
    pid = f"pid {worker.pid}" if worker.pid else "pid not known yet"
    return f"{pid}, restarted {times(restarts)}" if restarts else pid


def _by_log(model: ModelVersion, state: WorkerState, now: datetime) -> WorkerVerdict:
    if state.given_up(max_retry_s(model), now):
        return WorkerVerdict(WorkerHealth.GIVEN_UP, _given_up(state))
    if state.deaths == 0:
        running = f" for {duration(_age(state.launched, now))}" if state.launched else ""
        limit = f", time-out {model.startup_timeout_s} s" if model.startup_timeout_s else ""
        return WorkerVerdict(WorkerHealth.STARTING, f"loads the model{running}{limit}")
    died = f"died {times(state.deaths)}: {state.last_death.reason if state.last_death else '?'}"
    due = state.retry_in_s(now)
    if due is not None:
        return WorkerVerdict(
            WorkerHealth.RETRYING, f"{died}; next attempt in {duration(due)}", retry_in_s=due
        )
    return WorkerVerdict(WorkerHealth.RETRYING, f"{died}; is being restarted")


def _given_up(state: WorkerState) -> str:
    reason = state.last_death.reason if state.last_death else "its process ended"
    deaths = times(state.deaths)
    if state.since is None or state.recovering_since is None:
        return f"died {deaths}, most recently because {reason}; TorchServe has given up"
    tried = (state.since - state.recovering_since).total_seconds()
    return (
        f"died {deaths} in {duration(tried)}, most recently because {reason}; TorchServe has "
        "given up"
    )


def _by_describe(
    model: ModelVersion, seen: WorkerSeen, now: float, age_s: float, *, is_suspect: bool
) -> WorkerVerdict:
    since = seen.first_seen if seen.unready_since is None else seen.unready_since
    unready_s = max(now - since, 0.0)
    tries_s = max_retry_s(model)
    limit = model.startup_patience_s + MARGIN_S
    for_s = f"not ready for {duration(unready_s)}"
    if unready_s > last_retry_s(tries_s) + limit and now - seen.pid_since > limit:
        evidence = f"{for_s}, TorchServe tries for {duration(tries_s)} (inferred: no log)"
        return WorkerVerdict(WorkerHealth.GIVEN_UP, evidence, inferred=True)
    if is_suspect:
        evidence = (
            f"not ready, and /ping says {UNHEALTHY}: it has failed for {duration(tries_s)} or "
            "more, after which TorchServe tries once more at most (inferred: no log)"
        )
        return WorkerVerdict(WorkerHealth.GIVEN_UP, evidence, inferred=True)
    if seen.restarts:
        evidence = f"{for_s}, new process {times(seen.restarts)} (inferred: its pid changed)"
        return WorkerVerdict(WorkerHealth.RETRYING, evidence, inferred=True)
    if seen.was_ready:
        evidence = f"{for_s}, was ready before (inferred: its process ended)"
        return WorkerVerdict(WorkerHealth.RETRYING, evidence, inferred=True)
    if model.startup_timeout_s and unready_s > limit:
        evidence = f"{for_s}, time-out {model.startup_timeout_s} s (inferred: the load failed)"
        return WorkerVerdict(WorkerHealth.RETRYING, evidence, inferred=True)
    timeout = f", time-out {model.startup_timeout_s} s" if model.startup_timeout_s else ""
    if age_s > limit:
        evidence = (
            f"not ready {duration(age_s)} or more after it was made{timeout} (inferred: its "
            "process ended or a load failed; no log shows whether TorchServe still tries)"
        )
        return WorkerVerdict(WorkerHealth.RETRYING, evidence, inferred=True)
    return WorkerVerdict(WorkerHealth.STARTING, f"{for_s}{timeout}", inferred=True)


def _age(since: datetime | None, now: datetime) -> float:
    return max((now - since).total_seconds(), 0.0) if since else 0.0
