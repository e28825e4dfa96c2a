"""A labelled line of text in a dialog."""

from __future__ import annotations

from pathlib import Path

from textual import events
from textual.app import ComposeResult
from textual.containers import Container, Horizontal
from textual.suggester import Suggester
from textual.widgets import Input, Label

from tsmon.threads import in_thread
from tsmon.torchserve.errors import InvalidArgument
from tsmon.untrusted.files import expand_home

STACKED_BELOW = 64
"""Columns in which two labels and what is typed beside them have no room."""


class Field(Horizontal):
    """A label, an input, and what the input means."""

    def __init__(
        self,
        label: str,
        value: str = "",
        *,
        id: str,  # noqa: A002 (Textual's name)
        placeholder: str = "",
        number: bool = False,
        path: bool = False,
    ) -> None:
        """With `number` only digits can be typed; with `path` folders and files are completed."""
        super().__init__(id=id)
        self._label = label
        self._input = Input(
            value,
            placeholder=placeholder,
            type="integer" if number else "text",
            suggester=PathSuggester() if path else None,
            validate_on=[],
            compact=True,
        )

    def compose(self) -> ComposeResult:
        """The label and the input."""
        yield Label(self._label)
        yield self._input

    @property
    def text(self) -> str:
        """What was typed, without the blanks around it."""
        return self._input.value.strip()

    @text.setter
    def text(self, value: str) -> None:
        self._input.value = value

    @property
    def path(self) -> Path | None:
        """The path that was typed, `~` resolved; None when nothing was."""
        return expand_home(self.text) if self.text else None

    @property
    def number(self) -> int | None:
        """The whole number that was typed; None when nothing was.

        Raises:
            InvalidArgument: it is not valid.
        """
        if not self.text:
            return None
        try:
            return int(self.text)
        except ValueError:
            raise InvalidArgument(
                f"{self._label}: {self.text!r} is not a whole number", "enter digits only"
            ) from None


class FieldColumns(Container):
    """Two columns of fields beside each other; where there is little room, one below the other."""

    def on_resize(self, event: events.Resize) -> None:
        """Stack them, or not."""
        self.set_class(event.size.width < STACKED_BELOW, "-stacked")


class PathSuggester(Suggester):
    """Completes the last part of a path from the disk; the right arrow takes it."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The first path, by name, that goes on where `value` ends."""
        return await in_thread(complete_path, value)


def complete_path(value: str) -> str | None:
    """`value` and the rest of the first name on the disk that begins like it."""
    typed = expand_home(value)
    folder, start = (typed, "") if value.endswith("/") else (typed.parent, typed.name)
    try:
        names = sorted(
            entry.name + "/" * entry.is_dir()
            for entry in folder.iterdir()
            if entry.name.startswith(start) and (start or not entry.name.startswith("."))
        )
    except OSError:
        return None
    return value[: len(value) - len(start)] + names[0] if names else None
