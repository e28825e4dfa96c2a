"""Everything that is known of a version: in words, and as the server describes it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.highlight import highlight
from textual.reactive import var
from textual.widgets import Static

from tsmon.torchserve.errors import TorchServeError
from tsmon.tui import keymap
from tsmon.tui.keymap.active import keys_of
from tsmon.tui.screens.above import AboveInPart
from tsmon.tui.text.description import describe_in_words
from tsmon.tui.text.notes import Note
from tsmon.tui.text.tones import line
from tsmon.tui.widgets.motion import ScrollableText
from tsmon.untrusted.secrets import masked, masked_values
from tsmon.untrusted.text import visible

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelStatus
    from tsmon.torchserve.records import Json, ModelVersion

MOST_COLOURED = 100_000
"""Characters; finding the colours of more would be noticed."""


class Describe(AboveInPart[None]):
    """The sense first; the JSON that the server sent is its other page."""

    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(
        (*keymap.DIALOG_KEYS, *keymap.DESCRIBE_KEYS)
    )

    as_json = var(False, init=False)

    def __init__(
        self,
        model: ModelStatus,
        described: ModelVersion,
        old: str = "",
        ask: Callable[[], Awaitable[list[Any]]] | None = None,
    ) -> None:
        """`described` may be newer than `model`; `old` says of when that is, if not of now.

        `ask` has the model's handler say what it knows of itself; None where it cannot be asked.
        """
        super().__init__()
        self._ask = ask
        self._title = str(model.key)
        self._words = line(*describe_in_words(model, described, old))
        self._raw = described.raw
        self._json = _indented(described.raw)

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
        words = f"{{describe.turn}} {other}, {{describe.ask}} asks its handler, "
        words += "{describe.copy} copies, {dialog.cancel} closes"
        box.border_subtitle = keys_of(self).expand(words)
        colourful = len(self._json) <= MOST_COLOURED
        as_json = highlight(self._json, language="json") if colourful else self._json
        self.query_one("#description", Static).update(as_json if self.as_json else self._words)
        box.scroll_home(animate=False)

    def action_turn(self) -> None:
        """Show the other page."""
        self.as_json = not self.as_json

    def action_ask(self) -> None:
        """Ask the model's handler; a worker is busy with that, so only when a person wants it."""
        if self._ask is None:
            self.notify("the handler cannot be asked from here now", severity="error", timeout=5)
            return
        self._say("◌ asking the model's handler …")
        self.run_worker(self._show_metadata(self._ask), group="asking", exclusive=True)

    async def _show_metadata(self, ask: Callable[[], Awaitable[list[Any]]]) -> None:
        try:
            found = await ask()
        except TorchServeError as error:
            self._say(str(Note.of(error)))
            return
        if not any(found):
            self._say("the handler says nothing of itself; it has no describe_handle")
            return
        self._json = _indented({**self._raw, "customizedMetadata": found[0]})
        self.query_one("#page").border_title = self._title
        self.as_json = True
        self.watch_as_json()

    def _say(self, words: str) -> None:
        self.query_one("#page").border_title = f"{self._title}: {visible(words)}"

    def action_copy(self) -> None:
        """Hand what is shown to the terminal's clipboard, which works over SSH too."""
        self.app.copy_to_clipboard(self._json if self.as_json else masked(self._words.plain))
        self.notify("copied, if your terminal allows it (OSC 52)", timeout=3)

    def action_cancel(self) -> None:
        """Close the description."""
        self.dismiss(None)


def _indented(described: Json) -> str:
    text = json.dumps(masked_values(described), indent=2, ensure_ascii=False)
    return visible(text, keep_lines=True)
