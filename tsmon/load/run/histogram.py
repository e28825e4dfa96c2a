"""How often which response time came, in buckets that get wider as the times do."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from msgspec import Struct

STEPS = (
    *(10, 11, 12, 13, 15, 16, 18, 20, 22, 24, 27, 30),
    *(33, 36, 39, 43, 47, 51, 56, 62, 68, 75, 82, 91),
)
"""Where the buckets of a decade begin: the E24 series of preferred numbers."""
WIDTHS = (1, 2, 4, 8, 24, 240)
"""So many buckets are put together where there is no room for all."""

MOST_BUCKETS = 240
"""They reach to more than a day."""
FEW = 0.005
"""The share of the times that is gathered in one bar at either end."""


def bound_us(index: int) -> int:
    """Where a bucket begins, in microseconds: 10 for the first one, then 11, 12, 13, 15 …."""
    decade, step = divmod(index, len(STEPS))
    return STEPS[step] * int(10**decade)


class Bar(Struct, frozen=True):
    """A bucket, or some of them together."""

    from_ms: float
    to_ms: float
    """The next one begins there."""
    counts: tuple[int, ...]
    """In each of the histograms."""


class Histogram(Struct, frozen=True):
    """Exact counts of response times; below 10 microseconds there is one bucket."""

    first: int = 0
    """Which bucket the first count is of."""
    counts: tuple[int, ...] = ()

    @classmethod
    def of(cls, ordered_us: Sequence[int]) -> Histogram:
        """Count times in microseconds, ascending."""
        if not ordered_us:
            return cls()
        first, last = bucket_of(ordered_us[0]), bucket_of(ordered_us[-1])
        ends = [bisect_right(ordered_us, bound_us(at + 1) - 1) for at in range(first, last + 1)]
        starts = [0, *ends[:-1]]
        return cls(first, tuple(end - start for start, end in zip(starts, ends, strict=True)))

    @property
    def last(self) -> int:
        """The bucket of the last count; before the first where there is none."""
        return self.first + len(self.counts) - 1

    def between(self, start: int, end: int) -> int:
        """How many times are in the buckets from `start` to before `end`."""
        return sum(self.counts[max(start - self.first, 0) : max(end - self.first, 0)])


def bucket_of(time_us: int) -> int:
    """The bucket a time falls into."""
    if time_us < STEPS[0]:
        return 0
    decade = len(str(time_us)) - 2
    return decade * len(STEPS) + bisect_right(STEPS, time_us // 10**decade) - 1


def bars(histograms: Sequence[Histogram], most: int) -> list[Bar]:
    """All together in at most `most` bars, with the finest buckets that do; empty without times.

    The first and the last bar may be wider: a few far off would make all the others coarse.
    """
    filled = [each for each in histograms if each.counts]
    if not filled or most < 1:
        return []
    first, last = min(each.first for each in filled), max(each.last for each in filled)
    found: list[Bar] = []
    for width in WIDTHS:
        found = list(_bars(histograms, first - first % width, last, width))
        if len(found) > most:
            found = _gathered(found)
        if len(found) <= most:
            break
    return found


def _bars(histograms: Sequence[Histogram], first: int, last: int, width: int) -> Iterator[Bar]:
    for start in range(first, last + 1, width):
        end = start + width
        counts = tuple(each.between(start, end) for each in histograms)
        yield Bar(bound_us(start) / 1000 if start else 0.0, bound_us(end) / 1000, counts)


def _gathered(found: Sequence[Bar]) -> list[Bar]:
    """The same with the few times at both ends in one bar each."""
    totals = [sum(counts) for counts in zip(*(bar.counts for bar in found), strict=True)]
    few = [total * FEW for total in totals]
    head = _ended(found, few)
    tail = _ended(found[::-1], few)
    middle = found[head : len(found) - tail]
    return [*_joined(found[:head]), *middle, *_joined(found[len(found) - tail :])]


def _ended(found: Sequence[Bar], few: Sequence[float]) -> int:
    """How many bars from the first on hold few of the times of each histogram."""
    sums = [0] * len(few)
    for number, bar in enumerate(found):
        sums = [total + count for total, count in zip(sums, bar.counts, strict=True)]
        if any(total > most for total, most in zip(sums, few, strict=True)):
            return number
    return 0


def _joined(found: Sequence[Bar]) -> Iterator[Bar]:
    if found:
        counts = tuple(sum(each) for each in zip(*(bar.counts for bar in found), strict=True))
        yield Bar(found[0].from_ms, found[-1].to_ms, counts)
