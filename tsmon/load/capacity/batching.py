"""Batches: how many requests a worker takes at once, and how long it has them."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from tsmon.telemetry.logs.duration_stats import DurationStats

TAKEN_WITHOUT_DELAY = 2
"""TorchServe 0.12 looks for a second request and then whether any of the delay is left."""
LEAST_BATCHES = 10
"""Fewer of a size say nothing of its time."""


class BatchRule(Struct, frozen=True):
    """How a model was registered."""

    size: int = 1
    delay_ms: float = 0.0
    """How long a worker that has a request waits for more."""

    @property
    def taken(self) -> int:
        """How many requests a worker takes at once at most."""
        return self.size if self.delay_ms else min(self.size, TAKEN_WITHOUT_DELAY)

    @property
    def filling_ms(self) -> float:
        """How long a worker waits for a batch to fill at most; one request fills a batch of one."""
        return self.delay_ms if self.size > 1 else 0.0


ONE_BY_ONE = BatchRule()


class BatchTimes(Struct, frozen=True):
    """How long a worker has a batch, as a straight line over its size."""

    alone_ms: float
    """A batch of one."""
    more_ms: float | None
    """By how much each further request makes it longer; None where no batch had several."""
    scv: float
    """Squared coefficient of variation among batches of the same size."""
    largest: int
    """The largest batch that was seen often enough."""
    worker_ms: float
    """What a request takes of a worker's time: its batch's time shared by those in it."""


def batch_times(handled: Mapping[int, DurationStats], backend: DurationStats) -> BatchTimes | None:
    """A line through what was measured, by least squares; None where there is too little.

    The logs have a batch's time in the handler by its size, and a request's time in the backend
    without it. What the backend takes beyond the handler is added to each batch alike.

    Args:
        handled: times of batches in the handler, by size.
        backend: backend times of the same requests.
    """
    often = {size: each for size, each in handled.items() if each.count >= LEAST_BATCHES}
    if not often or not backend.count:
        return None
    batches, requests = _weighted(often, by_size=False), _weighted(often, by_size=True)
    beyond_ms = max(backend.mean - requests.mean, 0.0)
    alone_ms, more_ms = _line(often)
    among = sum(each.count * _variance(each) for each in often.values()) / batches.count
    spread = among + max(_variance(backend) - _variance(requests), 0.0)
    return BatchTimes(
        alone_ms + beyond_ms,
        more_ms,
        spread / (batches.mean + beyond_ms) ** 2,
        max(often),
        (batches.mean + beyond_ms) * batches.count / requests.count,
    )


def _weighted(handled: Mapping[int, DurationStats], *, by_size: bool) -> DurationStats:
    """Moments over all batches, or over their requests."""
    total = DurationStats(0, 0.0, 0.0)
    for size, each in handled.items():
        weight = size if by_size else 1
        total += DurationStats(each.count * weight, each.total * weight, each.squares * weight)
    return total


def _line(handled: Mapping[int, DurationStats]) -> tuple[float, float | None]:
    """Time of a batch of one, and how much longer each further request makes it."""
    count = sum(each.count for each in handled.values())
    mean_size = sum(size * each.count for size, each in handled.items()) / count
    mean_ms = sum(each.total for each in handled.values()) / count
    if len(handled) == 1:  # with larger ones alone, a single request takes no longer than they do
        return mean_ms, 0.0 if mean_size > 1 else None
    scatter = sum(each.count * (size - mean_size) ** 2 for size, each in handled.items())
    slope = sum((size - mean_size) * each.total for size, each in handled.items()) / scatter
    # A batch takes no less than a smaller one, and no less than nothing for its first request.
    slope = min(max(slope, 0.0), mean_ms / mean_size)
    return mean_ms - slope * (mean_size - 1), slope


def _variance(moments: DurationStats) -> float:
    return moments.scv * moments.mean**2
