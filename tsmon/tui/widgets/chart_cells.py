"""From heights to characters: what a chart is filled with, and what that shows without colours.

A column is drawn once and found again: as time goes on columns move, and stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache

from msgspec import Struct

from tsmon.tui.text.symbols import Symbols

COLUMNS_KEPT = 8192
"""More than there are on a large screen, of two scales of each chart."""


class Fill(StrEnum):
    """What a character of a chart shows most of."""

    NONE = " "
    SOLID = "s"
    """What is not above the value."""
    DENSE = "d"
    """The lower part of the band above it."""
    THIN = "t"
    """The upper part."""


class Drawing(Struct, frozen=True):
    """A chart, line by line from top to bottom."""

    cells: list[str]
    fills: list[str]
    """The `Fill` of each character."""


_Ends = tuple[int, int, int]
"""Where the value and both parts of its band end, in dots from the baseline."""


def draw_bands(
    low: Sequence[int], mid: Sequence[int], high: Sequence[int], rows: int, symbols: Symbols
) -> Drawing:
    """Solid up to `low`, dense from there to `mid`, thin from there to `high`."""
    ends = list(zip(low, mid, high, strict=True))
    if symbols is Symbols.BRAILLE:
        pairs = zip(ends[::2], [*ends[1::2], (0, 0, 0)], strict=False)
        columns = [_braille_column(left, right, rows) for left, right in pairs]
    else:
        columns = [_column(symbols, each, rows) for each in ends]
    cells = ["".join(line) for line in zip(*(cells for cells, _ in columns), strict=True)]
    fills = ["".join(line) for line in zip(*(fills for _, fills in columns), strict=True)]
    return Drawing(cells or [""] * rows, fills or [""] * rows)


def draw(levels: Sequence[int], rows: int, symbols: Symbols) -> list[str]:
    """The lines without a band, `len(levels) / symbols.dots_across` wide."""
    return draw_bands(levels, levels, levels, rows, symbols).cells


def legend(symbols: Symbols) -> tuple[str, str, str]:
    """How a chart is filled up to its value, in the dense and in the thin part of the band."""
    across, up = symbols.dots_across, symbols.dots_up
    full, none = [up] * across, [0] * across
    solid, dense, thin = (
        draw_bands(low, mid, full, 1, symbols).cells[0]
        for low, mid in ((full, full), (none, full), (none, none))
    )
    return solid, dense, thin


_STACKS = {Symbols.BLOCK: " ▁▂▃▄▅▆▇█", Symbols.ASCII: " .:#"}
_BANDS = {Symbols.BLOCK: ("▒", "░"), Symbols.ASCII: ("=", "-")}
# Unicode's braille patterns number the dots by column; these are the dots from below to above.
_LEFT_DOTS = (0x40, 0x04, 0x02, 0x01)
_RIGHT_DOTS = (0x80, 0x20, 0x10, 0x08)


def _within(ends: _Ends, below: int, most: int) -> _Ends:
    """How many dots of a line, which begins `below` dots up, each part fills."""
    low, mid, high = (min(max(end - below, 0), most) for end in ends)
    return low, mid, high


@lru_cache(COLUMNS_KEPT)
def _column(symbols: Symbols, ends: _Ends, rows: int) -> tuple[str, str]:
    """A column of whole characters from top to bottom, and their fills.

    A band that ends inside of a character has it from its middle on.
    """
    stack, (dense, thin) = _STACKS[symbols], _BANDS[symbols]
    up = symbols.dots_up
    cells, fills = "", ""
    for row in reversed(range(rows)):
        low, mid, high = _within(ends, row * up, up)
        if low or not high:
            cells += stack[low]
            fills += Fill.SOLID if low else Fill.NONE
        else:
            cells += dense if mid * 2 >= up else thin
            fills += Fill.DENSE if mid * 2 >= up else Fill.THIN
    return cells, fills


@lru_cache(COLUMNS_KEPT)
def _braille_column(left: _Ends, right: _Ends, rows: int) -> tuple[str, str]:
    """The same of two columns of dots."""
    up = Symbols.BRAILLE.dots_up
    cells, fills = "", ""
    for row in reversed(range(rows)):
        here = _within(left, row * up, up), _within(right, row * up, up)
        cells += _braille(*here)
        low, mid, high = (sum(ends) for ends in zip(*here, strict=True))
        main = Fill.SOLID if low * 2 >= high else Fill.DENSE if mid * 2 >= high else Fill.THIN
        fills += main if high else Fill.NONE
    return cells, fills


def _braille(left: _Ends, right: _Ends) -> str:
    dots = 0
    for (low, mid, high), bits, shift in ((left, _LEFT_DOTS, 0), (right, _RIGHT_DOTS, 1)):
        for at in range(high):
            dense = at < mid and (at + shift) % 2 == 0
            thin = at % 2 == 1 and shift == 0
            if at < low or dense or (at >= mid and thin):
                dots |= bits[at]
    return chr(0x2800 + dots) if dots else " "
