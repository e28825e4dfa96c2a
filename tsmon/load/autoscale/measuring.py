"""Measures that hold while the rate and the number of workers change."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.load.capacity.doubts import FEW_REQUESTS
from tsmon.load.capacity.situation import LEAST_ARRIVALS, LEAST_INTERVALS, Arrivals
from tsmon.telemetry.traffic import WINDOW_S, Usage, UsageOrMissing

if TYPE_CHECKING:
    from tsmon.telemetry.logs.request_report import LastReading
    from tsmon.telemetry.snapshot import ModelStatus


class _Busy(Struct, frozen=True):
    at: float
    requests: int
    busy_ms: float


class Unchanged:
    """What the workers did since their number is as it is, of the last minute at most."""

    def __init__(self) -> None:
        self._workers = 0
        self._since = self._now = 0.0
        self._last: LastReading | None = None
        self._busy: deque[_Busy] = deque()

    def observe(self, at: float, status: ModelStatus) -> None:
        """Take the next tick."""
        self._now = at
        if status.ready != self._workers:
            self._workers, self._since = status.ready, at
            self._busy.clear()
        last = status.requests.last if status.requests else None
        if last is not None and last is not self._last and at - last.seconds >= self._since:
            requests = sum(each.requests for each in last.workers.values())
            busy_ms = sum(each.busy_ms for each in last.workers.values())
            self._busy.append(_Busy(at, requests, busy_ms))
        self._last = last
        while self._busy and at - self._busy[0].at > WINDOW_S:
            self._busy.popleft()

    @property
    def seconds(self) -> float:
        """For how long there are so many."""
        return self._now - self._since

    @property
    def mean_ms(self) -> float | None:
        """A request's time at a worker; None where too few were answered since."""
        requests = sum(each.requests for each in self._busy)
        if requests < FEW_REQUESTS:
            return None
        return sum(each.busy_ms for each in self._busy) / requests


def steady_arrivals(intervals: Sequence[UsageOrMissing]) -> Arrivals | None:
    """How arrivals scatter by the differences of neighbours, which a change of the rate leaves.

    Of random arrivals (a - b)² / (a + b) is 1 on average, whatever the rate. It scatters as if
    there were a third fewer intervals than by the variance.
    """
    once = list({id(each): each for each in intervals if isinstance(each, Usage)}.values())
    pairs = [
        (earlier.arrived, later.arrived)
        for earlier, later in pairwise(once)
        if later.seconds < 2 * earlier.seconds and earlier.seconds < 2 * later.seconds
    ]
    independent = len(pairs) * 2 // 3
    if independent < LEAST_INTERVALS or sum(later for _, later in pairs) < LEAST_ARRIVALS:
        return None
    scatter = sum((one - other) ** 2 / (one + other) for one, other in pairs if one + other)
    return Arrivals(independent, scatter / len(pairs))
