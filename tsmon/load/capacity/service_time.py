"""A service time known by its mean and its variability alone.

Times that vary less than exponential ones are taken for a constant and an exponential part, as of
a handler whose work is the same for each request and is delayed now and then. Times that vary more
are taken for two kinds of requests, each exponential (a hyperexponential distribution with
balanced means; Whitt 1982). Both have the mean and variance given, and closed forms.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from msgspec import Struct

_LONGEST_MEANS = 1e9
_NEARLY_EQUAL = 1e-6
_HALVINGS = 60
"""Beyond a double's resolution."""


class ServiceTime(Struct, frozen=True):
    """The time a worker has a request."""

    mean_ms: float
    scv: float = 1.0
    """Squared coefficient of variation: variance / mean²; 0 constant, 1 exponential."""

    def exceeds(self, time_ms: float) -> float:
        """P(S > t)."""
        return sum(
            share * _exponential(mean, time_ms - constant)
            for share, constant, mean in self._phases()
        )

    def plus_exponential_exceeds(self, mean_ms: float, time_ms: float) -> float:
        """P(S + X > t), where X is exponential of this mean and independent of S."""
        return sum(
            share * _sum_of_two(mean, mean_ms, time_ms - constant)
            for share, constant, mean in self._phases()
        )

    def quantile(self, share: float) -> float:
        """The time that a `share` of the requests (0 to 1) does not exceed; by halving."""
        low, high = 0.0, self.mean_ms
        while self.exceeds(high) > 1 - share and high < self.mean_ms * _LONGEST_MEANS:
            high *= 2
        return crossing(self.exceeds, 1 - share, low, high)

    def _phases(self) -> tuple[tuple[float, float, float], ...]:
        """Share of the requests, constant part and mean of the exponential part, of each kind."""
        if self.scv <= 1:
            spread = self.mean_ms * math.sqrt(max(self.scv, 0.0))
            return ((1.0, self.mean_ms - spread, spread),)
        share = (1 + math.sqrt((self.scv - 1) / (self.scv + 1))) / 2
        return (
            (share, 0.0, self.mean_ms / (2 * share)),
            (1 - share, 0.0, self.mean_ms / (2 * (1 - share))),
        )


def fitted(mean_ms: float, p50_ms: float, p95_ms: float) -> ServiceTime:
    """A service time of that mean, whose variability follows from two percentiles.

    Of a constant plus an exponential time of mean m, p95 - p50 = m ln 10. What is slower than p95
    is not known to it, so it shows too little variability where a few requests take very long.
    """
    spread = max(p95_ms - p50_ms, 0.0) / math.log(10)
    return ServiceTime(mean_ms, (spread / mean_ms) ** 2 if mean_ms > 0 else 1.0)


def _exponential(mean: float, time: float) -> float:
    if time < 0:
        return 1.0
    return math.exp(-time / mean) if mean > 0 else 0.0


def _sum_of_two(first: float, second: float, time: float) -> float:
    """P(X + Y > t) of two exponential times by their means."""
    if time < 0:
        return 1.0
    slow, fast = max(first, second), min(first, second)
    if fast <= slow * _NEARLY_EQUAL:
        return _exponential(slow, time)
    if slow - fast <= slow * _NEARLY_EQUAL:  # Erlang's distribution of two equal stages
        return math.exp(-time / slow) * (1 + time / slow)
    return (slow * math.exp(-time / slow) - fast * math.exp(-time / fast)) / (slow - fast)


def crossing(falling: Callable[[float], float], wanted: float, low: float, high: float) -> float:
    """Where a falling function comes down to a value, between `low` and `high`; by halving."""
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > wanted else (low, middle)
    return high
