"""Exact quantiles by nearest rank: the smallest sample that p % of all do not exceed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Milliseconds that 50, 90, 95 and 99 of a hundred requests did not exceed."""

    count: int
    """Requests they rest on."""
    p50: float
    p90: float
    p95: float
    p99: float

    @classmethod
    def of(cls, ordered: Sequence[float]) -> Quantiles | None:
        """The quantiles of samples in ascending order; None without samples."""
        if not ordered:
            return None
        p50, p90, p95, p99 = (nearest_rank(ordered, p) for p in (50, 90, 95, 99))
        return cls(len(ordered), p50, p90, p95, p99)


def nearest_rank(ordered: Sequence[float], percent: float) -> float:
    """The sample of rank ceil(percent / 100 * n), counted from 1, of ascending samples.

    `percent` counts to a tenth; in whole thousandths no rounding adds one to the rank.
    """
    rank = math.ceil(Fraction(round(percent * 10), 1000) * len(ordered))
    return ordered[max(rank, 1) - 1]
