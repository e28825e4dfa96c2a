"""What the monitor knows of a model's traffic, as the advice needs it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from tsmon.load.capacity.batching import ONE_BY_ONE, BatchRule, BatchTimes, batch_times
from tsmon.load.capacity.curve import ServicePoint
from tsmon.load.capacity.queueing import erlang_c
from tsmon.load.capacity.service_time import fitted
from tsmon.telemetry.logs.request_report import Profile, RequestPhase
from tsmon.telemetry.traffic import WINDOW_S, Missing, Usage, UsageOrMissing
from tsmon.units import known, plural

if TYPE_CHECKING:
    from tsmon.telemetry.logs.earlier_requests import EarlierRequests
    from tsmon.telemetry.snapshot import ModelKey, ModelStatus, Snapshot

LEAST_INTERVALS = 20
"""Fewer say nothing of how arrivals scatter."""
LEAST_ARRIVALS = 50.0
MOSTLY_IDLE = 0.4
"""Where fewer than this share of the requests wait, the median of the queue time is its floor."""
MOSTLY_WAITING = 0.25
"""A worker that uses less than this of a core while it is busy waits for something else."""


class Machine(Struct, frozen=True):
    """The machine of a local server."""

    cores: int
    threads: int | None = None
    """Torch threads of a worker; None where it takes as many as there are cores."""


class Arrivals(Struct, frozen=True):
    """How arrivals scatter over intervals."""

    intervals: int
    dispersion: float
    """Index of dispersion: variance / mean of the arrivals per interval; 1 when they are random."""

    @property
    def bursty(self) -> bool:
        """Whether chance alone does not make them scatter so: three standard errors above 1."""
        return self.dispersion > 1 + 3 * math.sqrt(2 / (self.intervals - 1))


class Situation(Struct, frozen=True, kw_only=True):
    """A version of a model, its traffic of late and its machine."""

    key: ModelKey
    workers: int
    """Ready ones."""
    batches: BatchRule = ONE_BY_ONE
    rate: float | None = None
    """Requests per second seen; None while that is unknown."""
    why_no_rate: str = ""
    answered: float = 0.0
    """Requests that the times rest on."""
    queue_ms: float | None = None
    """Measured, per request."""
    service: ServicePoint | None = None
    """With the present workers; None while nothing was answered."""
    worker_ms: float | None = None
    """What a request takes of a worker: the service time, of a batch its share."""
    from_logs: bool = False
    """The service time is that of the log files and not only inference - queue."""
    floor_ms: float | None = None
    """Queue time of a request for which a worker is free: TorchServe's own work."""
    earlier: str = ""
    """Which requests of before the times rest on, in words; empty where they are those seen."""
    failed: float = 0.0
    """Share of the requests that the log files show to have failed, 0 to 1."""
    arrivals: Arrivals | None = None
    """None where too few intervals were seen."""
    workers_changed: bool = False
    """While this was measured."""
    cores: int | None = None
    """Of the server's machine; None where that is another one."""
    demand: float = 1.0
    """Cores that a busy worker wants."""
    waits_elsewhere: bool = False
    """A busy worker mostly waits for something other than a core, so that its threads count not."""

    @property
    def arrivals_scv(self) -> float:
        """Variability of the times between arrivals: 1, that of random ones, unless they burst.

        For independent times the index of dispersion of the counts comes to the same.
        """
        bursts = self.arrivals is not None and self.arrivals.bursty
        return self.arrivals.dispersion if bursts and self.arrivals else 1.0


def situation_of(
    snapshots: Sequence[Snapshot], key: ModelKey, machine: Machine | None
) -> Situation | None:
    """What successive snapshots show; None where the last one has no such version.

    Looks at the last minute, or at five of them where the snapshots cover more than one. Where no
    request was seen, the times are those since the server's start.
    """
    status = snapshots[-1].model(key) if snapshots else None
    if status is None:
        return None
    long = snapshots[-1].at.since(snapshots[0].at) > WINDOW_S
    seen = [found for snapshot in snapshots if (found := snapshot.model(key)) is not None]
    reading = status.traffic.long_window if long else status.traffic.window
    usage = reading if isinstance(reading, Usage) else None
    service, worker_ms, from_logs = _service(status, usage, long=long)
    busy = (usage.per_second or 0.0) * worker_ms / 1000 if usage and worker_ms else 0.0
    share = _cpu_share(seen, busy)
    waits = share is not None and share < MOSTLY_WAITING
    demand = machine.threads or machine.cores if machine else 1
    situation = Situation(
        key=key,
        workers=status.ready,
        batches=_batches(status),
        rate=usage.per_second if usage and usage.arrived else None,
        why_no_rate=_why_no_rate(reading),
        answered=usage.counted if usage else 0.0,
        queue_ms=known(usage.queue_ms) if usage else None,
        service=service,
        worker_ms=worker_ms,
        from_logs=from_logs,
        floor_ms=_floor(status, busy, long=long) if service else None,
        failed=_failed(status),
        arrivals=arrivals_of([each.traffic.interval for each in seen]),
        workers_changed=len({each.ready for each in seen}) > 1,
        cores=machine.cores if machine else None,
        demand=share if waits and share is not None else demand,
        waits_elsewhere=waits,
    )
    return _since_start(situation, status)


