"""What the management API answers, as immutable records.

Fields have TorchServe's names in Python's spelling and its units. A field the server left out
takes the default given here, so answers of other versions are still read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tsmon.torchserve.errors import NotTorchServe

Json = dict[str, Any]

WORKER_SCRIPT = "model_service_worker.py"
"""Is on the command line of every worker's process."""


@dataclass(frozen=True, slots=True)
class RegisteredModel:
    """One line of the model list: a model's default version."""

    name: str
    url: str
    """The archive it was registered from."""


@dataclass(frozen=True, slots=True)
class Worker:
    """One backend process as describe shows it."""

    id: str
    """The worker's port; the same id with another pid is a restart after a crash."""
    status: str
    """READY, or UNLOADING for everything else: loading, crashed, retrying, given up, stopping."""
    pid: int | None
    """None until the process is known."""
    memory_bytes: int | None
    """Resident memory; None until the server's first system-metric run (up to 60 s)."""
    start_time: str
    """When the worker was created, in the server's local time whatever its `Z` says."""
    gpu: bool = False
    gpu_usage: str = ""

    @property
    def ready(self) -> bool:
        """Whether the worker has loaded its model."""
        return self.status == "READY"


@dataclass(frozen=True, slots=True)
class JobQueue:
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
    max_workers: int = 0
    batch_size: int = 1
    max_batch_delay_ms: int = 0
    response_timeout_s: int = 0
    startup_timeout_s: int = 0
    device_type: str = ""
    workers: tuple[Worker, ...] = ()
    queue: JobQueue | None = None
    raw: Json = field(default_factory=dict, repr=False, compare=False)
    """The answer as it came, for `--json`."""

    @property
    def ready_workers(self) -> int:
        """How many workers have loaded the model."""
        return sum(worker.ready for worker in self.workers)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the model list."""

    models: tuple[RegisteredModel, ...]
    next_token: str | None


@dataclass(frozen=True, slots=True)
class ApiDescription:
    """What `/api-description` tells without a token."""

    version: str
    """The server's version."""
    paths: tuple[str, ...]
    """The paths this port serves, which tells its API."""


def parse_page(payload: object) -> Page:
    """Read `GET /models`."""
    answer = _mapping(payload)
    models = tuple(
        RegisteredModel(str(entry.get("modelName", "")), str(entry.get("modelUrl", "")))
        for entry in _mappings(answer.get("models", []))
    )
    token = answer.get("nextPageToken")
    return Page(models, None if token is None else str(token))


def parse_versions(payload: object) -> tuple[ModelVersion, ...]:
    """Read `GET /models/{name}`, which is always a list."""
    return tuple(_version(entry) for entry in _mappings(payload))


def parse_api_description(payload: object) -> ApiDescription:
    """Read `GET /api-description`."""
    answer = _mapping(payload)
    info, paths = answer.get("info"), answer.get("paths")
    if not isinstance(info, dict) or not isinstance(paths, dict):
        raise NotTorchServe("the answer is no TorchServe API description")
    if "torchserve" not in str(info.get("title", "")).lower():
        raise NotTorchServe("the address answers, but it is no TorchServe")
    return ApiDescription(str(info.get("version", "")), tuple(map(str, paths)))


def parse_status(payload: object) -> str:
    """Read the sentence that answers a change, or the word that answers a ping."""
    answer = _mapping(payload)
    return str(answer.get("status") or answer.get("Status") or "")  # SageMaker's is capitalised


def parse_customized(payload: object) -> list[Any]:
    """Read what the handlers told of themselves, one entry for each version described."""
    return [entry.get("customizedMetadata") for entry in _mappings(payload)]


def _version(entry: Json) -> ModelVersion:
    queue = entry.get("jobQueueStatus")
    return ModelVersion(
        name=str(entry.get("modelName", "")),
        version=str(entry.get("modelVersion", "")),
        url=str(entry.get("modelUrl", "")),
        runtime=str(entry.get("runtime", "")),
        min_workers=_int(entry, "minWorkers"),
        max_workers=_int(entry, "maxWorkers"),
        batch_size=_int(entry, "batchSize", 1),
        max_batch_delay_ms=_int(entry, "maxBatchDelay"),
        response_timeout_s=_int(entry, "responseTimeout"),
        startup_timeout_s=_int(entry, "startupTimeout"),
        device_type=str(entry.get("deviceType", "")),
        workers=tuple(_worker(worker) for worker in _mappings(entry.get("workers", []))),
        queue=_queue(queue) if isinstance(queue, dict) else None,
        raw=entry,
    )


def _worker(entry: Json) -> Worker:
    return Worker(
        id=str(entry.get("id", "")),
        status=str(entry.get("status", "")),
        pid=_known(_int(entry, "pid", -1), lambda pid: pid > 0),
        memory_bytes=_known(_int(entry, "memoryUsage"), lambda size: size > 0),
        start_time=str(entry.get("startTime", "")),
        gpu=bool(entry.get("gpu", False)),
        gpu_usage=str(entry.get("gpuUsage", "")),
    )


def _queue(entry: Json) -> JobQueue:
    return JobQueue(_int(entry, "pendingRequests"), _int(entry, "remainingCapacity"))


def _known(value: int, is_known: Callable[[int], bool]) -> int | None:
    return value if is_known(value) else None


def _int(entry: Json, key: str, default: int = 0) -> int:
    value = entry.get(key, default)
    return value if isinstance(value, int) else default


def _mapping(payload: object) -> Json:
    if not isinstance(payload, dict):
        raise NotTorchServe("the answer is no JSON object as TorchServe gives it")
    return payload


def _mappings(payload: object) -> list[Json]:
    if not isinstance(payload, list) or not all(isinstance(entry, dict) for entry in payload):
        raise NotTorchServe("the answer is no JSON list as TorchServe gives it")
    return payload
