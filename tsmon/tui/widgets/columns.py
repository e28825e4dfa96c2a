"""Columns, cells and rows of a table; which columns there is room for, and how wide each is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Generic

from msgspec import Struct
from msgspec.structs import force_setattr

from tsmon.ordering import Item, Value
from tsmon.tui.text.tones import Tone
from tsmon.untrusted.text import brief

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GAP = 1
"""Blank columns before each cell; `DataTable` would put as many behind it as well."""
GROWN = 24
"""A column grows up to this width to show its longest text whole."""
READABLE = 20
"""The part of the flexible column's longest text that is worth more than another column."""
AIR = 2
"""Blanks that each other column gets before the flexible one is wider than its texts."""
LOOSE = 12
"""Blanks after its longest text; with more, a flexible column only parts texts from numbers."""
LEAST_WIDTH = 4
ARROWS = ("▲", "▼")
"""Before the title of the column that rows are sorted by: smallest and largest first."""


class Column(Struct, frozen=True):
    """A column; `width` 0 makes it the flexible one, which has what the others leave."""

    id: str
    label: str
    width: int
    right: bool = False
    rank: int = 0
    """Where there is no room for all, the highest is left out first; 0 never is."""


class Cell(Struct, frozen=True):
    """What one cell shows: a text in a visible form and of limited length."""

    text: str
    tone: Tone = Tone.PLAIN

    def __post_init__(self) -> None:
        force_setattr(self, "text", brief(self.text))


class TableRow(Struct, frozen=True):
    """A row and the key it keeps over refreshes."""

    key: str
    cells: tuple[Cell, ...]
    """One for each column, shown or not."""


class TableColumn(Column, Generic[Item], frozen=True, kw_only=True):
    """A column with all that it has of an item; adding one to a table is one entry."""

    cell: Callable[[Item], Cell]
    """What it shows."""
    value: Callable[[Item], Value] = lambda _: None
    """What rows are sorted by; a column that no one sorts by has none."""
    largest_first: bool = False
    """The direction that is asked for first."""


def cells_of(columns: Sequence[TableColumn[Item]], item: Item) -> tuple[Cell, ...]:
    """The row of an item: one cell for each column, shown or not."""
    return tuple(column.cell(item) for column in columns)


def fit(
    columns: Sequence[Column], longest: Mapping[str, int], room: int
) -> tuple[tuple[Column, int], ...]:
    """The columns for a table so many cells wide, each with its width.

    `longest` is the width of the longest text of each column, by its id.
    """
    least = {column: _least(column, longest.get(column.id, 0)) for column in columns}
    shown = list(columns)
    while sum(least[column] + GAP for column in shown) > room:
        highest = max(reversed(shown), key=lambda column: column.rank)
        if highest.rank == 0:
            break
        shown.remove(highest)
    spare = room - sum(least[column] + GAP for column in shown)
    flexible = next((column for column in shown if not column.width), None)
    widths = {column: least[column] for column in shown}
    if flexible is not None:
        spare -= _widen(widths, flexible, longest.get(flexible.id, 0) - widths[flexible], spare)
        others = [column for column in shown if column is not flexible]
        air = min(AIR, spare // max(len(others), 1))
        for column in others:
            spare -= _widen(widths, column, air, spare)
        most = spare if flexible is shown[-1] else LOOSE
        _widen(widths, flexible, most, spare)
    return tuple(widths.items())


def shorten(text: str, width: int) -> str:
    """A name that is too long, without its middle: often the ends of names differ."""
    if len(text) <= width or " " in text:
        return text
    end = (width - 1) // 2
    return f"{text[: width - 1 - end]}…{text[len(text) - end :]}"


def _widen(widths: dict[Column, int], column: Column, by: int, spare: int) -> int:
    """Give a column so many cells more, as far as there are; how many it got."""
    got = max(min(by, spare), 0)
    widths[column] += got
    return got


def _least(column: Column, longest: int) -> int:
    if column.width:
        return max(column.width, min(longest, GROWN))
    return max(min(longest, READABLE), len(column.label), LEAST_WIDTH)
