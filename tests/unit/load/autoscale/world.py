"""A model whose requests take a fixed time, as the ticks of a monitor would show it."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Mapping
from functools import reduce
from pathlib import Path

from msgspec.structs import replace

from tests.unit.telemetry.health.worlds import at
from tsmon.telemetry.health.verdicts import (
    ModelHealth,
    ModelVerdict,
    WorkerHealth,
    WorkerVerdict,
)
from tsmon.telemetry.logs.duration_stats import DurationStats
from tsmon.telemetry.logs.percentiles import Percentiles
from tsmon.telemetry.logs.request_report import (
    LastReading,
    RequestPhase,
    RequestReport,
    WorkerShare,
)
from tsmon.telemetry.snapshot import (
    MetricsStatus,
    ModelKey,
    ModelStatus,
    ServerState,
    ServerStatus,
    Snapshot,
    WorkerStatus,
)
from tsmon.telemetry.traffic import Traffic, Usage
from tsmon.torchserve.records import JobQueue, ModelVersion, Worker

KEY = ModelKey("steady", "1.0")
MINUTE = 60
FLOOR_MS = 0.2
READS_LOGS = MetricsStatus(log_folder=Path("logs"))
UP = ServerStatus("x", ServerState.UP)


class World:
    """Requests at random times, a queue, and workers that take one at a time; a tick a second."""

    def __init__(self, seed: int, service_ms: float = 50.0, workers: int = 1) -> None:
        self.workers = workers
        self.second = 0
        self._random = random.Random(seed)
        self._service_ms = service_ms
        self._backlog = 0
        self._minute: deque[Usage] = deque(maxlen=MINUTE)

    def tick(
        self, rate: float, statuses: Mapping[int, int] | None = None, pending: int = 0
    ) -> Snapshot:
        """The next second, in which so many requests arrive on average.

        `statuses` are those of the last minute, and `pending` how many wait now.
        """
        self.second += 1
        arrived = sum(self._random.random() < rate / 1000 for _ in range(1000))
        capacity = int(self.workers * 1000 / self._service_ms)
        answered = min(self._backlog + arrived, capacity)
        wait_ms = FLOOR_MS + 1000 * self._backlog / capacity
        self._backlog += arrived - answered
        inference_us = answered * (self._service_ms + wait_ms) * 1000
        usage = Usage(1.0, arrived, answered, inference_us, answered * wait_ms * 1000)
        self._minute.append(usage)
        window = reduce(Usage.__add__, self._minute)
        window = replace(window, seconds=float(len(self._minute)))
        last = LastReading(
            1.0,
            answered,
            0,
            {RequestPhase.QUEUE: _same(answered, wait_ms)} if answered else {},
            {"9000": WorkerShare(answered, answered * self._service_ms)},
        )
        requests = int(window.counted)
        report = RequestReport(
            {RequestPhase.QUEUE: _same(requests, wait_ms)} if requests else {},
            {},
            {},
            DurationStats.of([self._service_ms] * requests) if requests else None,
            last=last,
            minute_statuses=statuses or {200: requests},
        )
        traffic = Traffic(usage, window, window, window)
        return snapshot(self.second, status(self.workers, traffic, report, pending))


def status(
    workers: int, traffic: Traffic, report: RequestReport | None = None, pending: int = 0
) -> ModelStatus:
    """The model with so many ready workers."""
    those = tuple(
        WorkerStatus(
            Worker(str(9000 + n), "READY", 100 + n, 10**8, ""),
            WorkerVerdict(WorkerHealth.READY, ""),
        )
        for n in range(workers)
    )
    described = ModelVersion(
        *KEY,
        min_workers=workers,
        max_workers=workers,
        batch_size=1,
        max_batch_delay_ms=100,
        workers=tuple(each.worker for each in those),
        queue=JobQueue(pending, 100 - pending),
    )
    return ModelStatus(described, True, traffic, those, ModelVerdict(ModelHealth.READY, ""), report)


def snapshot(second: float, *models: ModelStatus, metrics: MetricsStatus = READS_LOGS) -> Snapshot:
    """A tick at that second."""
    return Snapshot(at(second), UP, metrics, models)


def _same(count: int, time_ms: float) -> Percentiles:
    return Percentiles(count, time_ms, time_ms, time_ms, time_ms)
