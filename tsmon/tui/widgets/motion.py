"""Lists and pages that are moved in by the keys of the table."""

from __future__ import annotations

from typing import ClassVar

from textual._widget_navigation import Direction
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import OptionList

from tsmon.tui import keymap


class Choices(OptionList):
    """A list to choose from."""

    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(keymap.MOTION_KEYS)

    def action_half_page(self, direction: int) -> None:
        """Go half of what is seen up or down."""
        if self.option_count:
            rows = max(self.scrollable_content_region.height // 2, 1)
            wanted = (self.highlighted or 0) + direction * rows
            self.highlighted = min(max(wanted, 0), self.option_count - 1)

    def _move_page(self, direction: Direction) -> None:
        """Go a page up or down; without any lines, on a screen of a few cells, there is none."""
        if (self.highlighted or 0) in self._index_to_line:
            super()._move_page(direction)


class ScrollableText(VerticalScroll):
    """A text to read."""

    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(keymap.MOTION_KEYS)

    def action_cursor_up(self) -> None:
        """Go a line up."""
        self.scroll_up(animate=False)

    def action_cursor_down(self) -> None:
        """Go a line down."""
        self.scroll_down(animate=False)

    def action_half_page(self, direction: int) -> None:
        """Go half of what is seen up or down."""
        self.scroll_relative(y=direction * (self.size.height // 2), animate=False)

    def action_first(self) -> None:
        """Go to the beginning."""
        self.scroll_home(animate=False)

    def action_last(self) -> None:
        """Go to the end."""
        self.scroll_end(animate=False)
