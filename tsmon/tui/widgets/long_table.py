"""A table of thousands of rows, of which only those in sight are ever formatted and drawn."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Generic

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tsmon.ordering import Item
from tsmon.tui import keymap
from tsmon.tui.text.tones import Tone, rich_style
from tsmon.tui.widgets.columns import ARROWS, GAP, Cell, Column, fit, shorten
from tsmon.tui.widgets.highlight import highlighted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rich.style import Style
    from textual import events
    from textual.binding import BindingType

NOTHING_LONG: Mapping[str, int] = MappingProxyType({})
HEADER = 1
"""Lines above the rows."""


class LongTable(ScrollView, Generic[Item], can_focus=True):
    """Titles that stay in sight, rows below them, and a cursor that stays on its item."""

    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(keymap.MOTION_KEYS)
    COMPONENT_CLASSES: ClassVar[set[str]] = {"long-table--cursor", "long-table--cursor-focus"}

    class Moved(Message):
        """The cursor is on another item."""

    class Opened(Message):
        """The item under the cursor was clicked."""

        def __init__(self, table: LongTable[Any]) -> None:
            super().__init__()
            self.table = table

    class TitleClicked(Message):
        """The title of a column was clicked."""

        def __init__(self, column: Column) -> None:
            super().__init__()
            self.column = column

    def __init__(
        self,
        columns: Sequence[Column],
        format_row: Callable[[Item], Sequence[Cell]],
        *,
        id: str | None = None,  # noqa: A002 (Textual's name)
    ) -> None:
        """`format_row` gives the cells of an item, one for each column, shown or not."""
        super().__init__(id=id)
        self.items: Sequence[Item] = ()
        self.cursor = 0
        self._all = tuple(columns)
        self._format = format_row
        self._shown: list[tuple[int, Column, int]] = []
        """Place among all, column and width of those for which there is room."""
        self._left_out: frozenset[str] = frozenset()
        self._longest: Mapping[str, int] = NOTHING_LONG
        self._order: tuple[Column, bool] | None = None
        self._styles: dict[Tone, Style] = {}
        self._theme = ""

    @property
    def chosen(self) -> Item | None:
        """The item under the cursor."""
        return self.items[self.cursor] if self.cursor < len(self.items) else None

    def leave_out(self, *ids: str) -> None:
        """Have no columns with these ids, whatever room there is."""
        if self._left_out != frozenset(ids):
            self._left_out = frozenset(ids)
            self._lay_out()

    def shows(self, column: Column) -> bool:
        """Whether there is room for a column."""
        return any(column is each for _, each, _ in self._shown)

    def show(
        self,
        items: Sequence[Item],
        *,
        longest: Mapping[str, int] = NOTHING_LONG,
        from_top: bool = False,
    ) -> None:
        """Make these the rows; the cursor stays on its item if that is among them.

        `longest` is the width of the longest text of columns that need it, by their ids.
        """
        self._longest = longest
        before = self.chosen
        above = self.cursor - self.scroll_offset.y
        self.items = items
        if from_top:
            self.cursor = 0
        elif before is not None and before in items:
            self.cursor = items.index(before)
        self.cursor = max(min(self.cursor, len(items) - 1), 0)
        self._lay_out()
        # The row of the cursor stays where it is on the screen too.
        self.scroll_to(y=max(self.cursor - above, 0), animate=False, immediate=True, force=True)
        self._show_cursor()
        if self.chosen is not before:
            self.post_message(self.Moved())

    def show_order(self, column: Column, *, descending: bool) -> None:
        """Put an arrow before the title of the column that the rows are sorted by."""
        self._order = column, descending
        self.refresh()

    # Moving

    def action_cursor_up(self) -> None:
        """Go one row up."""
        self._go(self.cursor - 1)

    def action_cursor_down(self) -> None:
        """Go one row down."""
        self._go(self.cursor + 1)

    def action_page_up(self) -> None:
        """Go as many rows up as are in sight."""
        self._go(self.cursor - self._in_sight)

    def action_page_down(self) -> None:
        """Go as many rows down as are in sight."""
        self._go(self.cursor + self._in_sight)

    def action_half_page(self, direction: int) -> None:
        """Go half of what is seen up or down."""
        self._go(self.cursor + direction * max(self._in_sight // 2, 1))

    def action_first(self) -> None:
        """Go to the first row."""
        self._go(0)

    def action_last(self) -> None:
        """Go to the last row."""
        self._go(len(self.items) - 1)

    def on_click(self, event: events.Click) -> None:
        """Go to a row, open the one under the cursor, or show which title was clicked."""
        place = event.get_content_offset(self)
        if place is None:
            return
        row = self._row_at(event)
        if place.y < HEADER:
            column = self._column_at(place.x)
            if column is not None:
                self.post_message(self.TitleClicked(column))
        elif row == self.cursor:
            self.post_message(self.Opened(self))
        elif row < len(self.items):
            self._go(row)

    def _row_at(self, event: events.MouseEvent) -> int:
        """The row that the mouse is on, there or not; -1 on a title."""
        y = event.y - HEADER
        return y + self.scroll_offset.y if y >= 0 else -1

    @property
    def _in_sight(self) -> int:
        return max(self.scrollable_content_region.height - HEADER, 1)

    def _go(self, row: int) -> None:
        self.cursor = max(min(row, len(self.items) - 1), 0)
        self._show_cursor()
        self.refresh()
        self.post_message(self.Moved())

    def _show_cursor(self) -> None:
        row = Region(0, self.cursor, 1, 1 + HEADER)
        self.scroll_to_region(row, animate=False, force=True, immediate=True)

    # Drawing

    def on_resize(self, event: events.Resize) -> None:
        """Show the columns for which there is room now."""
        self._lay_out()
        self._show_cursor()

    def _lay_out(self) -> None:
        self._choose_columns()
        self.refresh()

    def _choose_columns(self) -> bool:
        """Choose the columns that fit, and give the flexible one what they leave; if others."""
        room, before = self.scrollable_content_region.width, self._shown
        self.virtual_size = Size(room, len(self.items) + HEADER)
        if room:
            columns = [each for each in self._all if each.id not in self._left_out]
            fitted = fit(columns, self._longest, room)
            self._shown = [(self._all.index(column), column, width) for column, width in fitted]
        return self._shown != before

    def _column_at(self, x: int) -> Column | None:
        for _, column, width in self._shown:
            x -= width + GAP
            if x < 0:
                return column
        return None

    def render_line(self, y: int) -> Strip:
        """The titles, or a row."""
        self._look_up_styles()
        width = self.scrollable_content_region.width
        row = y - HEADER + self.scroll_offset.y
        if y < HEADER:
            return self._draw([self._title(column) for column in self._all]).crop(0, width)
        if row >= len(self.items):
            return Strip.blank(width, self._styles[Tone.PLAIN])
        strip = self._draw_row(self.items[row])
        strip = strip.adjust_cell_length(width, self._styles[Tone.PLAIN])
        if row != self.cursor:
            return strip
        name = "long-table--cursor-focus" if self.has_focus else "long-table--cursor"
        return highlighted(strip, self.get_component_rich_style(name))

    def _draw_row(self, item: Item) -> Strip:
        return self._draw([(" ", cell) for cell in self._format(item)])

    def _draw(self, cells: Sequence[tuple[str, Cell]]) -> Strip:
        """A line of cells, each with what stands in the blank before it."""
        segments = []
        for at, column, width in self._shown:
            sign, cell = cells[at]
            text = clipped(shorten(cell.text, width), width)
            blank = " " * (width - cell_len(text))
            # The sign stands right before the text, wherever that begins.
            text = f"{blank}{sign}{text}" if column.right else f"{sign}{text}{blank}"
            segments.append(Segment(text, self._styles[cell.tone]))
        return Strip(segments)

    def _title(self, column: Column) -> tuple[str, Cell]:
        ordered = self._order is not None and self._order[0] is column
        sign = ARROWS[self._order[1]] if ordered and self._order else " "
        return sign, Cell(column.label, Tone.PLAIN if ordered else Tone.MUTED)

    def _look_up_styles(self) -> None:
        """The colours of the theme, which are looked up once for all rows."""
        if self._theme == self.app.theme and self._styles:
            return
        self._theme = self.app.theme
        plain = self.rich_style
        self._styles = {tone: plain + rich_style(tone, self.app.theme_variables) for tone in Tone}


def clipped(text: str, width: int) -> str:
    """The text, with an ellipsis where it has more cells."""
    return text if cell_len(text) <= width else f"{set_cell_size(text, width - 1)}…"
