"""One text as a whole: a long log line, a finding."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tsmon.tui import keymap
from tsmon.tui.keymap.active import keys_of
from tsmon.tui.screens.above import AboveInPart

MOST_CHARACTERS = 20_000
"""Characters."""


class WholeText(AboveInPart[None]):
    """A text in a box of its own, to scroll through and to copy."""

    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(
        (*keymap.DIALOG_KEYS, *keymap.TEXT_KEYS)
    )

    def __init__(self, title: str, shown: Content | str, copied: str, what: str = "") -> None:
        """`copied` is what can be copied, which `what` names if it is not all of it.

        Of a text without an end only the beginning is shown, as it has to be drawn at once.
        """
        super().__init__()
        self._title = title
        left = len(shown) - MOST_CHARACTERS
        self._shown = (
            shown if left <= 0 else f"{shown[:MOST_CHARACTERS]}\n… and {left:,} more characters"
        )
        self._copied = copied
        self._what = what

    def compose(self) -> ComposeResult:
        """The box with the text."""
        with VerticalScroll(id="dialog") as box:
            box.border_title = self._title
            what = f" {self._what}" if self._what else ""
            copies = f"{{text.copy}} copies{what}, " if self._copied else ""
            box.border_subtitle = keys_of(self).expand(f"{copies}{{dialog.cancel}} closes")
            yield Static(self._shown, id="whole-text")

    def action_copy(self) -> None:
        """Hand it to the terminal's clipboard."""
        if self._copied:
            self.app.copy_to_clipboard(self._copied)
            self.notify("copied, if your terminal allows it (OSC 52)", timeout=3)

    def action_cancel(self) -> None:
        """Close the text."""
        self.dismiss(None)
