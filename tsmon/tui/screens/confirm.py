"""A question before something is lost, graded by how much that is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from msgspec import Struct
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from tsmon.torchserve.errors import TorchServeError
from tsmon.tui.screens.dialog import Dialog
from tsmon.tui.state.risk import Risk
from tsmon.tui.text.notes import Note
from tsmon.tui.text.tones import line
from tsmon.tui.widgets.field import Field


class Outdated(TorchServeError):
    """What a question is about changed before it was answered."""


class Question(Struct, frozen=True):
    """What is asked."""

    heading: str
    consequences: Content
    severity: Risk
    accept: str = "Yes"
    """What the button does, in a word."""
    typed: str = ""
    """What has to be typed where it stops serving: a name, or how many."""


class Confirm(Dialog[bool]):
    """Yes or no; a careless enter changes nothing."""

    CANCEL = "No"
    LEAVES = "changes nothing"
    VARIANT = "error"
    AUTO_FOCUS = "#cancel"

    def __init__(
        self,
        question: Question,
        work: Callable[[], Awaitable[None]] | None = None,
        saying: str = "…",
    ) -> None:
        """`work` is done before the dialog closes; what goes wrong with it is reported inside."""
        super().__init__()
        self._question = question
        self._work = work
        self._saying = saying

    @property
    def heading(self) -> str:
        """The question, after the glyph for how bad it is."""
        return f"{self._question.severity.words.split()[0]} {self._question.heading}"

    @property
    def accept_label(self) -> str:
        """What will be done."""
        return self._question.accept

    @property
    def _must_type(self) -> str:
        return self._question.typed if self._question.severity is Risk.LAST else ""

    def body(self) -> ComposeResult:
        """How bad it is and what will happen."""
        severity = self._question.severity
        yield Static(line((severity.words, severity.tone)), id="severity", classes="explanation")
        yield Static(self._question.consequences, classes="explanation")
        if self._must_type:
            words = f"Type {self._must_type} to continue; enter alone changes nothing."
            yield Static(words, classes="explanation")
            yield Field("answer", id="typed")

    def on_mount(self) -> None:
        """Show how bad it is; nothing typed is the safe answer where something has to be."""
        self.add_class(f"-{self._question.severity.name.lower()}")
        if self._must_type:
            self.query_one("#typed Input").focus()

    def accept(self) -> None:
        """Yes, or what was typed."""
        typed = self.query_one("#typed", Field).text if self._must_type else ""
        if typed != self._must_type:
            if typed:
                self.show_note(Note(f"{typed!r} is not {self._must_type!r}", "esc changes nothing"))
            else:
                self.dismiss(False)
        elif self._work is None:
            self.dismiss(True)
        else:
            self.carry_out(self._do(self._work), self._saying)

    async def _do(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Outdated:
            self.dismiss(None)  # who asked says what changed, and asks again
        else:
            self.dismiss(True)
