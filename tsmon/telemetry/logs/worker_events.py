"""What happens to workers, as ts_log tells it.

All times are those of the lines: the server's local time without a zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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


@dataclass(frozen=True, slots=True)
class ServerStarted:
    """The banner of a server's start: what was before it belongs to an earlier server."""


@dataclass(frozen=True, slots=True)
class WorkerEvent:
    """Something that happened to one worker."""

    time: datetime
    worker: WorkerThread


class Launched(WorkerEvent):
    """A process for the worker is started."""


@dataclass(frozen=True, slots=True)
class HasPid(WorkerEvent):
    """The worker's process said its pid."""

    pid: int


@dataclass(frozen=True, slots=True)
class StateChanged(WorkerEvent):
    """The worker went from one state to another."""

    before: Phase | None
    """None for a worker that had none yet."""
    after: Phase


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The connection to a worker's process is gone; the line does not name the model."""

    time: datetime
    worker_id: str
    phase: Phase | None
    """When it went; `STARTED` means while it loaded the model."""


@dataclass(frozen=True, slots=True)
class Asked(WorkerEvent):
    """The worker was sent a request."""

    command: str
    """LOAD, PREDICT, STREAMPREDICT or DESCRIBE."""


@dataclass(frozen=True, slots=True)
class LoadFailed(WorkerEvent):
    """The model was not loaded."""

    error: str
    """"Worker died." whatever the reason, a time-out included."""


@dataclass(frozen=True, slots=True)
class Unanswered(WorkerEvent):
    """The worker gave no answer within the startup or response time-out, and is ended for that."""

    consecutive: int


class ProcessEnded(WorkerEvent):
    """The worker's process ended by itself, or somebody else ended it."""


@dataclass(frozen=True, slots=True)
class BackendError(WorkerEvent):
    """Why TorchServe gave an attempt up, such as "Failed start worker process"."""

    message: str


class RecoveryBegan(WorkerEvent):
    """The first death since the worker was last ready; the retries end some time after this."""


class RecoveryFailed(WorkerEvent):
    """Another death since then."""


class RecoverySucceeded(WorkerEvent):
    """The worker is ready again."""


@dataclass(frozen=True, slots=True)
class RetryDue(WorkerEvent):
    """A new process will be started."""

    seconds: int
    """From the line's time."""


class Removed(WorkerEvent):
    """The worker is gone: scaled down or unregistered."""


@dataclass(frozen=True, slots=True)
class VersionAdded:
    """A model version was registered; its workers come up later."""

    time: datetime
    model: str
    version: str


@dataclass(frozen=True, slots=True)
class VersionRemoved:
    """A model version is being unregistered; its workers end after this."""

    time: datetime
    model: str
    version: str


@dataclass(frozen=True, slots=True)
class ModelUnregistered:
    """The unregistration of a model has ended."""

    time: datetime
    model: str


LogEvent = (
    WorkerEvent | ServerStarted | Disconnected | VersionAdded | VersionRemoved | ModelUnregistered
)
