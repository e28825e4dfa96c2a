"""What happens to workers, as ts_log shows it.

All times are those of the lines: the server's local time without a zone.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from tsmon.logs.lines import WorkerThread


class Phase(StrEnum):
    """TorchServe's own names of a worker's states."""

    STARTED = "WORKER_STARTED"
    """Its process runs and is to load the model."""
    LOADED = "WORKER_MODEL_LOADED"
    STOPPED = "WORKER_STOPPED"
    ERROR = "WORKER_ERROR"
    """It answered the request to load with an error."""
    SCALED_DOWN = "WORKER_SCALED_DOWN"
    """It is removed on purpose."""


class ServerStarted(Struct, frozen=True):
    """The banner of a server's start: what was before it belongs to an earlier server."""


class WorkerEvent(Struct, frozen=True):
    """Something that happened to one worker."""

    time: datetime
    worker: WorkerThread


class Launched(WorkerEvent, frozen=True):
    """A process for the worker is started."""


class HasPid(WorkerEvent, frozen=True):
    """The worker's process said its pid."""

    pid: int


class StateChanged(WorkerEvent, frozen=True):
    """The worker went from one state to another."""

    before: Phase | None
    """None for a worker that had none yet."""
    after: Phase


class Disconnected(Struct, frozen=True):
    """The connection to a worker's process is gone; the line does not name the model."""

    time: datetime
    worker_id: str
    phase: Phase | None
    """When it went; `STARTED` means while it loaded the model."""


class Asked(WorkerEvent, frozen=True):
    """The worker was sent a request."""

    command: str
    """LOAD, PREDICT, STREAMPREDICT or DESCRIBE."""


class Answered(WorkerEvent, frozen=True):
    """The worker's answer has come."""


class LoadFailed(WorkerEvent, frozen=True):
    """The model was not loaded."""

    error: str
    """"Worker died." whatever the reason, a time-out included."""


class Unanswered(WorkerEvent, frozen=True):
    """The worker gave no answer within the startup or response time-out, and is ended for that."""

    consecutive: int


class ProcessEnded(WorkerEvent, frozen=True):
    """The worker's process ended by itself, or someone else ended it."""


class BackendError(WorkerEvent, frozen=True):
    """Why TorchServe gave an attempt up, such as "Failed start worker process"."""

    message: str


class RecoveryBegan(WorkerEvent, frozen=True):
    """The first death since the worker was last ready; the retries end some time after this."""


class RecoveryFailed(WorkerEvent, frozen=True):
    """Another death since then."""


class RecoverySucceeded(WorkerEvent, frozen=True):
    """The worker is ready again."""


class RetryDue(WorkerEvent, frozen=True):
    """A new process will be started."""

    seconds: int
    """From the line's time."""


class Removed(WorkerEvent, frozen=True):
    """The worker is gone: scaled down or unregistered."""


class VersionAdded(Struct, frozen=True):
    """A model version was registered; its workers come up later."""

    time: datetime
    model: str
    version: str


class VersionRemoved(Struct, frozen=True):
    """A model version is being unregistered; its workers end after this."""

    time: datetime
    model: str
    version: str


class ModelUnregistered(Struct, frozen=True):
    """The unregistration of a model has ended."""

    time: datetime
    model: str


LogEvent = (
    WorkerEvent | ServerStarted | Disconnected | VersionAdded | VersionRemoved | ModelUnregistered
)
