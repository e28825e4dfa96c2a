"""What an experiment found out, and the walkthrough's own figures to compare it with."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from msgspec import Struct

from tsmon.load.experiment.plan import Load, Protocol
from tsmon.telemetry.scrape import Counters
from tsmon.telemetry.traffic import Usage, usage_of

WALKTHROUGH_COUNTERS = {
    1: Counters(80.0, 7485497.346, 775792.99),
    4: Counters(80.0, 7065172.446, 69264.581),
}
"""What the walkthrough read after batches of 10, 10, 10 and 50, by its number of workers."""


class Measurement(Struct, frozen=True, kw_only=True):
    """One setting; times in milliseconds, None for what cannot be known."""

    workers: int
    batch_size: int
    max_batch_delay_ms: int
    sent: int
    """Requests measured, without those that warmed up."""
    answered: int
    errors: int
    foreign: int
    """Requests that the server counted meanwhile beyond those sent."""
    seconds: float
    """From the first request to the last answer of each batch, added up."""
    inference_ms: float | None
    """Δ ts_inference_latency_microseconds / Δ ts_inference_requests_total / 1000."""
    queue_ms: float | None
    """Δ ts_queue_latency_microseconds / Δ ts_inference_requests_total / 1000."""
    missing: str = ""
    """Why the two are not known."""
    backend_ms: float | None = None
    """Mean time from handing a request to its worker to the worker's answer, from the logs."""
    backend_scv: float | None = None
    """Squared coefficient of variation of these times; of batches, among those of one size."""
    alone_ms: float | None = None
    """Mean of these times for a batch of one, where the batch size is above 1."""
    more_ms: float | None = None
    """By how much each further request makes a batch longer."""
    largest_batch: int | None = None
    """The largest batch that there were enough of to measure."""
    p50_ms: float | None = None
    """Response times as the client saw them."""
    p95_ms: float | None = None
    p99_ms: float | None = None
    memory_bytes: int | None = None
    """Resident memory of all workers together, after the sending."""
    protocol: str = ""
    """Over which it was sent; empty where protocols were not compared, over HTTP."""
    predicted_queue_ms: float | None = None
    """What earlier measurements gave to expect at a rate; of a closed loop nothing is expected."""

    @property
    def throughput(self) -> float | None:
        """Answers per second; None without an answer."""
        return self.answered / self.seconds if self.answered and self.seconds > 0 else None

    @property
    def service_ms(self) -> float | None:
        """Mean time a worker had a request: from the logs, else inference without queue."""
        if self.backend_ms is not None:
            return self.backend_ms
        if self.inference_ms is None or self.queue_ms is None:
            return None
        return self.inference_ms - self.queue_ms


class Before(Struct, frozen=True, kw_only=True):
    """How the model was, and is again in the end."""

    workers: int
    min_workers: int
    max_workers: int
    batch_size: int
    max_batch_delay_ms: int
    url: str
    default_version: str


class ExperimentResult(Struct, frozen=True, kw_only=True):
    """An experiment, whole or as far as it came."""

    server: str
    """The management address without its scheme."""
    model: str
    version: str
    started: datetime
    load: Load
    warm_up: int
    seed: int
    before: Before
    measurements: tuple[Measurement, ...]
    complete: bool
    notes: tuple[str, ...] = ()
    """What makes the figures less than they seem."""


class MeasuredPoint(NamedTuple):
    """One point of the measured curve of a model."""

    workers: int
    service_ms: float
    throughput: float
    memory_bytes: int | None
    scv: float | None = None
    more_ms: float | None = None
    largest_batch: int | None = None


def measured_points(result: ExperimentResult) -> list[MeasuredPoint]:
    """The measurements that say something about the model as it is registered, over HTTP.

    Left out are those at another batch size or delay, with errors, or disturbed by others, and
    those with batches whose times are not known.
    """
    before = result.before
    registered = (before.batch_size, before.max_batch_delay_ms)
    return [
        point
        for each in result.measurements
        if (each.batch_size, each.max_batch_delay_ms) == registered
        and not (each.errors or each.foreign or each.protocol == Protocol.GRPC)
        and (point := _point(each)) is not None
    ]


def _point(each: Measurement) -> MeasuredPoint | None:
    service_ms = each.service_ms if each.batch_size == 1 else each.alone_ms
    if service_ms is None or each.throughput is None:
        return None
    return MeasuredPoint(
        each.workers,
        service_ms,
        each.throughput,
        each.memory_bytes,
        each.backend_scv,
        each.more_ms,
        each.largest_batch,
    )


def walkthrough_usage(load: Load, measurement: Measurement) -> Usage | None:
    """What the walkthrough measured at this setting; None where it did not."""
    if not load.is_walkthrough or measurement.batch_size != 1:
        return None
    counters = WALKTHROUGH_COUNTERS.get(measurement.workers)
    return usage_of(counters) if counters else None
