"""From samples to characters: the arithmetic of a chart, without a widget around it.

A chart is a row of dot columns. Each holds a height in dots, counted from the zero baseline, or
None where nothing is known, which stays empty: a gap is a gap.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from tsmon.tui.text.symbols import Symbols, TimedValue

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
) -> list[float | None]:
    """The largest value, cut off at `most`, in each of `width` columns that span `seconds`.

    Neighbouring samples, oldest first, are joined unless one is unknown or they lie more than
    `gap_s` apart.
    """
    values: list[float | None] = [None] * width
    before: tuple[int, float, float] | None = None
    for sample in samples:
        value, age_s = read(sample), sample.age_s
        if value is None or not math.isfinite(value) or not 0 <= age_s <= seconds:
            before = None
            continue
        value = min(max(value, 0.0), most)
        column = min(int((1 - age_s / seconds) * width), width - 1)
        if before is not None and before[0] < column - 1 and before[2] - age_s <= gap_s:
            _join(values, before[0], before[1], column, value)
        largest = values[column]
        if largest is None or value > largest:
            values[column] = value
        before = (column, value, age_s)
    return values


def heights(values: Sequence[float | None], top: float, dots: int) -> list[int | None]:
    """Each value as a height of 1 to `dots`: a measured 0 is the baseline, one dot high."""
    return [
        None if value is None else min(max(round(value / top * dots), 1), dots) for value in values
    ]


def draw(levels: Sequence[int | None], rows: int, symbols: Symbols) -> list[str]:
    """The chart's lines from top to bottom, `len(levels) / symbols.dots_across` wide."""
    return draw_bands(levels, levels, levels, rows, symbols)


def draw_bands(
    low: Sequence[int | None],
    mid: Sequence[int | None],
    high: Sequence[int | None],
    rows: int,
    symbols: Symbols,
) -> list[str]:
    """The same with a band above it: dense from `low` to `mid`, thin from there to `high`."""
    lines = []
    for row in reversed(range(rows)):
        below = row * symbols.dots_up
        parts = [_filled(levels, below, symbols.dots_up) for levels in (low, mid, high)]
        lines.append(_line(symbols, *parts))
    return lines


def legend(symbols: Symbols) -> tuple[str, str, str]:
    """How a chart is filled up to its value, in the dense and in the thin part of the band."""
    full, none = [symbols.dots_up] * symbols.dots_across, [0] * symbols.dots_across
    parts = ((full, full), (none, full), (none, none))
    solid, dense, thin = (_line(symbols, low, mid, full) for low, mid in parts)
    return solid, dense, thin


def _line(symbols: Symbols, low: Sequence[int], mid: Sequence[int], high: Sequence[int]) -> str:
    if symbols is Symbols.BRAILLE:
        return _braille_line(low, mid, high)
    return _cells(symbols, low, mid, high)


def _join(values: list[float | None], start: int, first: float, end: int, last: float) -> None:
    """Fill the columns between two samples with the straight line from one to the other."""
    for column in range(start + 1, end):
        values[column] = first + (last - first) * ((column - start) / (end - start))


def _filled(levels: Sequence[int | None], below: int, most: int) -> list[int]:
    """How many dots of a line of characters, which begins `below` dots up, each column fills."""
    return [0 if level is None else min(max(level - below, 0), most) for level in levels]


_STACKS = {Symbols.BLOCK: " ▁▂▃▄▅▆▇█", Symbols.ASCII: " .:#"}
_BANDS = {Symbols.BLOCK: ("▒", "░"), Symbols.ASCII: ("=", "-")}
# Unicode's braille patterns number the dots by column; these are the dots from below to above.
_LEFT_DOTS = (0x40, 0x04, 0x02, 0x01)
_RIGHT_DOTS = (0x80, 0x20, 0x10, 0x08)


def _cells(symbols: Symbols, low: Sequence[int], mid: Sequence[int], high: Sequence[int]) -> str:
    """A line of whole characters; a band that ends inside of one has it from its middle on."""
    stack, (dense, thin) = _STACKS[symbols], _BANDS[symbols]
    half = symbols.dots_up / 2
    return "".join(
        stack[solid] if solid or not end else dense if middle >= half else thin
        for solid, middle, end in zip(low, mid, high, strict=True)
    )


def _braille_line(low: Sequence[int], mid: Sequence[int], high: Sequence[int]) -> str:
    columns_ = list(zip(low, mid, high, strict=True))
    if len(columns_) % 2:
        columns_.append((0, 0, 0))
    return "".join(_braille(columns_[at], columns_[at + 1]) for at in range(0, len(columns_), 2))


def _braille(left: tuple[int, int, int], right: tuple[int, int, int]) -> str:
    dots = 0
    for (low, mid, high), bits, shift in ((left, _LEFT_DOTS, 0), (right, _RIGHT_DOTS, 1)):
        for at in range(high):
            dense = at < mid and (at + shift) % 2 == 0
            thin = at % 2 == 1 and shift == 0
            if at < low or dense or (at >= mid and thin):
                dots |= bits[at]
    return chr(0x2800 + dots) if dots else " "
