"""When requests are due: closed loop, or as planned."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator
from itertools import count, islice, takewhile
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tsmon.load.run.plan import RunPlan


def planned_starts(plan: RunPlan) -> Iterator[float]:
    """Seconds after the run's start at which an open loop's requests are due, ascending.

    The first is due at once, and none at `duration_s` or later. A Poisson process has
    exponentially distributed gaps of mean 1 / rate.
    """
    rate = plan.rate or 0.0
    starts = _poisson_starts(rate, plan.seed) if plan.poisson else (n / rate for n in count())
    return takewhile(lambda start: start < plan.duration_s, islice(starts, plan.count))


def _poisson_starts(rate: float, seed: int | None) -> Iterator[float]:
    chooser = random.Random(seed)  # noqa: S311 (times of requests, no secret)
    start = 0.0
    while True:
        yield start
        start += chooser.expovariate(rate)


class Pace(Protocol):
    """Decides when the next request is due; all times are seconds after the run's start."""

    planned: int
    """Requests that were due by the last call of the other methods, sent or not."""
    exhausted: bool
    """Whether no further request will ever be due."""

    def advance(self, now: float) -> None:
        """Count the starts that have come."""

    def take(self, now: float) -> float | None:
        """The time at which a request was due that is to be sent now; None when there is none."""

    def next_start(self) -> float | None:
        """When the next request will be due; None when that depends on answers, or never."""


class ClosedPace:
    """A request is due as soon as it can be sent."""

    def __init__(self, plan: RunPlan) -> None:
        self._count = plan.count
        self.planned = 0
        self.exhausted = False

    def advance(self, now: float) -> None:
        """There are none but those taken."""

    def take(self, now: float) -> float | None:
        """The present, until the count is reached."""
        if self.exhausted:
            return None
        self.planned += 1
        self.exhausted = self.planned >= self._count
        return now

    def next_start(self) -> float | None:
        """Never known beforehand."""
        return None


class OpenPace:
    """Requests are due as planned; those that cannot be sent yet wait in their order."""

    def __init__(self, plan: RunPlan) -> None:
        self._starts = planned_starts(plan)
        self._next = next(self._starts, None)
        self._waiting: deque[float] = deque()
        self.planned = 0
        self.exhausted = False

    def advance(self, now: float) -> None:
        """Let the starts that have come wait to be taken."""
        while self._next is not None and self._next <= now:
            self._waiting.append(self._next)
            self.planned += 1
            self._next = next(self._starts, None)

    def take(self, now: float) -> float | None:
        """The oldest start that has come and was not taken."""
        self.advance(now)
        if not self._waiting:
            return None
        start = self._waiting.popleft()
        self.exhausted = self._next is None and not self._waiting
        return start

    def next_start(self) -> float | None:
        """The next start that has not come."""
        return self._next
