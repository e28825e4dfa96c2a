"""What a tick of the monitor found, as one immutable value that views only render."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct, field
from msgspec.structs import force_setattr

from tsmon.telemetry.health.verdicts import (
    ModelHealth,
    ModelVerdict,
    WorkerVerdict,
)
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.limits.limit import LimitStatus
from tsmon.telemetry.logs.causes import Cause
from tsmon.telemetry.logs.request_report import RequestPhase, RequestReport
from tsmon.telemetry.scrape import MetricsMode
from tsmon.telemetry.series.watched import WatchedSeries
from tsmon.telemetry.traffic import Traffic
from tsmon.torchserve.errors import TorchServeError
from tsmon.torchserve.gpu import GpuUse
from tsmon.torchserve.records import ModelVersion, Worker
from tsmon.torchserve.tokens import KeyKind
from tsmon.units import known

if TYPE_CHECKING:
    from tsmon.telemetry.logs.percentiles import Percentiles


class ServerState(StrEnum):
    """How the server answers."""

    CONNECTING = "connecting"
    """No answer was waited for yet."""
    UP = "up"
    TOKEN_REFUSED = "token refused"
    SLOW = "not answering"
    """It accepts connections but answers too late."""
    STALE = "stale"
    """The last good answer is too old to be the state, and not even an error came since."""
    AWAY = "away"
    """Nothing listens there."""
    FAILING = "answering with errors"
    STRANGE = "no TorchServe"
    """Something else answers there."""


class ProcessUsage(Struct, frozen=True):
    """What this machine's process table says of a worker, where the server is local."""

    memory_bytes: int
    cpu_percent: float
    """Of one core, since the tick before."""
    started: float
    """Unix time."""
    cpu_seconds: float | None = None
    """Since then; None once it has ended, and in a recording."""

    @property
    def ended(self) -> bool:
        """Whether it is a worker's process that is there no more, or as a zombie at most."""
        return self.memory_bytes == 0  # which no living process has


class WorkerStatus(Struct, frozen=True):
    """One worker at one tick."""

    worker: Worker
    verdict: WorkerVerdict
    process: ProcessUsage | None = None
    gpu: GpuUse | None = None
    """Its GPU; None without one, and where describe does not say which."""

    @property
    def memory_bytes(self) -> int | None:
        """Resident memory: this machine's own reading, else TorchServe's, up to 60 s old."""
        if self.process is None:
            return self.worker.memory_bytes
        return None if self.process.ended else self.process.memory_bytes

    @property
    def ready(self) -> bool:
        """Whether it can answer: READY may mean a process that is gone, or that still loads."""
        return self.worker.ready and self.verdict.is_serving


