"""Everything that is known of a version: in words, and as the server describes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.highlight import highlight
from textual.reactive import var
from textual.widgets import Static

from tsmon.tui import keymap
from tsmon.tui.keymap.active import keys_of
from tsmon.tui.screens.above import AboveInPart
from tsmon.tui.text.description import describe_in_words
from tsmon.tui.text.tones import line
from tsmon.tui.widgets.motion import ScrollableText
from tsmon.untrusted.secrets import masked, masked_values
from tsmon.untrusted.text import visible

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelStatus
    from tsmon.torchserve.records import ModelVersion

MOST_COLOURED = 100_000
"""Characters; finding the colours of more would be noticed."""


class Describe(AboveInPart[None]):
    """The sense first; the JSON that the server sent is its other page."""

    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(
        (*keymap.DIALOG_KEYS, *keymap.DESCRIBE_KEYS)
    )

    as_json = var(False, init=False)

    def __init__(self, model: ModelStatus, described: ModelVersion, old: str = "") -> None:
        """`described` may be newer than `model`; `old` says of when that is, if not of now."""
        super().__init__()
        self._title = str(model.key)
        self._words = line(*describe_in_words(model, described, old))
        text = json.dumps(masked_values(described.raw), indent=2, ensure_ascii=False)
        self._json = visible(text, keep_lines=True)

    def compose(self) -> ComposeResult:
        """The text in a box of its own."""
        with ScrollableText(id="page") as box:
            box.border_title = self._title
            yield Static(id="description")

    def on_mount(self) -> None:
        """Begin with the words."""
        self.watch_as_json()

    def watch_as_json(self) -> None:
        """Show the other page from its beginning."""
        box = self.query_one("#page")
        other = "in words" if self.as_json else "JSON"
        words = f"{{describe.turn}} {other}, {{describe.copy}} copies, {{dialog.cancel}} closes"
        box.border_subtitle = keys_of(self).expand(words)
        colourful = len(self._json) <= MOST_COLOURED
        as_json = highlight(self._json, language="json") if colourful else self._json
        self.query_one("#description", Static).update(as_json if self.as_json else self._words)
        box.scroll_home(animate=False)

    def action_turn(self) -> None:
        """Show the other page."""
        self.as_json = not self.as_json

    def action_copy(self) -> None:
        """Hand what is shown to the terminal's clipboard, which works over SSH too."""
        self.app.copy_to_clipboard(self._json if self.as_json else masked(self._words.plain))
        self.notify("copied, if your terminal allows it (OSC 52)", timeout=3)

    def action_cancel(self) -> None:
        """Close the description."""
        self.dismiss(None)
