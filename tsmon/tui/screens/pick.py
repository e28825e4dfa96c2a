"""The question which one of a few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from tsmon.tui.screens.list_dialog import ListDialog
from tsmon.tui.tones import Tone, line

Choice = TypeVar("Choice")


@dataclass(frozen=True)
class Picked(Generic[Choice]):
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
