"""What the management API answers, as immutable records.

Fields have TorchServe's names in Python's notation and its units. Which fields there are depends
on the server's version; what an answer does not say is None, or empty where it is a text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from tsmon.torchserve.errors import NotTorchServe
from tsmon.torchserve.gpu import GpuUse, parse_gpu_usage
from tsmon.untrusted.text import one_line

Json = dict[str, Any]

JAVA_INT = 2**31 - 1
MAX_RETRY_S = 300
"""TorchServe's default of `maxRetryTimeoutInSec`: seconds of retries from the first death on."""
DEFAULT_TIMEOUT_S = 120
"""TorchServe's default of both time-outs."""
VersionKey = tuple[str, str]
"""The name and the version of a model."""
MOST_LISTED_WORKERS = 100_000
MOST_MEMORY = 2**60
"""Bytes; no process has an exbibyte."""
WORKER_SCRIPT = "model_service_worker.py"
"""Is on the command line of every worker's process."""


class RegisteredModel(Struct, frozen=True):
    """One line of the model list: a model's default version."""

    name: str
    url: str
    """The archive it was registered from."""
    problem: str = ""
    """Why the line cannot be read; its name then only says which line it is."""


class Worker(Struct, frozen=True):
    """One backend process as describe shows it."""

    id: str
    """The worker's port; the same id with another pid is a restart after a crash."""
    status: str
    """READY, or UNLOADING for everything else: loading, crashed, retrying, given up, stopping.

    Empty when the answer does not say it.
    """
    pid: int | None
    """None until the process is known."""
    memory_bytes: int | None
    """Resident memory; None until the server's first system-metric run (up to 60 s)."""
    start_time: str
    """When the worker was created, in the server's local time whatever its `Z` says."""
    gpu: bool | None = None
    gpu_use: GpuUse | None = None
    """Its GPU when it was described; None without one."""

    @property
    def ready(self) -> bool:
        """Whether the worker has loaded its model."""
        return self.status == "READY"


class JobQueue(Struct, frozen=True):
    """The queue of waiting requests of one model version."""

    pending: int
    remaining: int

    @property
    def capacity(self) -> int:
        """How many requests fit (`job_queue_size`)."""
        return self.pending + self.remaining


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One version of a model as describe shows it."""

    name: str
    version: str
    url: str = ""
    runtime: str = ""
    min_workers: int = 0
    """Every server says it; it is in `unread` where an answer does not."""
    max_workers: int | None = None
    batch_size: int | None = None
    max_batch_delay_ms: int | None = None
    response_timeout_s: int | None = None
    """Not in the answers of servers before 0.11, as `startup_timeout_s`."""
    startup_timeout_s: int | None = None
    device_type: str = ""
    workers: tuple[Worker, ...] = ()
    queue: JobQueue | None = None
    raw: Json = field(default_factory=dict, repr=False, compare=False)
    """The answer as it came, for `--json`."""
    unread: tuple[str, ...] = ()
    """TorchServe's names of fields whose values make no sense, or that no answer leaves out."""

    @property
    def ready_workers(self) -> int:
        """How many workers have loaded the model."""
        return sum(worker.ready for worker in self.workers)

    @property
    def startup_patience_s(self) -> int:
        """How long to wait for a worker: its time-out, or TorchServe's own where it is not said."""
        return DEFAULT_TIMEOUT_S if self.startup_timeout_s is None else self.startup_timeout_s

    @property
    def problem(self) -> str:
        """What of describe's answer cannot be read; empty where all of it can."""
        if not self.unread:
            return ""
        more = f" and {len(self.unread) - 3} more" if len(self.unread) > 3 else ""
        return f"{', '.join(self.unread[:3])}{more}: describe gave no usable value"


class ModelPage(Struct, frozen=True):
    """One page of the model list."""

    models: tuple[RegisteredModel, ...]
    next_token: str | None


class ApiDescription(Struct, frozen=True):
    """What `/api-description` says without a token."""

    version: str
    """The server's version."""
    paths: tuple[str, ...]
    """The paths this port serves, which identify its API."""


def parse_page(payload: object) -> ModelPage:
    """Read `GET /models`; an entry that cannot be read costs no other."""
    answer = _mapping(payload)
    entries = answer.get("models", [])
    if not isinstance(entries, list) or _is_strange(entries):
        raise NotTorchServe("the answer is not a TorchServe model list")
    token = answer.get("nextPageToken")
    models = tuple(_registered(number, entry) for number, entry in enumerate(entries, 1))
    return ModelPage(models, None if token is None else str(token))


def parse_versions(payload: object, name: str = "") -> tuple[ModelVersion, ...]:
    """Read `GET /models/{name}`, which is always a list; what cannot be read is in `unread`."""
    if not isinstance(payload, list) or _is_strange(payload):
        raise NotTorchServe("the answer is not the JSON list that TorchServe gives")
    versions = [_version(entry, name, number) for number, entry in enumerate(payload, 1)]
    return tuple({(each.name, each.version): each for each in reversed(versions)}.values())[::-1]


