"""A table whose rows come again with every snapshot, and of which only those in sight are made."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from tsmon.tui.text.tones import Tone
from tsmon.tui.widgets.columns import GAP, Column, TableRow, shorten
from tsmon.tui.widgets.long_table import HEADER, NOTHING_LONG, LongTable, clipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from textual import events
    from textual.content import Content
    from textual.theme import Theme

MARK = "◆"
RIGHT_BUTTON = 3


class LiveTable(LongTable[str]):
    """A table that is given all its rows at once, by their keys.

    The cursor stays on the row it is on, wherever that row moves to.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "open", show=False)]

    class Moved(LongTable.Moved):
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
        self._seen: dict[str, int] = {}
        """The cells that the longest text of each column took, of all rows that were seen."""
        super().__init__(columns, lambda key: self._row(key).cells, id=id)
        self._longest = self._seen
        self._row: Callable[[str], TableRow] = _no_row
        self._strips: dict[str, tuple[TableRow, bool, Strip]] = {}
        """How the rows in sight were drawn, and of what."""
        self._marks: frozenset[str] = frozenset()
        self._shown_as: str | None = None
        """The row that was last said to be under the cursor."""
        self.explain: Callable[[Column], Content | None] = lambda _: None
        """What a column's title shows while the mouse rests on it."""

    def on_mount(self) -> None:
        """Draw the rows in the colours of another theme."""
        self.app.theme_changed_signal.subscribe(self, self._recolour)

    def on_unmount(self) -> None:
        """Listen no longer: a signal keeps alive who listens to it."""
        self.app.theme_changed_signal.unsubscribe(self)

    # What is shown

    def show_rows(self, rows: Sequence[TableRow]) -> None:
        """Make these the rows, in this order."""
        by_key = {row.key: row for row in rows}
        self._note_longest(by_key.values())
        self.show_keys(list(by_key), by_key.__getitem__)

    def show_keys(
        self,
        keys: Sequence[str],
        row: Callable[[str], TableRow],
        longest: Mapping[str, int] = NOTHING_LONG,
    ) -> None:
        """Make these the rows, in this order; `row` is asked for those in sight.

        `longest` is the width of the longest text of columns that need it, by their ids. Without
        rows only the titles stay; hidden altogether it would lose the focus.
        """
        before = self.cursor_key
        self.set_class(not keys, "-empty")
        self._row = row
        if keys != self.items:
            self.items = keys
            if before is not None and (self.cursor >= len(keys) or keys[self.cursor] != before):
                self.cursor = keys.index(before) if before in keys else self.cursor
            self.cursor = max(min(self.cursor, len(keys) - 1), 0)
            self.refresh()
        for id_, length in longest.items():
            self._seen[id_] = max(length, self._seen.get(id_, 0))
        self._note_longest(map(row, self._keys_in_sight))
        self._lay_out()
        self._refresh_changed()
        self._show_moved()

    def show_marks(self, keys: Iterable[str]) -> None:
        """Put a sign before these rows, and before no others."""
        self._marks = frozenset(keys)
        self._refresh_changed()

    @property
    def laid_out(self) -> bool:
        """Whether its columns were chosen yet."""
        return bool(self._shown)

    def as_text(self, keys: Iterable[str] | None = None) -> str:
        """Rows as lines with tabs between the cells, shown or not; all, with titles, by default."""
        copied = [at for at, column in enumerate(self._all) if not column.drawing]
        lines = [[self._all[at].label for at in copied]] if keys is None else []
        wanted = self.items if keys is None else [key for key in keys if key in self.items]
        lines += [[self._row(key).cells[at].text for at in copied] for key in wanted]
        return "\n".join(map("\t".join, lines))

    # Moving

    @property
    def cursor_key(self) -> str | None:
        """The key of the row under the cursor."""
        return self.chosen

    def go_to(self, key: str) -> None:
        """Put the cursor on a row, if it is there."""
        if key != self.cursor_key and key in self.items:
            self._go(self.items.index(key))

    def action_open(self) -> None:
        """Enter on a row."""
        if self.items:
            self.post_message(self.Opened(self))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Have the tooltip be that of the title below the mouse, if it is on one."""
        column = self._column_at(event.x) if event.y < HEADER else None
        self.tooltip = self.explain(column) if column else None

    def on_click(self, event: events.Click) -> None:
        """A click with ctrl, or with the right button, marks a row."""
        row = self._row_at(event)
        if (event.ctrl or event.button == RIGHT_BUTTON) and 0 <= row < len(self.items):
            event.stop()
            event.prevent_default()
            self.post_message(self.MarkWanted(self.items[row]))

    def _go(self, row: int) -> None:
        before, self.cursor = self.cursor, max(min(row, len(self.items) - 1), 0)
        self._show_cursor()
        for each in {before, self.cursor}:
            self.refresh_line(each + HEADER)
        # Behind the keys that wait here, so that the rows on the way are not reported.
        self.call_later(self._show_moved)

    def _show_moved(self) -> None:
        if self.cursor_key != self._shown_as:
            self._shown_as = self.cursor_key
            self.post_message(self.Moved(self._shown_as))

    # Drawing

    @property
    def _keys_in_sight(self) -> Sequence[str]:
        first = self.scroll_offset.y
        return self.items[first : first + self._in_sight]

    def _note_longest(self, rows: Iterable[TableRow]) -> None:
        for row in rows:
            for column, cell in zip(self._all, row.cells, strict=True):
                length = cell_len(cell.text)
                if length > self._seen.get(column.id, 0):
                    self._seen[column.id] = length

    def _lay_out(self) -> None:
        if self._choose_columns():
            self._strips.clear()
            self.refresh()

    def _recolour(self, _theme: Theme) -> None:
        # The theme's variables are those of the old one until the next refresh.
        self.call_after_refresh(self._forget_styles)

    def _forget_styles(self) -> None:
        self._styles = {}
        self._strips.clear()
        self.refresh()

    def _refresh_changed(self) -> None:
        """Draw the rows in sight that are not as they were drawn last."""
        for number, key in enumerate(self._keys_in_sight, self.scroll_offset.y):
            drawn = self._strips.get(key)
            if drawn is None or drawn[:2] != (self._row(key), key in self._marks):
                self.refresh_line(number + HEADER)

    def _draw_row(self, key: str) -> Strip:
        row, is_marked = self._row(key), key in self._marks
        drawn = self._strips.get(key)
        if drawn is not None and drawn[:2] == (row, is_marked):
            return drawn[2]
        if len(self._strips) > 4 * self._in_sight:
            self._strips.clear()
        parts = [part for shown in self._shown for part in self._draw_cell(row, is_marked, *shown)]
        self._strips[key] = row, is_marked, Strip(parts)
        return self._strips[key][2]

    def _draw_cell(
        self, row: TableRow, is_marked: bool, at: int, column: Column, width: int
    ) -> list[Segment]:
        cell = row.cells[at]
        sign = MARK if is_marked and at == self._shown[0][0] else " " * GAP
        tone = Tone.ACCENT if is_marked and cell.tone is Tone.PLAIN else cell.tone
        text = clipped(cell.text if column.width else shorten(cell.text, width), width)
        blank = " " * (width - cell_len(text))
        text = f"{blank}{sign}{text}" if column.right else f"{sign}{text}{blank}"
        return [Segment(text, self._styles[tone])]


def _no_row(key: str) -> TableRow:
    raise KeyError(key)
