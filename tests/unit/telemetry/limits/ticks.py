"""Snapshots of one model, as limits look at them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tsmon.conditions import parse_condition
from tsmon.telemetry.health.verdicts import ModelHealth, ModelVerdict, WorkerHealth, WorkerVerdict
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.limits.limit import Limit
from tsmon.telemetry.logs.request_report import RequestReport
from tsmon.telemetry.snapshot import (
    ModelStatus,
    ServerState,
    ServerStatus,
    Snapshot,
    WorkerStatus,
)
from tsmon.telemetry.traffic import Missing, Traffic, UsageOrMissing
from tsmon.torchserve.records import JobQueue, ModelVersion, Worker

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def at(seconds: float) -> Instant:
    return Instant(1000.0 + seconds, NOON + timedelta(seconds=seconds))


def limit(when: str, *, clear_s: float | None = None, model: str = "", name: str = "a") -> Limit:
    condition = parse_condition(when)
    return Limit(name, condition, condition.for_s if clear_s is None else clear_s, model)


def model(
    queued: int | None = None,
    *,
    name: str = "mnist",
    usage: UsageOrMissing = Missing.NO_COUNTERS,
    requests: RequestReport | None = None,
    restarts: tuple[int, ...] = (0,),
    memory: int | None = None,
) -> ModelStatus:
    """A version that so many requests wait for; None is not known."""
    queue = None if queued is None else JobQueue(queued, 1000)
    workers = tuple(
        WorkerStatus(
            Worker(str(9000 + number), "READY", 412, memory, ""),
            WorkerVerdict(WorkerHealth.READY, "ready", restarts=times),
        )
        for number, times in enumerate(restarts)
    )
    return ModelStatus(
        ModelVersion(name, "1.0", queue=queue, batch_size=1, min_workers=len(restarts)),
        True,
        Traffic(usage, usage, usage, usage),
        workers,
        ModelVerdict(ModelHealth.READY, "all ready"),
        requests=requests,
    )


def tick(seconds: float, *models: ModelStatus, state: ServerState = ServerState.UP) -> Snapshot:
    return Snapshot(
        at(seconds), ServerStatus("host", state, last_answer=at(seconds)), models=models
    )
