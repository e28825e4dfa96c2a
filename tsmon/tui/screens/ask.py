"""Small questions: a path, a text, a number of images."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.widgets import Static

from tsmon.torchserve.errors import InvalidArgument
from tsmon.tui.screens.above import Result
from tsmon.tui.screens.dialog import Dialog
from tsmon.tui.state.amount import Amount
from tsmon.tui.text.notes import Note
from tsmon.tui.widgets.field import Field


class Ask(Dialog[Result]):
    """Asks for one thing and does not let go of it before `use` could do with it."""

    def __init__(
        self, heading: str, words: str, field: Field, use: Callable[[Result], Awaitable[None]]
    ) -> None:
        """`words` explain; an expected error of `use` is reported in the dialog."""
        super().__init__()
        self._heading = heading
        self._words = words
        self._field = field
        self._use = use

    @property
    def heading(self) -> str:
        """What it is for."""
        return self._heading

    def body(self) -> ComposeResult:
        """The explanation and the field."""
        yield Static(self._words, classes="explanation")
        yield self._field

    async def _try(self, answer: Result) -> None:
        await self._use(answer)
        self.dismiss(answer)


class AskPath(Ask[Path]):
    """Asks for a path."""

    def __init__(
        self, heading: str, words: str, start: Path | None, use: Callable[[Path], Awaitable[None]]
    ) -> None:
        """`start` is filled in."""
        field = Field("path", str(start or ""), id="path", path=True)
        super().__init__(heading, words, field, use)

    def accept(self) -> None:
        """Try the path."""
        path = self._field.path
        if path is None:
            self.show_note(Note("no path given", "type one; the right arrow completes it"))
            return
        self.carry_out(self._try(path), "reading …")


class AskText(Ask[str]):
    """Asks for a short text."""

    def __init__(
        self,
        heading: str,
        words: str,
        label: str,
        use: Callable[[str], Awaitable[None]],
        start: str = "",
    ) -> None:
        """`label` stands before the field, in which `start` is filled in."""
        super().__init__(heading, words, Field(label, start, id="text"), use)

    def accept(self) -> None:
        """Try the text."""
        self.carry_out(self._try(self._field.text), "…")


MOST_AT_ONCE = 64
"""The client is limited to 100 connections."""


class AskAmount(Dialog[Amount]):
    """Asks how many random payloads to send."""

    ACCEPT: ClassVar[str] = "Send"

    def __init__(self, last: Amount, noun: str = "image") -> None:
        """`noun` is what a payload is called."""
        super().__init__()
        self._last = last
        self._things = f"{noun}s"

    @property
    def heading(self) -> str:
        """What is sent."""
        return f"Send random {self._things}"

    def body(self) -> ComposeResult:
        """The two numbers."""
        yield Field(self._things, str(self._last.images), id="images", number=True)
        yield Field("in flight", str(self._last.concurrency), id="concurrency", number=True)

    def accept(self) -> None:
        """Check the numbers."""
        try:
            amount = Amount(
                read_number(self.query_one("#images", Field), self._things, 100_000),
                read_number(self.query_one("#concurrency", Field), "in flight", MOST_AT_ONCE),
            )
        except InvalidArgument as error:
            self.show_note(Note.of(error))
            return
        self.dismiss(amount)


class AskCount(Dialog[int]):
    """Asks for one number."""

    def __init__(self, heading: str, what: str, start: int, most: int) -> None:
        super().__init__()
        self._heading = heading
        self._what = what
        self._start = start
        self._most = most

    @property
    def heading(self) -> str:
        """What the number is for."""
        return self._heading

    def body(self) -> ComposeResult:
        """The field for the number."""
        yield Field(self._what, str(self._start), id="count", number=True)

    def accept(self) -> None:
        """Check the number."""
        try:
            self.dismiss(read_number(self.query_one("#count", Field), self._what, self._most))
        except InvalidArgument as error:
            self.show_note(Note.of(error))


def read_number(field: Field, what: str, most: int) -> int:
    """The number in a field.

    Raises:
        InvalidArgument: there is none, or it is not between 1 and `most`.
    """
    value = field.number
    if value is None or not 1 <= value <= most:
        raise InvalidArgument(f"{what}: use 1 to {most:,}")
    return value
