"""The server's full description of a version."""

from __future__ import annotations

import json
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.highlight import highlight
from textual.widgets import Static

from tsmon.torchserve.records import ModelVersion
from tsmon.tui import keymap
from tsmon.tui.equivalents import without_secrets
from tsmon.tui.keyed import keys_of
from tsmon.tui.screens.above import AboveInPart
from tsmon.tui.widgets.motion import Reading


class Describe(AboveInPart[None]):
    """JSON as the server sent it, to scroll through and to copy."""

    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(
        (*keymap.DIALOG_KEYS, *keymap.DESCRIBE_KEYS)
    )

    def __init__(self, model: ModelVersion) -> None:
        super().__init__()
        self._title = f"{model.name} {model.version}"
        self._text = json.dumps(model.raw, indent=2, ensure_ascii=False)

    def compose(self) -> ComposeResult:
        """The text in a box of its own."""
        with Reading(id="page") as box:
            box.border_title = self._title
            words = "{describe.copy} copies, {dialog.cancel} closes"
            box.border_subtitle = keys_of(self).spell(words)
            yield Static(highlight(self._text, language="json"))

    def action_copy(self) -> None:
        """Hand the text to the terminal's clipboard, which works over SSH too."""
        self.app.copy_to_clipboard(without_secrets(self._text))
        self.notify("copied, if your terminal allows it (OSC 52)", timeout=3)

    def action_cancel(self) -> None:
        """Close it."""
        self.dismiss(None)
