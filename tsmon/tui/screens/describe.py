"""The server's full description of a version."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.highlight import highlight
from textual.widgets import Static

from tsmon.tui import keymap
from tsmon.tui.keymap.active import keys_of
from tsmon.tui.screens.above import AboveInPart
from tsmon.tui.widgets.motion import ScrollableText
from tsmon.untrusted.secrets import masked_values
from tsmon.untrusted.text import visible

if TYPE_CHECKING:
    from tsmon.torchserve.records import ModelVersion

MOST_COLOURED = 100_000
"""Characters; finding the colours of more would be noticed."""


class Describe(AboveInPart[None]):
    """JSON as the server sent it, to scroll through and to copy."""

    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(
        (*keymap.DIALOG_KEYS, *keymap.DESCRIBE_KEYS)
    )

    def __init__(self, model: ModelVersion) -> None:
        super().__init__()
        self._title = f"{model.name} {model.version}"
        text = json.dumps(masked_values(model.raw), indent=2, ensure_ascii=False)
        self._text = visible(text, keep_lines=True)

    def compose(self) -> ComposeResult:
        """The text in a box of its own."""
        with ScrollableText(id="page") as box:
            box.border_title = self._title
            words = "{describe.copy} copies, {dialog.cancel} closes"
            box.border_subtitle = keys_of(self).expand(words)
            colourful = len(self._text) <= MOST_COLOURED
            yield Static(highlight(self._text, language="json") if colourful else self._text)

    def action_copy(self) -> None:
        """Hand the text to the terminal's clipboard, which works over SSH too."""
        self.app.copy_to_clipboard(self._text)
        self.notify("copied, if your terminal allows it (OSC 52)", timeout=3)

    def action_cancel(self) -> None:
        """Close the description."""
        self.dismiss(None)
