"""What a number of workers would do, and whether that is what someone wants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.load.capacity.limits import unknown_because
from tsmon.torchserve.errors import InvalidArgument

if TYPE_CHECKING:
    from tsmon.load.capacity.curve import Basis, ServiceCurve
    from tsmon.load.capacity.situation import Situation

P95 = 0.95


class LatencyGoal(Struct, frozen=True):
    """What is to hold, in milliseconds; without either, stops waiting than the service time.

    Raises:
        InvalidArgument: a target is not above 0, or there are two.
    """

    queue_ms: float | None = None
    """Mean queue time per request."""
    p95_ms: float | None = None
    """Queue and service time that 95 of 100 requests do not exceed."""

    def __post_init__(self) -> None:
        if self.queue_ms is not None and self.p95_ms is not None:
            raise InvalidArgument("one target at a time", "give the queue time or p95")
        for value in (self.queue_ms, self.p95_ms):
            if value is not None and not 0 < value < float("inf"):
                raise InvalidArgument(f"a target of {value:g} ms is out of range", "above 0")

    def met_by(self, prediction: Forecast) -> bool:
        """Whether it holds there."""
        if prediction.queue_ms is None or prediction.p95_ms is None:
            return False
        if self.p95_ms is not None:
            return prediction.p95_ms <= self.p95_ms
        return prediction.queue_ms <= (self.queue_ms or prediction.service_ms)

    def __str__(self) -> str:
        if self.p95_ms is not None:
            return f"95 of 100 requests are answered within {self.p95_ms:g} ms"
        if self.queue_ms is not None:
            return f"mean queue time is {self.queue_ms:g} ms at most"
        return "mean queue time is at most the service time"


class Forecast(Struct, frozen=True):
    """What a number of workers would do.

    The three times are None where the queue only grows, and where they are not known.
    """

    workers: int
    utilisation: float
    """Share of the workers that is busy; 1 and more where they cannot answer all requests."""
    service_ms: float
    queue_ms: float | None
    """Mean per request."""
    queue_p95_ms: float | None
    p95_ms: float | None
    """Of queue and service time together, as the server sees it."""
    memory_bytes: int | None
    """Of all the workers; None while unknown."""
    basis: Basis
    unknown: str = ""
    """Why the times are not known."""

    @property
    def grows(self) -> bool:
        """Whether the queue only grows."""
        return self.queue_ms is None and not self.unknown


def predict(situation: Situation, curve: ServiceCurve, rate: float, workers: int) -> Forecast:
    """What a number of workers would do at a rate."""
    queue = curve.queue(rate, workers, situation.arrivals_scv)
    unknown = unknown_because(situation, curve, workers, queue)
    known = None if unknown else queue
    always = (situation.floor_ms or 0.0) + (queue.filling_ms if queue else 0.0)
    return Forecast(
        workers,
        queue.utilisation if queue else rate / curve.capacity(workers),
        curve.service_ms(workers),
        known.mean_wait_ms + always if known else None,
        known.wait_quantile(P95) + always if known else None,
        known.response_quantile(P95) + always if known else None,
        _memory(curve, workers),
        curve.basis(workers),
        unknown,
    )


def _memory(curve: ServiceCurve, workers: int) -> int | None:
    known = [point for point in curve.points if point.memory_bytes is not None]
    if not known:
        return None
    nearest = min(known, key=lambda point: abs(point.workers - workers))
    return (nearest.memory_bytes or 0) * workers