def parse_api_description(payload: object) -> ApiDescription:
    """Read `GET /api-description`."""
    answer = _mapping(payload)
    info, paths = answer.get("info"), answer.get("paths")
    if not isinstance(info, dict) or not isinstance(paths, dict):
        raise NotTorchServe("the answer is not a TorchServe API description")
    if "torchserve" not in str(info.get("title", "")).lower():
        raise NotTorchServe("something answers at that address, but it is not TorchServe")
    return ApiDescription(str(info.get("version", "")), tuple(map(str, paths)))


def parse_status(payload: object) -> str:
    """Read the sentence that answers a change, or the word that answers a ping."""
    answer = _mapping(payload)
    return str(answer.get("status") or answer.get("Status") or "")  # SageMaker's is capitalised


def parse_customized(payload: object) -> list[Any]:
    """Read what the handlers said about themselves, one entry for each version described."""
    return [entry.get("customizedMetadata") for entry in _mappings(payload)]


def _is_strange(entries: list[Any]) -> bool:
    """Whether not one of the entries is even an object."""
    return bool(entries) and not any(isinstance(entry, dict) for entry in entries)


def _registered(number: int, entry: object) -> RegisteredModel:
    name = entry.get("modelName") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(name, str) or not name:
        message = one_line(str(entry)[:200], 80)
        problem = f"entry {number} of the model list has no readable name: {message}"
        return RegisteredModel(f"(entry {number})", "", problem)
    url = entry.get("modelUrl")
    return RegisteredModel(name, url if isinstance(url, str) else "")


def _version(entry: object, name: str, number: int) -> ModelVersion:
    fields = _Fields(entry)
    workers = tuple(
        _worker(fields.under(f"workers[{number}].", worker))
        for number, worker in enumerate(fields.items("workers"))
    )
    queue = fields.raw.get("jobQueueStatus")
    return ModelVersion(
        name=fields.text("modelName", name, needed=True),
        version=fields.text("modelVersion", f"(entry {number})", needed=True),
        url=fields.text("modelUrl"),
        runtime=fields.text("runtime"),
        min_workers=fields.number("minWorkers", most=MOST_LISTED_WORKERS, needed=True) or 0,
        max_workers=fields.number("maxWorkers", most=MOST_LISTED_WORKERS),
        batch_size=fields.number("batchSize"),
        # The server's own slip: a registration by a JSON body without one makes it negative.
        max_batch_delay_ms=fields.number("maxBatchDelay", least=-JAVA_INT),
        response_timeout_s=fields.number("responseTimeout"),
        startup_timeout_s=fields.number("startupTimeout"),
        device_type=fields.text("deviceType"),
        workers=workers,
        queue=_queue(fields.under("jobQueueStatus.", queue)) if queue is not None else None,
        raw=fields.raw,
        unread=tuple(fields.unread),
    )


def _worker(fields: _Fields) -> Worker:
    pid = fields.number("pid", least=-1, most=JAVA_INT)
    gpu, usage = fields.raw.get("gpu"), fields.raw.get("gpuUsage")
    return Worker(
        id=fields.text("id"),
        status=fields.text("status", needed=bool(fields.raw)),
        pid=pid if pid and pid > 0 else None,
        memory_bytes=fields.number("memoryUsage", most=MOST_MEMORY) or None,
        start_time=fields.text("startTime"),
        gpu=gpu if isinstance(gpu, bool) else None,
        gpu_use=parse_gpu_usage(usage) if gpu is True and isinstance(usage, str) else None,
    )


def _queue(fields: _Fields) -> JobQueue | None:
    pending, remaining = fields.number("pendingRequests"), fields.number("remainingCapacity")
    return None if pending is None or remaining is None else JobQueue(pending, remaining)


class _Fields:
    """The fields of one JSON object; those whose values make no sense are noted."""

    def __init__(self, entry: object, path: str = "", unread: list[str] | None = None) -> None:
        self.raw: Json = entry if isinstance(entry, dict) else {}
        self.unread: list[str] = [] if unread is None else unread
        self._path = path
        if not isinstance(entry, dict):
            self._note("the whole entry" if not path else "")

    def under(self, path: str, entry: object) -> _Fields:
        """Those of an object within this one."""
        return _Fields(entry, self._path + path, self.unread)

    def text(self, name: str, default: str = "", *, needed: bool = False) -> str:
        value = self.raw.get(name)
        if isinstance(value, str) and (value or not needed):
            return value
        if needed or value is not None:
            self._note(name)
        return default

    def number(
        self, name: str, *, least: int = 0, most: int = JAVA_INT, needed: bool = False
    ) -> int | None:
        """An integer within its range; None, which is noted unless it was merely left out."""
        value = self.raw.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        if needed or name in self.raw:  # null stands for numbers that are none, such as NaN
            self._note(name)
        return None

    def items(self, name: str) -> list[Any]:
        value = self.raw.get(name)
        if isinstance(value, list):
            return value
        self._note(name)
        return []

    def _note(self, name: str) -> None:
        self.unread.append(f"{self._path}{name}".removesuffix("."))


def _mapping(payload: object) -> Json:
    if not isinstance(payload, dict):
        raise NotTorchServe("the answer is not the JSON object that TorchServe gives")
    return payload


def _mappings(payload: object) -> list[Json]:
    if not isinstance(payload, list) or not all(isinstance(entry, dict) for entry in payload):
        raise NotTorchServe("the answer is not the JSON list that TorchServe gives")
    return payload
