"""The vertical axis of a chart: where it ends, what lies beyond it, and its labels.

One value far above the others would press them into a flat line. Such an axis ends above the others
instead; its top line stays free for marks, and the largest value is named beside its own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from msgspec import Struct

from tsmon.tui.text.symbols import Symbols
from tsmon.tui.widgets.chart_raster import SMALLEST_TOP, nice_top

FEW = 3
"""So many values can be left beyond the axis where there are `OTHERS` times as many,"""
SHARE = 0.05
"""or this share of them."""
OTHERS = 8
"""Of fewer values no one can say which are the usual ones."""
FAR = 4.0
"""Only what would press the others below this part of the height is."""
LEAST_ROWS = 3
"""A lower chart has no line for marks."""

Unit = Callable[[float], str]
"""Writes a value."""


class ValueAxis(Struct, frozen=True):
    """From 0 to a round number."""

    top: float
    peak: float | None = None
    """The largest value, where it is beyond the top."""
    most: float = math.inf
    """Where what is beyond the top is cut off: below the line of the marks."""

    @classmethod
    def over(cls, values: Sequence[float], rows: int) -> ValueAxis:
        """The axis for what stands in the columns of a chart of so many lines."""
        ordered = sorted((value for value in values if value >= SMALLEST_TOP), reverse=True)
        largest = ordered[0] if ordered else 0.0
        beyond = _beyond(ordered) if rows >= LEAST_ROWS else 0
        if not beyond:
            return cls(nice_top(largest))
        below_marks = (rows - 1) / rows
        top = nice_top(ordered[beyond] / below_marks)
        return cls(top, largest, top * below_marks)

    def labels(self, rows: int, width: int, unit: Unit, symbols: Symbols) -> list[str]:
        """The values at the top, in the middle where there is room, and at the baseline."""
        edge = "|" if symbols is Symbols.ASCII else "│"
        edges = [edge if self.peak is None else glyph(symbols), *[edge] * (rows - 1)]
        texts = [""] * rows
        texts[-1] = "0"
        if rows >= 5 and rows % 2:
            texts[rows // 2] = _tick(self.top / 2, unit)
        texts[0] = _tick(self.top, unit)
        room = width - 1
        return [f"{text[:room]:>{room}}{end}" for text, end in zip(texts, edges, strict=True)]


def glyph(symbols: Symbols) -> str:
    """What stands for a value beyond the axis, and for an axis that has some."""
    return "^" if symbols is Symbols.ASCII else "▲"


def place_beyond(
    values: Sequence[float | None], axis: ValueAxis, unit: Unit, symbols: Symbols
) -> dict[int, str]:
    """The characters of the top line that show what is beyond the axis, by their columns.

    `values` are the largest that were measured in each column.
    """
    if axis.peak is None:
        return {}
    columns = [at for at, value in enumerate(values) if value is not None and value > axis.top]
    placed = dict.fromkeys(columns, glyph(symbols))
    text = unit(axis.peak)
    near_marks = {at + side for at in columns for side in (-1, 0, 1)}
    start = _room(values.index(axis.peak), len(text), len(values), near_marks)
    return placed if start is None else placed | {start + at: each for at, each in enumerate(text)}


def _room(column: int, length: int, width: int, taken: set[int]) -> int | None:
    """Where a text begins that stands beside a column, or near it; None without room."""
    free = (
        start
        for start in range(width - length + 1)
        if not taken.intersection(range(start, start + length))
    )
    after, before = column + 2, column - 1 - length
    return min(
        free, key=lambda at: (min(abs(at - after), abs(at - before)), at < after), default=None
    )


def _beyond(ordered: Sequence[float]) -> int:
    """How many of the largest values, given in descending order, are far above the others."""
    few = max(min(len(ordered) // OTHERS, FEW), math.floor(len(ordered) * SHARE))
    beyond = 0
    for at in range(1, few + 1):
        if ordered[at] * FAR < ordered[beyond]:
            beyond = at
    return beyond


def _tick(value: float, unit: Unit) -> str:
    """A round value of the axis, without zeros behind the point."""
    return re.sub(r"\.(\d*?)0+(?=\D|$)", _without_point, unit(value))


def _without_point(zeros: re.Match[str]) -> str:
    return f".{zeros[1]}" if zeros[1] else ""
