"""The question which one of a few."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList

from tsmon.tui.screens.dialog import Dialog

Choice = TypeVar("Choice")


class Picked(Generic[Choice]):
    """What was chosen; the choice itself may be None."""

    def __init__(self, choice: Choice) -> None:
        self.choice = choice


class Pick(Dialog[Picked[Choice]]):
    """Lists choices; enter or a click takes one."""

    ACCEPT: ClassVar[str] = "Choose"

    def __init__(
        self, heading: str, choices: Sequence[tuple[str, Choice]], now: Choice | None = None
    ) -> None:
        """`choices`, what is shown and what it stands for, must not be empty."""
        super().__init__()
        self._heading = heading
        self._choices = choices
        self._now = now

    @property
    def heading(self) -> str:
        """What is chosen."""
        return self._heading

    def body(self) -> ComposeResult:
        """The choices."""
        shown = (Content(words) for words, _ in self._choices)
        yield OptionList(*shown, id="choices", compact=True)

    def on_mount(self) -> None:
        """Begin at the present one."""
        values = [value for _, value in self._choices]
        listed = self.query_one(OptionList)
        listed.highlighted = values.index(self._now) if self._now in values else 0
        listed.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click takes it."""
        event.stop()
        self.accept()

    def accept(self) -> None:
        """Take the one under the cursor."""
        at = self.query_one(OptionList).highlighted
        if at is not None:
            self.dismiss(Picked(self._choices[at][1]))
