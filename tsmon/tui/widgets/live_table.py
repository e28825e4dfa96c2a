"""A table whose rows come anew with every snapshot and which touches only what changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.theme import Theme
from textual.widgets import DataTable

from tsmon.tui import keymap
from tsmon.tui.tones import Tone, rich_style

GAP = 1
"""Blank columns before each cell; `DataTable` would put as many behind it as well."""
HEADER_ROW = -1
"""How `DataTable` numbers the row of titles."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `width` 0 gives it what the others leave."""

    id: str
    label: str
    width: int
    right: bool = False
    needs: int = 0
    """Left out when the table is narrower than this."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What one cell shows."""

    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Row:
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

    def __init__(self, columns: Sequence[Column], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, cursor_type="row", cell_padding=0, show_row_labels=False)
        self._all = tuple(columns)
        self._shown: tuple[Column, ...] = ()
        self._widths: tuple[int, ...] = ()
        self._rows: dict[str, Row] = {}
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

    @property
    def cursor_key(self) -> str | None:
        """The key of the row under the cursor."""
        keys = list(self._rows)
        return keys[self.cursor_row] if 0 <= self.cursor_row < len(keys) else None

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """A person moved the cursor."""
        event.stop()
        self.post_message(self.Moved(self.cursor_key))

    def show(self, rows: Sequence[Row]) -> None:
        """Make these the rows, in this order.

        Without rows only the titles stay; hidden altogether it would lose the focus.
        """
        self.set_class(not rows, "-empty")
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

    def _update(self, row: Row) -> None:
        old = self._rows[row.key]
        for column in self._shown:
            index = self._all.index(column)
            if old.cells[index] != row.cells[index]:
                self.update_cell(row.key, column.id, self._text(column, row.cells[index]))

    def _refill(self, rows: Sequence[Row]) -> None:
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
        shown = tuple(column for column in self._all if column.needs <= room)
        fixed = sum(column.width + GAP for column in shown)
        widths = tuple(column.width or max(room - fixed, 4) for column in shown)
        if not room or (shown, widths) == (self._shown, self._widths):
            return
        self._shown, self._widths = shown, widths
        cursor = self.cursor_row
        with self.prevent(DataTable.RowHighlighted):
            self.clear(columns=True)
            for column, width in zip(shown, widths, strict=True):
                label = self._text(column, Cell(column.label))
                self.add_column(label, key=column.id, width=width + GAP)
            for row in self._rows.values():
                self.add_row(*self._texts(row), key=row.key)
            self.move_cursor(row=cursor, scroll=False)

    def _recolour(self, _theme: Theme) -> None:
        # The theme's variables are those of the old one until the next refresh.
        self.call_after_refresh(self._redraw)

    def _redraw(self) -> None:
        for row in self._rows.values():
            for column, text in zip(self._shown, self._texts(row), strict=True):
                self.update_cell(row.key, column.id, text)

    def _texts(self, row: Row) -> list[Text]:
        return [self._text(column, row.cells[self._all.index(column)]) for column in self._shown]

    def _text(self, column: Column, cell: Cell) -> Text:
        return Text(
            cell.text if column.right else " " * GAP + cell.text,
            style=rich_style(cell.tone, self.app.theme_variables),
            justify="right" if column.right else "left",
            no_wrap=True,
            overflow="ellipsis",
        )
