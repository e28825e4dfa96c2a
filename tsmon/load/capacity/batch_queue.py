"""Workers that take several requests at once, as a queue like any other."""

from __future__ import annotations

from collections.abc import Sequence

from tsmon.load.capacity.bulk_service import BulkWait, bulk_wait
from tsmon.load.capacity.queueing import Queue, Utilization, busy_workers, variability
from tsmon.load.capacity.service_time import ServiceTime, crossing


def batch_queue(
    rate: float,
    batch_ms: Sequence[float],
    stretches: Sequence[float],
    scv: float,
    *,
    filling_ms: float = 0.0,
    arrivals_scv: float = 1.0,
) -> Queue | None:
    """The queue before as many workers as `stretches` has entries; None where it only grows.

    Several workers are taken for one that is so many times as fast, whose waits are then corrected
    for how much rarer it is that all of them are busy. With batches of one this is `queue_of`.

    Args:
        rate: requests per second, above 0.
        batch_ms: time for a batch of 1, 2 … requests where no worker slows another.
        stretches: by how much 1, 2 … busy workers slow each other.
        scv: squared coefficient of variation of the time for a batch of one size.
        filling_ms: how long a worker that has a request waits for its batch to fill.
        arrivals_scv: squared coefficient of variation of the times between arrivals.
    """
    workers, slowest = len(stretches), stretches[-1]
    one = bulk_wait(rate, [each * slowest / workers for each in batch_ms], scv, filling_ms)
    if one is None:
        return None
    load = _Load(rate / 1000, batch_ms, one)
    utilisation = one.busy if workers == 1 else _utilisation(load, stretches)
    busy = _busy(utilisation, stretches)
    offered = load.erlangs(busy.waiting)
    wait = (one.mean_wait_ms - (1 - one.busy) * one.filling_ms) / one.busy if one.busy else 0.0
    excess = busy.waiting * (wait - one.filling_ms)
    factor = variability(arrivals_scv, scv) / variability(1.0, scv)
    stretch = busy.mean / offered if offered and workers > 1 else slowest
    return Queue(
        busy.waiting,
        max(excess, 0.0) * factor,
        load.service(busy.waiting, stretch, scv),
        (busy.mean if workers > 1 else offered * slowest) / workers,
        offered,
        one.filling_ms + min(excess, 0.0),
    )


class _Load:
    """What the requests want of the workers; `rate` is per millisecond."""

    def __init__(self, rate: float, batch_ms: Sequence[float], one: BulkWait) -> None:
        self._rate = rate
        self._batch_ms = batch_ms
        self._one = one

    def erlangs(self, waiting: float) -> float:
        """Workers kept busy if none slowed another, when so large a share of the requests waits."""
        shares = enumerate(self._shares(waiting), 1)
        return self._rate * sum(share * self._batch_ms[size - 1] / size for size, share in shares)

    def service(self, waiting: float, stretch: float, scv: float) -> ServiceTime:
        """How long a worker has a request: its whole batch's time."""
        shares = self._shares(waiting)
        mean = sum(share * each for share, each in zip(shares, self._batch_ms, strict=True))
        square = sum(share * each**2 for share, each in zip(shares, self._batch_ms, strict=True))
        return ServiceTime(mean * stretch, max((1 + scv) * square / mean**2 - 1, 0.0))

    def _shares(self, waiting: float) -> list[float]:
        """Shares of the requests that are in a batch of 1, 2 … requests."""
        return [
            (1 - waiting) * first + waiting * other
            for first, other in zip(self._one.firsts, self._one.others, strict=True)
        ]


def _busy(utilisation: float, stretches: Sequence[float]) -> Utilization:
    """The workers when their capacity is used so far, 0 to 1."""
    return busy_workers(utilisation * len(stretches) / stretches[-1] * 1000, stretches)


def _utilisation(load: _Load, stretches: Sequence[float]) -> float:
    """The share of the capacity that is used: where it and the batches that it makes agree."""
    capacity = len(stretches) / stretches[-1]

    def too_little(utilisation: float) -> float:
        return load.erlangs(_busy(utilisation, stretches).waiting) / capacity - utilisation

    return crossing(too_little, 0.0, 0.0, 1.0)
