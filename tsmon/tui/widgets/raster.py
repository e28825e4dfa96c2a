"""From samples to characters: the arithmetic of a chart, without a widget around it.

A chart is a row of dot columns. Each holds a height in dots, counted from the zero baseline, or
None where nothing is known, which stays empty: a gap is a gap.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Sample:
    """A value that was measured some time ago."""

    age_s: float
    value: float | None
    """None where it could not be known."""


class Symbols(StrEnum):
    """The characters a chart is drawn with."""

    BRAILLE = "braille"
    BLOCK = "block"
    ASCII = "ascii"

    @property
    def dots_across(self) -> int:
        """Dot columns in a character."""
        return 2 if self is Symbols.BRAILLE else 1

    @property
    def dots_up(self) -> int:
        """Dots on top of each other in a character."""
        return {Symbols.BRAILLE: 4, Symbols.BLOCK: 8, Symbols.ASCII: 3}[self]

    @property
    def following(self) -> Symbols:
        """The next kind, after the last one the first."""
        kinds = list(Symbols)
        return kinds[(kinds.index(self) + 1) % len(kinds)]


LEAST = 1e-9
"""What is smaller is drawn as 0."""


def nice_top(largest: float) -> float:
    """The end of the axis: the next round number."""
    if not math.isfinite(largest) or largest < LEAST:
        return 1.0
    magnitude = 10.0 ** math.floor(math.log10(largest))
    # A hair less, so that a sum such as 5.000000001 does not get the next axis.
    needed = largest / magnitude * (1 - 1e-9)
    return magnitude * next((step for step in (1, 2, 3, 4, 5, 6, 8) if needed <= step), 10)


def columns(
    samples: Sequence[Sample], seconds: float, width: int, gap_s: float
) -> list[float | None]:
    """The largest value in each of `width` columns that span the last `seconds`.

    Neighbouring samples, oldest first, are joined unless one is unknown or they lie more than
    `gap_s` apart.
    """
    values: list[float | None] = [None] * width
    previous: tuple[int, float, float] | None = None
    for sample in samples:
        value = _finite(sample.value)
        if value is None or not 0 <= sample.age_s <= seconds:
            previous = None
            continue
        column = min(int((1 - sample.age_s / seconds) * width), width - 1)
        if previous is not None and previous[2] - sample.age_s <= gap_s:
            _join(values, previous[0], previous[1], column, value)
        values[column] = max(value, values[column] or 0.0)
        previous = (column, value, sample.age_s)
    return values


def heights(values: Sequence[float | None], top: float, dots: int) -> list[int | None]:
    """Each value as a height of 1 to `dots`: a measured 0 is the baseline, one dot high."""
    return [
        None if value is None else min(max(round(value / top * dots), 1), dots) for value in values
    ]


def draw(levels: Sequence[int | None], rows: int, symbols: Symbols) -> list[str]:
    """The chart's lines from top to bottom, `len(levels) / symbols.dots_across` wide."""
    return [
        "".join(_line(levels, (rows - 1 - row) * symbols.dots_up, symbols)) for row in range(rows)
    ]


def _finite(value: float | None) -> float | None:
    return max(value, 0.0) if value is not None and math.isfinite(value) else None


def _join(values: list[float | None], start: int, first: float, end: int, last: float) -> None:
    """Fill the columns between two samples with the straight line from one to the other."""
    for column in range(start + 1, end):
        values[column] = first + (last - first) * ((column - start) / (end - start))


def _line(levels: Sequence[int | None], below: int, symbols: Symbols) -> list[str]:
    """One line of characters, which begins `below` dots above the baseline."""
    step, most = symbols.dots_across, symbols.dots_up
    filled = [0 if level is None else min(max(level - below, 0), most) for level in levels]
    if symbols is Symbols.BRAILLE:
        return [
            _braille(filled[at], filled[at + 1] if at + 1 < len(filled) else 0)
            for at in range(0, len(filled), step)
        ]
    return [_STACKS[symbols][height] for height in filled]


_STACKS = {Symbols.BLOCK: " ▁▂▃▄▅▆▇█", Symbols.ASCII: " .:#"}
# Unicode's braille patterns number the dots by column; these are the lowest 0 to 4 of each.
_LEFT_DOTS = (0x00, 0x40, 0x44, 0x46, 0x47)
_RIGHT_DOTS = (0x00, 0x80, 0xA0, 0xB0, 0xB8)


def _braille(left: int, right: int) -> str:
    dots = _LEFT_DOTS[left] | _RIGHT_DOTS[right]
    return chr(0x2800 + dots) if dots else " "