def with_earlier(situation: Situation, earlier: EarlierRequests | None) -> Situation:
    """It by the requests that the log has of before, where none was seen."""
    is_seen = situation.answered and not situation.earlier
    if is_seen or earlier is None or not situation.workers:
        return situation
    backend, rate = earlier.backend, earlier.per_second
    memory = situation.service.memory_bytes if situation.service else None
    return replace(
        situation,
        rate=rate if situation.rate is None else situation.rate,
        answered=float(backend.count),
        queue_ms=earlier.queue_ms,
        service=ServicePoint(situation.workers, backend.mean, backend.scv, memory, rate),
        worker_ms=backend.mean,
        from_logs=True,
        earlier=f"the {plural(backend.count, 'request')} until {earlier.until:%H:%M:%S} in ts_log",
    )


def _since_start(situation: Situation, status: ModelStatus) -> Situation:
    """It by the counters since the server's start, where no request was seen."""
    usage = status.traffic.since_start
    if situation.answered or not isinstance(usage, Usage) or not usage.counted:
        return situation
    service, worker_ms, from_logs = _service(status, usage, long=False)
    if service is None:
        return situation
    return replace(
        situation,
        answered=usage.counted,
        service=service,
        worker_ms=worker_ms,
        from_logs=from_logs,
        earlier=f"the {plural(round(usage.counted), 'request')} since the server's start",
    )


def arrivals_of(intervals: Sequence[UsageOrMissing]) -> Arrivals | None:
    """How the arrivals of intervals scatter, which may be of somewhat different length.

    A tick that came soon after another has the same interval as that one.
    """
    once = {id(each): each for each in intervals}.values()
    usages = [each for each in once if isinstance(each, Usage) and each.seconds > 0]
    total = sum(each.arrived for each in usages)
    if len(usages) < LEAST_INTERVALS or total < LEAST_ARRIVALS:
        return None
    rate = total / sum(each.seconds for each in usages)
    scatter = sum(
        (each.arrived - rate * each.seconds) ** 2 / (rate * each.seconds) for each in usages
    )
    return Arrivals(len(usages), scatter / (len(usages) - 1))


def _why_no_rate(reading: UsageOrMissing) -> str:
    if isinstance(reading, Missing):
        return reading.value
    return "" if reading.arrived else Missing.NO_TRAFFIC.value


def _service(
    status: ModelStatus, usage: Usage | None, *, long: bool
) -> tuple[ServicePoint | None, float | None, bool]:
    """The service time, what a request takes of a worker, and whether they are from the logs."""
    if usage is None or not status.ready:
        return None, None, False
    inference_ms, queue_ms = usage.inference_ms, usage.queue_ms
    if isinstance(inference_ms, Missing) or isinstance(queue_ms, Missing):
        return None, None, False
    logged = _backend(status, inference_ms - queue_ms, long=long)
    mean_ms, scv = logged or (inference_ms - queue_ms, None)
    if mean_ms <= 0:
        return None, None, False
    point = ServicePoint(status.ready, mean_ms, scv, worker_memory_of(status), usage.per_second)
    batched = _batched(status, long=long)
    if batched is None:
        return point, mean_ms, logged is not None
    point = replace(
        point,
        service_ms=batched.alone_ms,
        scv=batched.scv,
        more_ms=batched.more_ms,
        largest_batch=batched.largest,
    )
    return point, batched.worker_ms, True


def _batched(status: ModelStatus, *, long: bool) -> BatchTimes | None:
    """The times of batches by the logs; None where requests come one by one."""
    report = status.requests
    if report is None or status.described.batch_size == 1:
        return None
    backend = report.long_backend if long else report.backend
    handled = report.long_batches if long else report.batches
    return batch_times(handled, backend) if backend is not None else None


def _batches(status: ModelStatus) -> BatchRule:
    """Its batches; where describe does not say how they are made, requests count one by one."""
    size, delay_ms = status.described.batch_size, status.described.max_batch_delay_ms
    return ONE_BY_ONE if size is None or delay_ms is None else BatchRule(size, delay_ms)


def _backend(status: ModelStatus, counted_ms: float, *, long: bool) -> tuple[float, float] | None:
    """Mean and variability of the backend time by the logs."""
    if status.requests is None:
        return None
    moments = status.requests.long_backend if long else status.requests.backend
    if moments is not None:
        return moments.mean, moments.scv
    quantiles = _profile(status, long=long).get(RequestPhase.BACKEND)  # a recording has these alone
    if quantiles is None or counted_ms <= 0:
        return None
    return counted_ms, fitted(counted_ms, quantiles.p50, quantiles.p95).scv


def _profile(status: ModelStatus, *, long: bool) -> Profile:
    if status.requests is None:
        return {}
    return status.requests.five_minutes if long else status.requests.minute


def worker_memory_of(status: ModelStatus) -> int | None:
    """Bytes of one worker, on average; None while unknown."""
    sizes = [size for each in status.workers if (size := each.memory_bytes) is not None]
    return round(fmean(sizes)) if sizes else None


def _floor(status: ModelStatus, busy: float, *, long: bool) -> float | None:
    queue = _profile(status, long=long).get(RequestPhase.QUEUE)
    if queue is None or _batches(status).filling_ms:
        return None
    return queue.p50 if erlang_c(status.ready, busy) < MOSTLY_IDLE else None


def _failed(status: ModelStatus) -> float:
    statuses = status.requests.statuses if status.requests else {}
    total = sum(statuses.values())
    return sum(n for code, n in statuses.items() if code >= 400) / total if total else 0.0


def _cpu_share(seen: Sequence[ModelStatus], busy: float) -> float | None:
    """Cores that a busy worker used; None where the processes cannot be seen."""
    used = [
        sum(worker.process.cpu_percent for worker in each.workers if worker.process) / 100
        for each in seen[1:]  # the first reading of a process has nothing to differ from
        if each.workers and all(worker.process for worker in each.workers)
    ]
    return fmean(used) / busy if used and busy else None
