"""The fake's registered models and their workers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.fake.archives import Archive, Loading
from tsmon.telemetry.instant import Instant

UNKNOWN_PID = -1


def _now() -> datetime:
    """This machine's time, by the clock that pictures stop."""
    return Instant.now().wall.astimezone().replace(tzinfo=None)


@dataclass(slots=True)
class Worker:
    """One worker; `next_pid` gives a process id nobody had."""

    port: int
    loading: Loading
    next_pid: Callable[[], int]
    pid: int = UNKNOWN_PID
    ready: bool = False
    made: datetime = field(default_factory=_now)
    """In this machine's time, whatever the `Z` behind it says."""
    processes: int = 0
    """How many it has had while loading."""
    gpu_usage: str = ""
    """What describe says of its GPU; empty without one."""

    def __post_init__(self) -> None:
        if self.loading is Loading.AT_ONCE:
            self.become_ready()

    def become_ready(self) -> None:
        """Load the model, in a process of its own."""
        self.pid = self.next_pid()
        self.ready = True

    def step(self) -> None:
        """What happens between two looks at the worker."""
        if self.ready or self.loading not in {Loading.DIES, Loading.DIES_ONCE}:
            return
        if self.loading is Loading.DIES or self.processes < 2:
            self.pid = self.next_pid()
            self.processes += 1
        else:
            self.ready = True

    def describe(self) -> dict[str, Any]:
        return {
            "id": str(self.port),
            "startTime": f"{self.made.isoformat(timespec='milliseconds')}Z",
            "status": "READY" if self.ready else "UNLOADING",
            "memoryUsage": 0,
            "pid": self.pid,
            "gpu": bool(self.gpu_usage),
            "gpuUsage": self.gpu_usage or "N/A",
        }


@dataclass(slots=True)
class Version:
    """One registered version of a model."""

    name: str
    url: str
    archive: Archive
    queue_size: int
    settings: dict[str, int] = field(default_factory=dict)
    min_workers: int = 0
    max_workers: int = 0
    workers: list[Worker] = field(default_factory=list)
    queued: int = 0
    """Requests that a test says are waiting, besides those that really are."""
    in_flight: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def ready(self) -> int:
        return sum(worker.ready for worker in self.workers)

    @property
    def pending(self) -> int:
        """Requests in the queue: a request that a ready worker has is no longer there."""
        return self.queued + max(0, self.in_flight - self.ready)

    def describe(self, *, at_startup: bool) -> dict[str, Any]:
        """As describe shows it; its workers then go one step further."""
        entry = {
            "modelName": self.name,
            "modelVersion": self.archive.version,
            "modelUrl": self.url,
            "runtime": "python",
            "minWorkers": self.min_workers,
            "maxWorkers": self.max_workers,
            "batchSize": self.settings.get("batch_size", 1),
            "maxBatchDelay": self.settings.get("max_batch_delay", 100),
            "responseTimeout": self.settings.get("response_timeout", 120),
            "startupTimeout": self.settings.get("startup_timeout", 120),
            "maxRetryTimeoutInSec": 300,
            "clientTimeoutInMills": 0,
            "parallelType": "",
            "parallelLevel": 0,
            "deviceType": "cpu",
            "continuousBatching": False,
            "useJobTicket": False,
            "useVenv": False,
            "stateful": False,
            "sequenceMaxIdleMSec": 0,
            "sequenceTimeoutMSec": 0,
            "maxNumSequence": 0,
            "maxSequenceJobQueueSize": 0,
            "loadedAtStartup": at_startup,
            "workers": [worker.describe() for worker in self.workers],
            "jobQueueStatus": {
                "remainingCapacity": max(0, self.queue_size - self.pending),
                "pendingRequests": self.pending,
            },
        }
        for worker in self.workers:
            worker.step()
        return entry


@dataclass(slots=True)
class Model:
    """A name and its versions; the first one registered is the default until another is made it."""

    name: str
    default: str
    at_startup: bool = False
    versions: dict[str, Version] = field(default_factory=dict)
