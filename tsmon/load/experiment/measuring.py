"""A setting's measurement, of what was sent, counted and logged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tsmon.load.capacity.batching import batch_times
from tsmon.load.experiment.result import Measurement
from tsmon.load.experiment.subject import given
from tsmon.load.run.report import Latency, RunReport
from tsmon.units import known

if TYPE_CHECKING:
    from tsmon.load.readings import Cost
    from tsmon.torchserve.records import ModelVersion


def measurement_of(
    now: ModelVersion,
    reports: list[RunReport],
    ordered_us: list[int],
    cost: Cost,
    memory_bytes: int | None,
) -> Measurement:
    """Put it together; `ordered_us` are the response times in ascending order."""
    latency = Latency.of(ordered_us)
    sent = sum(report.sent for report in reports)
    usage = cost.usage
    batch_size = given(now.batch_size, "batchSize")
    batched = batch_times(cost.batches, cost.backend) if batch_size > 1 else None
    return Measurement(
        workers=len(now.workers),
        batch_size=batch_size,
        max_batch_delay_ms=given(now.max_batch_delay_ms, "maxBatchDelay"),
        sent=sent,
        answered=sum(report.answered for report in reports),
        errors=sum(report.failed for report in reports),
        foreign=max(0, round(usage.arrived) - sent) if usage else 0,
        seconds=sum(report.seconds for report in reports),
        inference_ms=known(usage.inference_ms) if usage else None,
        queue_ms=known(usage.queue_ms) if usage else None,
        missing=cost.missing,
        backend_ms=cost.backend.mean if cost.backend.count else None,
        backend_scv=batched.scv if batched else _scv(now, cost),
        alone_ms=batched.alone_ms if batched else None,
        more_ms=batched.more_ms if batched else None,
        largest_batch=batched.largest if batched else None,
        p50_ms=latency.p50 if latency else None,
        p95_ms=latency.p95 if latency else None,
        p99_ms=latency.p99 if latency else None,
        memory_bytes=memory_bytes,
    )


def _scv(now: ModelVersion, cost: Cost) -> float | None:
    """The variability of the backend times; of batches it is none among those of one size."""
    return cost.backend.scv if cost.backend.count and now.batch_size == 1 else None
