"""What the four panes have in common: a border with their number, title and a note."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.containers import Vertical
from textual.content import Content

from tsmon.untrusted.text import visible

if TYPE_CHECKING:
    from tsmon.tui.keymap import PaneName

DOUBLE = 2
"""A click soon after another one."""


class Pane(Vertical):
    """A numbered box; the one in focus has a coloured border."""

    NAME: PaneName

    def __init__(self) -> None:
        super().__init__(id=self.NAME.value)
        self._head = ""
        self._foot = Content()
        self.head()

    @property
    def title_word(self) -> str:
        """What the pane is called."""
        return self.NAME.title

    def head(self, *parts: str) -> None:
        """Set the title's words after the pane's own name."""
        title = " · ".join([self.title_word, *filter(None, parts)])
        if title != self._head:
            self._head = title
            self.border_title = Content(visible(title))

    def foot(self, text: str | Content) -> None:
        """Set the note in the lower border."""
        note = Content(visible(text)) if isinstance(text, str) else text
        if (note.plain, note.spans) != (self._foot.plain, self._foot.spans):
            self._foot = self.border_subtitle = note

    async def on_click(self, event: events.Click) -> None:
        """A click on the title goes to the pane; a second one gives it the whole screen, or not."""
        if event.screen_y != self.region.y:
            return
        event.stop()
        self.take_focus()
        if event.chain == DOUBLE:
            await self.run_action("screen.do('view.zoom')")

    def take_focus(self) -> None:
        """Put the focus on the pane, or on its first widget that can have it."""
        for widget in (self, *self.query("*")):
            if widget.focusable and widget.display:
                widget.focus()
                return
