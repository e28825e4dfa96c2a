"""The question what to copy, each answer with its letter and the text itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList

from tsmon.tui import keymap
from tsmon.tui.keymap.active import keys_of
from tsmon.tui.screens.above import AboveInPart
from tsmon.tui.text.tones import Tone, line
from tsmon.tui.widgets.motion import Choices
from tsmon.untrusted.text import brief


class Copyable(Struct, frozen=True):
    """A text that can be copied."""

    letter: str
    what: str
    """`the row`; for the list and for the word that it was copied."""
    text: str


class CopyChoice(AboveInPart[Copyable | None]):
    """Lists the texts; its letter, enter or a click takes one."""

    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(keymap.DIALOG_KEYS)

    def __init__(self, choices: Sequence[Copyable]) -> None:
        """`choices` must not be empty."""
        super().__init__()
        self._choices = choices

    def compose(self) -> ComposeResult:
        """The list of what can be copied."""
        with Vertical(id="dialog") as box:
            box.border_title = "Copy"
            words = "a letter, enter or a click copies, {dialog.cancel} closes"
            box.border_subtitle = keys_of(self).expand(words)
            yield Choices(*map(self._format, self._choices), id="copy-list", compact=True)

    def on_key(self, event: events.Key) -> None:
        """A letter of the list."""
        chosen = next((each for each in self._choices if each.letter == event.character), None)
        if chosen is not None:
            event.stop()
            self.dismiss(chosen)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click."""
        event.stop()
        self.dismiss(self._choices[event.option_index])

    def action_cancel(self) -> None:
        """Close without copying anything."""
        self.dismiss(None)

    def _format(self, choice: Copyable) -> Content:
        width = max(len(each.what) for each in self._choices)
        return line(
            (f" {choice.letter} ", Tone.ACCENT),
            (f"{choice.what:<{width}}  ", Tone.PLAIN),
            (first_line(choice.text), Tone.MUTED),
        )


def first_line(text: str) -> str:
    """A text as one line."""
    first, *more = text.splitlines() or [""]
    shown = first.replace("\t", "  ")
    shown = brief(shown)
    return f"{shown} … and {len(more)} more" if more else shown
