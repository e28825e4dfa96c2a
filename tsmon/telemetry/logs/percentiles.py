"""Exact percentiles by nearest rank: the smallest sample that p % of all do not exceed."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate, chain

from msgspec import Struct

PERCENTS = (50, 90, 95, 99)
_FEW = 2000
"""So many samples are sorted faster than they are divided further."""

SortedSamples = Sequence[float]
"""Samples in ascending order."""
_Span = tuple[SortedSamples, int, int]
"""A part of a run: from this index to before that one."""


class Percentiles(Struct, frozen=True):
    """Milliseconds that 50, 90, 95 and 99 of a hundred requests did not exceed."""

    count: int
    """Requests they rest on."""
    p50: float
    p90: float
    p95: float
    p99: float

    @classmethod
    def of(cls, runs: Iterable[SortedSamples], per_ms: int = 1) -> Percentiles | None:
        """The percentiles of the samples of all runs together; None without samples.

        `per_ms` is how many of the samples' units a millisecond has.
        """
        spans: list[_Span] = [(run, 0, len(run)) for run in runs if run]
        count = _size(spans)
        if not count:
            return None
        ranks = [nearest_rank(percent, count) - 1 for percent in PERCENTS]
        p50, p90, p95, p99 = (value / per_ms for value in _values_at(ranks, spans))
        return cls(count, p50, p90, p95, p99)


def nearest_rank(percent: float, count: int) -> int:
    """The rank, counted from 1, that the nearest-rank method gives: ceil(percent / 100 * count).

    `percent` counts to a tenth; in whole thousandths no rounding adds one to the rank.
    """
    return max(-(-round(percent * 10) * count // 1000), 1)


def _values_at(ranks: Sequence[int], spans: list[_Span]) -> list[float]:
    """The values at ascending ranks, counted from 0, of the spans together.

    Halves the samples around a pivot until few are left, which costs a bisection per run and step
    where merging all runs would look at every sample.
    """
    if not ranks:
        return []
    if _size(spans) <= _FEW:
        few = sorted(chain.from_iterable(run[low:high] for run, low, high in spans))
        return [few[rank] for rank in ranks]
    pivot = _weighted_median(spans)
    below = [(run, low, bisect_left(run, pivot, low, high)) for run, low, high in spans]
    above = [(run, bisect_right(run, pivot, low, high), high) for run, low, high in spans]
    first = _size(below)
    beyond = _size(spans) - _size(above)
    return [
        *_values_at([rank for rank in ranks if rank < first], _filled(below)),
        *(pivot for rank in ranks if first <= rank < beyond),
        *_values_at([rank - beyond for rank in ranks if rank >= beyond], _filled(above)),
    ]


def _weighted_median(spans: list[_Span]) -> float:
    """The median of the spans' middles, each as heavy as its span; halves well what is sorted."""
    middles = sorted((run[(low + high) // 2], high - low) for run, low, high in spans)
    weights = list(accumulate(weight for _, weight in middles))
    return middles[bisect_left(weights, weights[-1] / 2)][0]


def _filled(spans: list[_Span]) -> list[_Span]:
    return [span for span in spans if span[1] < span[2]]


def _size(spans: list[_Span]) -> int:
    return sum(high - low for _, low, high in spans)
