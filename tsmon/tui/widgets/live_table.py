"""A table whose rows come anew with every snapshot and which touches only what changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.theme import Theme
from textual.widgets import DataTable

from tsmon.tui import keymap
from tsmon.tui.text.tones import Tone, rich_style
from tsmon.tui.widgets.columns import GAP, Column, fit, shorten
from tsmon.untrusted.text import brief

HEADER_ROW = -1
"""How `DataTable` numbers the row of titles."""
ARROWS = ("▲", "▼")
"""Smallest and largest first."""
MARK = "◆"
RIGHT_BUTTON = 3


@dataclass(frozen=True, slots=True)
class Cell:
    """What one cell shows: a text in a visible form and of limited length."""

    text: str
    tone: Tone = Tone.PLAIN

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", brief(self.text))


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row and the key it keeps over refreshes."""

    key: str
    cells: tuple[Cell, ...]
    """One for each column, shown or not."""


class LiveTable(DataTable[Text]):
    """A `DataTable` that is given all its rows at once.

    The cursor stays on the row it is on, wherever that row moves to.
    """

    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(keymap.MOTION_KEYS)

    class Moved(Message):
        """The cursor is on another row, or on none."""

        def __init__(self, key: str | None) -> None:
            super().__init__()
            self.key = key

    class MarkWanted(Message):
        """The mouse marked a row, or took its mark away."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(self, columns: Sequence[Column], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, cursor_type="row", cell_padding=0, show_row_labels=False)
        self._all = tuple(columns)
        self._shown: tuple[Column, ...] = ()
        self._widths: tuple[int, ...] = ()
        self._longest: dict[str, int] = {}
        """The cells that the longest text of each column took, of all rows there were."""
        self._rows: dict[str, TableRow] = {}
        self._order: tuple[Column, bool] | None = None
        self._marks: frozenset[str] = frozenset()
        self.explain: Callable[[Column], Content | None] = lambda _: None
        """What a column's title tells while the mouse rests on it."""

    def on_mount(self) -> None:
        """Redraw the cells in the colours of another theme."""
        self.app.theme_changed_signal.subscribe(self, self._recolour)

    def on_resize(self) -> None:
        """Show the columns for which there is room now."""
        self._lay_out()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Have the tooltip be that of the title below the mouse, if it is on one."""
        meta = event.style.meta
        on_title = meta.get("row") == HEADER_ROW and "column" in meta
        self.tooltip = self.explain(self._shown[meta["column"]]) if on_title else None

    def on_click(self, event: events.Click) -> None:
        """A click with ctrl, or with the right button, marks a row."""
        row = event.style.meta.get("row", HEADER_ROW)
        if (event.ctrl or event.button == RIGHT_BUTTON) and 0 <= row < len(self._rows):
            event.stop()
            self.post_message(self.MarkWanted(list(self._rows)[row]))

    @property
    def laid_out(self) -> bool:
        """Whether its columns were chosen yet."""
        return bool(self._shown)

    def shows(self, column: Column) -> bool:
        """Whether there is room for a column."""
        return column in self._shown

    def as_text(self, keys: Iterable[str] | None = None) -> str:
        """Rows as lines with tabs between the cells, shown or not; all, with titles, by default."""
        lines = [[column.label for column in self._all]] if keys is None else []
        wanted = self._rows if keys is None else keys
        rows = (self._rows[key] for key in wanted if key in self._rows)
        lines += [[cell.text for cell in row.cells] for row in rows]
        return "\n".join(map("\t".join, lines))

    def show_order(self, column: Column, *, descending: bool) -> None:
        """Put an arrow before the title of the column that the rows are sorted by."""
        self._order = column, descending
        self._put_columns()

    def show_marks(self, keys: Iterable[str]) -> None:
        """Put a sign before these rows, and before no others."""
        marks = frozenset(keys)
        changed, self._marks = self._marks ^ marks, marks
        for key in changed & self._rows.keys():
            self._redraw_row(self._rows[key])

    @property
    def cursor_key(self) -> str | None:
        """The key of the row under the cursor."""
        keys = list(self._rows)
        return keys[self.cursor_row] if 0 <= self.cursor_row < len(keys) else None

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """A person moved the cursor."""
        event.stop()
        self.post_message(self.Moved(self.cursor_key))

    def show(self, rows: Sequence[TableRow]) -> None:
        """Make these the rows, in this order.

        Without rows only the titles stay; hidden altogether it would lose the focus.
        """
        self.set_class(not rows, "-empty")
        if self._measure(rows):
            self._lay_out()
        if [row.key for row in rows] == list(self._rows):
            for row in rows:
                self._update(row)
            self._rows = {row.key: row for row in rows}
        else:
            self._refill(rows)

    def go_to(self, key: str) -> None:
        """Put the cursor on a row, if it is there."""
        if key in self._rows and key != self.cursor_key:
            self.move_cursor(row=list(self._rows).index(key))

    def action_first(self) -> None:
        """Go to the first row."""
        self.move_cursor(row=0)

    def action_last(self) -> None:
        """Go to the last row."""
        self.move_cursor(row=self.row_count - 1)

    def action_half_page(self, direction: int) -> None:
        """Go half of what is seen up or down."""
        rows = max(self.scrollable_content_region.height // 2, 1)
        self.move_cursor(row=self.cursor_row + direction * rows)

    def _measure(self, rows: Sequence[TableRow]) -> bool:
        """Whether a text is longer than all before it in its column."""
        grown = False
        for row in rows:
            if self._rows.get(row.key) == row:
                continue
            for column, cell in zip(self._all, row.cells, strict=True):
                cells = cell_len(cell.text)
                if cells > self._longest.get(column.id, 0):
                    self._longest[column.id] = cells
                    grown = True
        return grown

    def _update(self, row: TableRow) -> None:
        old = self._rows[row.key]
        for column in self._shown:
            index = self._all.index(column)
            if old.cells[index] != row.cells[index]:
                self.update_cell(row.key, column.id, self._cell(row, column))

    def _refill(self, rows: Sequence[TableRow]) -> None:
        cursor = self.cursor_key
        before = self.cursor_row
        scroll = self.scroll_y
        # The cursor's way through an emptied table is no choice of anybody's.
        with self.prevent(DataTable.RowHighlighted):
            self.clear()
            self._rows = {row.key: row for row in rows}
            for row in rows:
                self.add_row(*self._texts(row), key=row.key)
            keys = list(self._rows)
            at = keys.index(cursor) if cursor in self._rows else min(before, len(keys) - 1)
            self.move_cursor(row=max(at, 0), scroll=False)
        self.scroll_to(y=scroll, animate=False)
        if self.cursor_key != cursor:
            self.post_message(self.Moved(self.cursor_key))

    def _lay_out(self) -> None:
        """Choose the columns that fit, and give the flexible one what they leave."""
        room = self.scrollable_content_region.width
        fitted = fit(self._all, self._longest, room)
        if not room or fitted == tuple(zip(self._shown, self._widths, strict=True)):
            return
        self._shown = tuple(column for column, _ in fitted)
        self._widths = tuple(width for _, width in fitted)
        self._put_columns()

    def _put_columns(self) -> None:
        """Begin anew with the titles, then the rows."""
        cursor, scroll = self.cursor_row, self.scroll_y
        with self.prevent(DataTable.RowHighlighted):
            self.clear(columns=True)
            for column, width in zip(self._shown, self._widths, strict=True):
                self.add_column(self._title(column), key=column.id, width=width + GAP)
            for row in self._rows.values():
                self.add_row(*self._texts(row), key=row.key)
            self.move_cursor(row=cursor, scroll=False)
        self.scroll_to(y=scroll, animate=False)

    def _title(self, column: Column) -> Text:
        if self._order is None or self._order[0] is not column:
            return self._text(column, Cell(column.label))
        # The arrow takes the blank before the title, which every column has.
        return self._text(column, Cell(column.label), ARROWS[self._order[1]])

    def _recolour(self, _theme: Theme) -> None:
        # The theme's variables are those of the old one until the next refresh.
        self.call_after_refresh(self._redraw)

    def _redraw(self) -> None:
        for row in self._rows.values():
            self._redraw_row(row)

    def _redraw_row(self, row: TableRow) -> None:
        for column, text in zip(self._shown, self._texts(row), strict=True):
            self.update_cell(row.key, column.id, text)

    def _texts(self, row: TableRow) -> list[Text]:
        return [self._cell(row, column) for column in self._shown]

    def _cell(self, row: TableRow, column: Column) -> Text:
        cell = row.cells[self._all.index(column)]
        if not column.width:
            at = self._shown.index(column)
            cell = replace(cell, text=shorten(cell.text, self._widths[at]))
        if row.key not in self._marks:
            return self._text(column, cell)
        sign = MARK if column is self._shown[0] else ""
        marked = replace(cell, tone=Tone.ACCENT) if cell.tone is Tone.PLAIN else cell
        return self._text(column, marked, sign)

    def _text(self, column: Column, cell: Cell, sign: str = "") -> Text:
        """A cell; `sign` stands in the blank before it."""
        blank = "" if column.right else " " * GAP
        return Text(
            (sign or blank) + cell.text,
            style=rich_style(cell.tone, self.app.theme_variables),
            justify="right" if column.right else "left",
            no_wrap=True,
            overflow="ellipsis",
        )
