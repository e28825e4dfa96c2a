"""A question before something is lost."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static
from textual.widgets.button import ButtonVariant

from tsmon.tui.screens.dialog import Dialog


class Confirm(Dialog[bool]):
    """Yes or no; no has the focus, so that a careless enter changes nothing."""

    ACCEPT: ClassVar[str] = "Yes"
    CANCEL: ClassVar[str] = "No"
    VARIANT: ClassVar[ButtonVariant] = "error"
    AUTO_FOCUS = "#cancel"

    def __init__(self, question: str, consequences: str) -> None:
        super().__init__()
        self._question = question
        self._consequences = consequences

    @property
    def heading(self) -> str:
        """The question."""
        return self._question

    def body(self) -> ComposeResult:
        """What will happen."""
        yield Static(Content(self._consequences), classes="explanation")

    def accept(self) -> None:
        """Yes."""
        self.dismiss(True)
