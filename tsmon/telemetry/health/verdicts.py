"""What a worker or a model version can be found to be, from fine to worst."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class WorkerHealth(StrEnum):
    """A worker in one word, the mildest first."""

    READY = "ready"
    UNKNOWN = "unknown"
    """Nothing shows whether it lives."""
    STOPPING = "stopping"
    """It is removed on purpose."""
    STARTING = "starting"
    """It loads the model for the first time."""
    ENDED = "process gone"
    """Its process ended, which TorchServe has not noticed yet."""
    RETRYING = "retrying"
    """Its process ended, and TorchServe starts it again."""
    STUCK = "stuck"
    """It counts as ready, and nothing is answered."""
    GIVEN_UP = "given up"
    """TorchServe will not start it again; only scaling to 0 and back does."""

    @property
    def severity(self) -> int:
        """The larger, the worse."""
        return list(WorkerHealth).index(self)


_NOT_SERVING = (WorkerHealth.STARTING, WorkerHealth.ENDED, WorkerHealth.RETRYING)


class ModelHealth(StrEnum):
    """A model version in one word, the mildest first."""

    READY = "ready"
    UNKNOWN = "unknown"
    """Only its metrics are known, which do not show whether its workers live."""
    UNREAD = "unread"
    """Describe could not be read; whatever else is known is from the list or an earlier answer."""
    STARTING = "starting"
    NO_WORKERS = "no workers"
    """Every request is refused."""
    FAILING = "failing"
    """It answers some requests with an error of its own, 5xx."""
    DEGRADED = "degraded"
    """Some workers serve, others failed."""
    OVERLOADED = "overloaded"
    """The queue is nearly full; beyond that requests are refused."""
    RETRYING = "retrying"
    """No worker serves, and TorchServe starts one again."""
    STUCK = "stuck"
    """Requests wait, workers count as ready, and nothing is answered."""
    GIVEN_UP = "given up"
    """No worker serves, and TorchServe tries no longer."""
    UNREGISTERING = "unregistering"
    """It is removed on purpose, which explains all else."""

    @property
    def severity(self) -> int:
        """The larger, the worse."""
        return list(ModelHealth).index(self)


class WorkerVerdict(Struct, frozen=True):
    """What a worker was found to be."""

    health: WorkerHealth
    evidence: str
    """One short sentence with figures."""
    restarts: int = 0
    """New processes seen for this worker since it was created."""
    retry_in_s: float | None = None
    """Seconds until the next process is started; None when that is not known."""
    inferred: bool = False
    """From describe alone, without a log that says so."""
    failed_load: bool = False
    """The last of its processes that ended is known not to have loaded the model."""

    @property
    def is_serving(self) -> bool:
        """Whether it can answer if describe calls it READY: that may mean less than it says."""
        return self.health not in _NOT_SERVING


class ModelVerdict(Struct, frozen=True):
    """What a model version was found to be."""

    health: ModelHealth
    evidence: str
    """One short sentence with figures."""
    workers: tuple[tuple[str, WorkerVerdict], ...] = ()
    """By id, in the order of describe."""
    inferred: bool = False
    """Rests on an inference about workers."""

    @property
    def restarts(self) -> int:
        """New processes seen for its present workers."""
        return sum(verdict.restarts for _, verdict in self.workers)

    def worker(self, worker_id: str) -> WorkerVerdict | None:
        """The verdict on one worker, None when it is not there."""
        return next((verdict for key, verdict in self.workers if key == worker_id), None)
