"""The dialog that writes an incident down: how much of the past, and where."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.widgets import OptionList, Static

from tsmon.threads import in_thread
from tsmon.tui.screens.dialog import Dialog
from tsmon.tui.text.notes import Note
from tsmon.tui.text.tones import Tone, line
from tsmon.tui.widgets.field import Field
from tsmon.tui.widgets.motion import Choices
from tsmon.units import duration

Span = tuple[str, float]
"""A length of time in words, and in seconds before the moment that is shown."""


class IncidentDialog(Dialog[Path]):
    """Gives the folder that was written."""

    HEADING: ClassVar[str] = "Write an incident card"
    ACCEPT: ClassVar[str] = "Write"

    def __init__(
        self,
        until: str,
        spans: Sequence[Span],
        folder: Path,
        write: Callable[[float, Path], Path],
    ) -> None:
        """`write` takes seconds and a folder; it may raise, and blocks while it writes."""
        super().__init__()
        self._until = until
        self._spans = spans
        self._folder = folder
        self._write = write

    def body(self) -> ComposeResult:
        """What it is, how long, where."""
        words = (
            f"A replay file, a summary in Markdown and a picture of the screen, up to "
            f"{self._until}. Tokens and headers are never in them."
        )
        yield Static(line((words, Tone.PLAIN)), classes="explanation")
        yield Choices(
            *(f"{words} ({duration(seconds)})" for words, seconds in self._spans),
            id="choices",
            compact=True,
        )
        yield Field("folder", str(self._folder), id="folder", path=True)

    def on_mount(self) -> None:
        """Begin with the first."""
        spans = self.query_one(OptionList)
        spans.highlighted = 0
        spans.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click on a length of time."""
        event.stop()
        if not self.busy:
            self.accept()

    def accept(self) -> None:
        """Write so much of the past into the folder that was typed."""
        folder = self.query_one("#folder", Field).path
        if folder is None:
            self.show_note(Note("no folder given", "type one; the right arrow completes it"))
            return
        _, seconds = self._spans[self.query_one(OptionList).highlighted or 0]
        self.carry_out(self._write_beside(seconds, folder), "writing …")

    async def _write_beside(self, seconds: float, folder: Path) -> None:
        self.dismiss(await in_thread(self._write, seconds, folder))
