"""What one sees first where no TorchServe is: what to do about it."""

from __future__ import annotations

from enum import Enum
from typing import ClassVar

from textual.app import ComposeResult
from textual.widgets import OptionList, Static

from tsmon.tui.screens.dialog import Dialog
from tsmon.tui.text.tones import Tone, line
from tsmon.tui.widgets.motion import Choices


class FirstStep(Enum):
    """What to do where there is no server."""

    DEMO = "Try the demo: start a TorchServe here and serve the digit model"
    START = "Start a TorchServe here, with your own models"
    WAIT = "Wait until one answers"


class Welcome(Dialog[FirstStep]):
    """Offers the ways on."""

    HEADING: ClassVar[str] = "No TorchServe here yet"
    ACCEPT: ClassVar[str] = "Continue"
    CANCEL: ClassVar[str] = "Close"
    LEAVES: ClassVar[str] = "closes"

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address

    def body(self) -> ComposeResult:
        """What was looked for, the ways on, and how to name a server elsewhere."""
        looked = f"Nothing answers at {self._address}, and no TorchServe runs on this machine."
        yield Static(line((looked, Tone.PLAIN)), classes="explanation")
        yield Choices(*(step.value for step in FirstStep), id="choices", compact=True)
        elsewhere = (
            "For a server elsewhere: tsmon --server HOST:8081. To save it: tsmon config init."
        )
        yield Static(line((f"\n{elsewhere}", Tone.MUTED)))

    def on_mount(self) -> None:
        """Begin at the demo."""
        steps = self.query_one(OptionList)
        steps.highlighted = 0
        steps.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click takes it."""
        event.stop()
        self.accept()

    def accept(self) -> None:
        """Take the one under the cursor."""
        at = self.query_one(OptionList).highlighted
        if at is not None:
            self.dismiss(list(FirstStep)[at])
