"""What the questions have in common that are answered from a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from msgspec import Struct
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from tsmon.telemetry.snapshot import ModelKey, ModelStatus
from tsmon.tui.screens.above import Result
from tsmon.tui.screens.dialog import Dialog
from tsmon.tui.text.tones import Tone, line
from tsmon.tui.widgets.motion import Choices
from tsmon.units import plural


class ListDialog(Dialog[Result]):
    """Lists answers; enter or a click takes one."""

    ACCEPT: ClassVar[str] = "Choose"

    def __init__(
        self,
        heading: str,
        answers: Sequence[tuple[Content, Result]],
        now: Result | None = None,
        words: str = "",
    ) -> None:
        """`answers`, each with how it is shown, must not be empty; the cursor is on `now`."""
        super().__init__()
        self._heading = heading
        self._answers = answers
        self._now = now
        self._words = words

    @property
    def heading(self) -> str:
        """What is asked."""
        return self._heading

    def body(self) -> ComposeResult:
        """The facts, and the answers."""
        if self._words:
            yield Static(self._words, classes="explanation")
        yield Choices(*(shown for shown, _ in self._answers), id="choices", compact=True)

    def on_mount(self) -> None:
        """Begin at the present one."""
        values = [value for _, value in self._answers]
        listed = self.query_one(Choices)
        listed.type_ahead = True
        listed.highlighted = values.index(self._now) if self._now in values else 0
        listed.focus()

    def on_option_list_option_selected(self, event: Choices.OptionSelected) -> None:
        """Enter or a click takes it."""
        event.stop()
        self.accept()

    def accept(self) -> None:
        """Take the one under the cursor."""
        at = self.query_one(Choices).highlighted
        if at is not None:
            self.dismiss(self._answers[at][1])


Choice = TypeVar("Choice")


class Picked(Struct, Generic[Choice], frozen=True):
    """What was chosen; the choice itself may be None."""

    choice: Choice


class Pick(ListDialog[Picked[Choice]]):
    """Lists choices, which are values of any kind."""

    def __init__(
        self, heading: str, choices: Sequence[tuple[str, Choice]], now: Choice | None = None
    ) -> None:
        """`choices`, what is shown and what it stands for, must not be empty."""
        answers = [(line((words, Tone.PLAIN)), Picked(choice)) for words, choice in choices]
        present = next((picked for _, picked in answers if picked.choice == now), None)
        super().__init__(heading, answers, present)


class ChooseVersion(ListDialog[ModelKey]):
    """Lists the versions on the server, each with its workers."""

    def __init__(
        self, heading: str, words: str, models: Sequence[ModelStatus], now: ModelKey | None
    ) -> None:
        """`models` must not be empty; the cursor is on `now` at first."""
        answers = [(_format(model), model.key) for model in models]
        super().__init__(heading, answers, now, words)


def _format(model: ModelStatus) -> Content:
    star = " ★" if model.is_default else ""
    workers = f"{model.ready} of {plural(len(model.workers), 'worker')} ready"
    return line((f"{model.key}{star}   {workers}", Tone.PLAIN))