class ModelKey(NamedTuple):
    """One version of a model."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}" if self.version else self.name


class Gone(StrEnum):
    """Why a version is shown that the server does not list."""

    FORGOTTEN = "the server restarted without it"
    UNREGISTERED = "unregistered; its counters remain until the server restarts"


class ModelStatus(Struct, frozen=True):
    """One version of a model at one tick."""

    described: ModelVersion
    is_default: bool
    traffic: Traffic
    workers: tuple[WorkerStatus, ...]
    verdict: ModelVerdict
    requests: RequestReport | None = None
    """What the log files say of its requests, where they can be read."""
    cause: Cause | None = None
    """Why its worker died or its requests failed the last time, where the log files show it."""
    problem: str = ""
    """What of it could not be read, and why; empty where all of it could."""
    gone: Gone | None = None
    """Why it is shown although it is not registered; None when it is."""
    limits: tuple[LimitStatus, ...] = ()
    """How it stands to each limit that is about it."""
    key: ModelKey = ModelKey("", "")
    """What identifies it from tick to tick; that of `described`, whatever is given."""

    def __post_init__(self) -> None:
        # Asked for several times at each tick, of each of thousands of models.
        key = ModelKey(self.described.name, self.described.version)
        force_setattr(self, "key", key)

    @property
    def exceeded(self) -> tuple[LimitStatus, ...]:
        """The limits that are exceeded."""
        return tuple(status for status in self.limits if status.exceeded)

    @property
    def evidence(self) -> str:
        """Why it is as it is: what its verdict rests on, why it is gone, or the limits exceeded."""
        if self.gone:
            return str(self.gone)
        is_well = self.verdict.health in (ModelHealth.READY, ModelHealth.UNKNOWN)
        limits = "; ".join(map(str, self.exceeded)) if is_well else ""
        return limits or self.verdict.evidence

    @property
    def workers_known(self) -> bool:
        """Whether the server says now which workers it has."""
        return self.verdict.health not in (ModelHealth.UNKNOWN, ModelHealth.UNREAD)

    @property
    def ready(self) -> int:
        """How many workers are ready."""
        return sum(worker.ready for worker in self.workers)

    @property
    def wanted(self) -> int:
        """How many workers it should have (`minWorkers`)."""
        return self.described.min_workers

    @property
    def pending(self) -> int | None:
        """Requests in its queue."""
        queue = self.described.queue
        return queue.pending if queue and self.workers_known and not self.gone else None

    @property
    def worker_memory(self) -> list[int]:
        """Bytes of each worker whose memory is known."""
        sizes = (worker.memory_bytes for worker in self.workers)
        return [size for size in sizes if size is not None]

    @property
    def memory_bytes(self) -> int | None:
        """Of all workers whose memory is known, together."""
        return sum(sizes) if (sizes := self.worker_memory) else None

    def percentiles(self, part: RequestPhase) -> Percentiles | None:
        """Of the requests of the last minute, where the log files show them."""
        return self.requests.minute.get(part) if self.requests else None


class ServerStatus(Struct, frozen=True):
    """The server at one tick."""

    label: str
    """What a person calls it: the management address."""
    state: ServerState = ServerState.CONNECTING
    problem: TorchServeError | None = None
    """Why it is not up; its `hint` is the way out."""
    version: str = ""
    model_api: bool | None = None
    """Whether models can be registered; None while unknown."""
    last_answer: Instant | None = None
    """When the model list was last read."""
    lives: int = 0
    """Restarts seen."""


class MetricsStatus(Struct, frozen=True):
    """The metrics endpoint at one tick."""

    mode: MetricsMode | None = None
    problem: TorchServeError | None = None
    last_scrape: Instant | None = None
    logged: bool = False
    """The counters come from log files, since the endpoint publishes none."""
    log_folder: Path | None = None
    """Where the server's log files are, if they can be read."""
    log_problem: str = ""
    """Why log files that there should be cannot be read."""
    lost_lines: int = 0
    """Lines of the last scrape that could not be read."""

    @property
    def reads_logs(self) -> bool:
        """Whether what the log files do not show did not happen."""
        return self.log_folder is not None and not self.log_problem


class Snapshot(Struct, frozen=True):
    """Everything one tick found out."""

    at: Instant
    server: ServerStatus
    metrics: MetricsStatus = MetricsStatus()
    models: tuple[ModelStatus, ...] = ()
    """By name, then version."""
    series: tuple[WatchedSeries, ...] = ()
    """The series that are pinned or have a limit."""
    next_poll_s: float = 1.0
    """Seconds until the next tick; grows while the server is away."""
    token_ends: Mapping[KeyKind, datetime] = field(default_factory=dict)
    """When the tokens of the key file end; without those that never do."""
    not_recorded: str = ""
    """Why a recording that was asked for does not get this; it may be in none either."""

    @property
    def stale(self) -> bool:
        """Whether the models shown are from an earlier tick."""
        return self.server.state is not ServerState.UP

    @property
    def per_second(self) -> float | None:
        """Requests per second of all models together; None where none is known."""
        rates = [
            known(model.traffic.interval.per_second) for model in self.models if not model.gone
        ]
        message = [rate for rate in rates if rate is not None]
        return sum(message) if message else None

    def errors_per_second(self, model: ModelStatus) -> float | None:
        """Requests that failed since the tick before; None where the log files do not show."""
        if self.stale or model.gone:
            return None
        if model.requests is None:  # no request ended in the last five minutes, if logs are read
            return 0.0 if self.metrics.reads_logs else None
        return model.requests.errors_per_second

    def model(self, key: ModelKey) -> ModelStatus | None:
        """The status of one version, None when it is not there."""
        return next((model for model in self.models if model.key == key), None)
