"""Lists and pages that are moved in by the keys of the table."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual._widget_navigation import Direction
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import OptionList

from tsmon.tui import keymap

TYPING_S = 1.0
"""Letters typed within so long of each other are one word."""


class Choices(OptionList):
    """A list to choose from."""

    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(keymap.MOTION_KEYS)

    type_ahead = False
    """Whether letters that are no keys go to the first line that has a word beginning with them."""
    _typed = ""
    _typed_at = 0.0

    def on_key(self, event: events.Key) -> None:
        """Look for what is typed; a word that has begun takes every letter."""
        if not (self.type_ahead and event.character and event.is_printable):
            self._typed = ""
            return
        before = self._typed if event.time - self._typed_at < TYPING_S else ""
        if not before and event.key in self.screen.active_bindings:
            return
        event.stop()
        event.prevent_default()
        self._typed_at = event.time
        found = self._beginning_with(before + event.character)
        if found is None:  # what does not fit is not taken
            self._typed = before
            return
        self._typed = before + event.character
        self.highlighted = found

    def _beginning_with(self, typed: str) -> int | None:
        """The first line with a word that begins so, before those that have it inside a word."""
        typed = typed.casefold()
        texts = [str(option.prompt).casefold() for option in self.options]
        allowed = [at for at, option in enumerate(self.options) if not option.disabled]
        begins = (at for at in allowed if f" {typed}" in f" {texts[at]}")
        inside = (at for at in allowed if typed in texts[at])
        return next(begins, next(inside, None))

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
