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
"""What the flexible column has before any column but those of a `VITAL` rank is shown."""
SHORTEST = 12
"""What it has in any case."""
VITAL = 4
"""Columns up to this rank are worth more than a long name."""
AIR = 2
"""Blanks that each other column gets before the flexible one is wider than its texts."""
LOOSE = 12
"""Blanks after its longest text; with more, a flexible column only parts texts from numbers."""
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
    drawing: bool = False
    """Whether its cells are pictures, which no one sorts by or copies."""


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

    `longest` is the width of the longest text of each column, by its id. Which columns there are
    is a matter of the room alone, so that none vanishes or comes because of a text.
    """
    shown = _chosen(columns, room)
    widths = {column: column.width or SHORTEST for column in shown}
    spare = room - sum(width + GAP for width in widths.values())
    flexible = next((column for column in shown if not column.width), None)
    others = [column for column in shown if column is not flexible]
    for column in others:
        spare -= _widen(widths, column, min(longest.get(column.id, 0), GROWN) - column.width, spare)
    if flexible is not None:
        spare -= _widen(widths, flexible, longest.get(flexible.id, 0) - widths[flexible], spare)
        air = min(AIR, spare // max(len(others), 1))
        for column in others:
            spare -= _widen(widths, column, air, spare)
        most = spare if flexible is shown[-1] else LOOSE
        _widen(widths, flexible, most, spare)
    return tuple(widths.items())


def _chosen(columns: Sequence[Column], room: int) -> list[Column]:
    """Those for which there is room, beside what the flexible one needs next to them."""
    shown = list(columns)
    while True:
        highest = max(reversed(shown), key=lambda column: column.rank)
        name = READABLE if highest.rank > VITAL else SHORTEST
        if highest.rank == 0 or sum((each.width or name) + GAP for each in shown) <= room:
            return shown
        shown.remove(highest)


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
