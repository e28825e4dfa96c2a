"""From samples to heights: the arithmetic of a chart, without a widget around it.

A chart is a row of dot columns. Each holds a height in dots, counted from the zero baseline; where
nothing is known there is none: a gap is a gap.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from tsmon.tui.text.symbols import TimedValue

SMALLEST_TOP = 1e-9
"""What is smaller is drawn as 0."""


def nice_top(largest: float) -> float:
    """The end of the axis: the next round number."""
    if not math.isfinite(largest) or largest < SMALLEST_TOP:
        return 1.0
    magnitude = 10.0 ** math.floor(math.log10(largest))
    # A hair less, so that neither a sum such as 5.000000001 nor what the past keeps of 0.6, in 32
    # bits, gets the next axis.
    needed = largest / magnitude * (1 - 1e-6)
    return magnitude * next((step for step in (1, 2, 3, 4, 5, 6, 8) if needed <= step), 10)


SampleReader = Callable[[TimedValue], float | None]
"""Takes one value out of a sample."""


def middle(sample: TimedValue) -> float | None:
    """The end of the lower part of a sample's band; its value where it has none."""
    return sample.band[0] if sample.band and sample.value is not None else sample.value


def upper(sample: TimedValue) -> float | None:
    """The end of a sample's band; its value where it has none."""
    return sample.band[1] if sample.band and sample.value is not None else sample.value


def lower(sample: TimedValue) -> float | None:
    """A sample's value, on which its band stands."""
    return sample.value


def raster_columns(
    samples: Sequence[TimedValue],
    seconds: float,
    width: int,
    gap_s: float,
    read: SampleReader = lower,
    most: float = math.inf,
    lead_s: float = 0.0,
) -> list[float | None]:
    """The largest value, cut off at `most`, in each of `width` columns that span `seconds`.

    Samples, oldest first, are of the time since the one before, which they fill: as a straight line
    from the value before, or all of it where that is unknown. What lies more than `gap_s` before a
    sample stays empty. The last column ends `lead_s` after the right edge.
    """
    values: list[float | None] = [None] * width
    per_second = width / seconds
    before: tuple[int, float | None, float] | None = None
    for sample in samples:
        value, age_s = read(sample), sample.age_s
        if age_s < 0:
            continue
        column = column_of((age_s + lead_s) * per_second, width)
        if value is None or not math.isfinite(value):
            before = (column, None, age_s)
            continue
        value = min(max(value, 0.0), most)
        if before is not None and before[2] - age_s <= gap_s:
            first = value if before[1] is None else before[1]
            _join(values, before[0], first, column, value)
        largest = values[column] if column >= 0 else math.inf
        if largest is None or value > largest:
            values[column] = value
        before = (column, value, age_s)
    return values


def column_of(age: float, width: int) -> int:
    """The column of a moment so many columns before the end of the last; negative before the first.

    A moment on the border of two is in the later one, whatever the last digit of its age.
    """
    return min(width - math.ceil(age - 1e-6), width - 1)


def heights(values: Sequence[float | None], top: float, dots: int) -> list[int]:
    """Each value, at most `top`, as a height of 1 to `dots`: a measured 0 is the baseline, one dot.

    What is not known has none.
    """
    scale = dots / top
    return [0 if value is None else round(value * scale) or 1 for value in values]


def _join(values: list[float | None], start: int, first: float, end: int, last: float) -> None:
    """Fill the columns between two samples with the straight line from one to the other."""
    for column in range(max(start + 1, 0), end):
        values[column] = first + (last - first) * ((column - start) / (end - start))
