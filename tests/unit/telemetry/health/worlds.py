"""Models, workers and worker_states for tests of health."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from tsmon.logs.lines import WorkerThread
from tsmon.telemetry.health.judge_worker import WorkerSeen
from tsmon.telemetry.health.verdicts import WorkerHealth, WorkerVerdict
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.logs.worker_events import Phase
from tsmon.telemetry.logs.worker_states import Death, DeathReason, WorkerState
from tsmon.torchserve.records import JobQueue, ModelVersion, Worker

START = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)


def at(seconds: float) -> Instant:
    """The moment that many seconds after the start."""
    return Instant(1000.0 + seconds, START + timedelta(seconds=seconds))


def log_time(seconds: float) -> datetime:
    """The same moment as a log of this machine writes it."""
    return at(seconds).wall.astimezone().replace(tzinfo=None)


def worker(number: int = 9000, *, ready: bool = True, pid: int | None = 100) -> Worker:
    """A worker as describe shows it."""
    return Worker(str(number), "READY" if ready else "UNLOADING", pid, None, "2026-11-22T14:00")


def model(
    *workers: Worker, pending: int = 0, capacity: int = 100, response_timeout_s: int = 120
) -> ModelVersion:
    """A model version as describe shows it."""
    return ModelVersion(
        "mnist",
        "1.0",
        min_workers=len(workers),
        response_timeout_s=response_timeout_s,
        startup_timeout_s=120,
        workers=workers,
        queue=JobQueue(pending, capacity - pending),
    )


def worker_state(phase: Phase | None, **fields: object) -> WorkerState:
    """A worker's worker_state as ts_log tells it."""
    return WorkerState(WorkerThread("9000", "mnist", "1.0"), phase, **fields)  # type: ignore[arg-type]


_moments = st.floats(-1000, 1000)
_log_times = st.none() | _moments.map(log_time)
_deaths = st.builds(
    Death, time=_moments.map(log_time), reason=st.sampled_from(DeathReason), loading=st.booleans()
)

workers = st.builds(
    worker,
    st.integers(9000, 9003),
    ready=st.booleans(),
    pid=st.none() | st.integers(1, 4),
)
models = st.builds(
    ModelVersion,
    name=st.just("mnist"),
    version=st.just("1.0"),
    min_workers=st.integers(0, 4),
    response_timeout_s=st.integers(0, 200),
    startup_timeout_s=st.integers(0, 200),
    workers=st.lists(workers, max_size=4, unique_by=lambda each: each.id).map(tuple),
    queue=st.none() | st.builds(JobQueue, st.integers(0, 100), st.integers(0, 100)),
    raw=st.just({}) | st.builds(dict, maxRetryTimeoutInSec=st.integers(-1, 600)),
)
seen = st.builds(
    WorkerSeen,
    first_seen=_moments,
    pid=st.none() | st.integers(1, 4),
    restarts=st.integers(0, 4),
    was_ready=st.booleans(),
    unready_since=st.none() | _moments,
    pid_since=_moments,
)
worker_states = st.builds(
    WorkerState,
    worker=st.just(WorkerThread("9000", "mnist", "1.0")),
    phase=st.none() | st.sampled_from(Phase),
    since=_log_times,
    pid=st.none() | st.integers(1, 4),
    launched=_log_times,
    retry_due=_log_times,
    recovering_since=_log_times,
    deaths=st.integers(0, 4),
    last_death=st.none() | _deaths,
    stopping=st.booleans(),
)
verdicts = st.builds(
    WorkerVerdict, st.sampled_from(WorkerHealth), st.just("because"), inferred=st.booleans()
)
