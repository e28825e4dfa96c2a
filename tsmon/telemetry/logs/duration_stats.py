"""Mean and variability of times over windows."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from operator import mul

from msgspec import Struct


class DurationStats(Struct, frozen=True):
    """Mean and variability of times, exact."""

    count: int
    total: float
    """Milliseconds, all times together."""
    squares: float
    """Of milliseconds, all squared times together."""

    @classmethod
    def of(cls, values: Iterable[float]) -> DurationStats:
        """Those of these milliseconds."""
        kept = array("d", values)
        return cls(len(kept), sum(kept), sum(map(mul, kept, kept)))

    def __add__(self, other: DurationStats) -> DurationStats:
        return DurationStats(
            self.count + other.count, self.total + other.total, self.squares + other.squares
        )

    @property
    def mean(self) -> float:
        """Milliseconds; 0 without times."""
        return self.total / self.count if self.count else 0.0

    @property
    def scv(self) -> float:
        """Squared coefficient of variation, variance / mean²: 0 constant, 1 exponential."""
        if not self.mean:
            return 0.0
        return max(self.squares / self.count / self.mean**2 - 1, 0.0)
