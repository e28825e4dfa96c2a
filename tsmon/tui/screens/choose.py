"""The question which version of which model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from tsmon.telemetry.snapshot import ModelKey, ModelStatus
from tsmon.tui.format import plural
from tsmon.tui.screens.dialog import Dialog
from tsmon.tui.widgets.motion import Choices


class ChooseVersion(Dialog[ModelKey]):
    """Lists the versions on the server."""

    ACCEPT: ClassVar[str] = "Choose"

    def __init__(
        self, heading: str, words: str, models: Sequence[ModelStatus], now: ModelKey | None
    ) -> None:
        """`models` must not be empty; the cursor is on `now` at first."""
        super().__init__()
        self._heading = heading
        self._words = words
        self._models = models
        self._now = now

    @property
    def heading(self) -> str:
        """What the version is for."""
        return self._heading

    def body(self) -> ComposeResult:
        """The versions, each with its workers."""
        yield Static(Content(self._words), classes="explanation")
        yield Choices(*map(_spell, self._models), id="versions-list", compact=True)

    def on_mount(self) -> None:
        """Begin at the present one."""
        keys = [model.key for model in self._models]
        listed = self.query_one(Choices)
        listed.highlighted = keys.index(self._now) if self._now in keys else 0
        listed.focus()

    def on_option_list_option_selected(self, event: Choices.OptionSelected) -> None:
        """Enter or a click takes it."""
        event.stop()
        self.accept()

    def accept(self) -> None:
        """Take the one under the cursor."""
        at = self.query_one(Choices).highlighted
        if at is not None:
            self.dismiss(self._models[at].key)


def _spell(model: ModelStatus) -> Content:
    star = " ★" if model.is_default else ""
    workers = f"{model.ready} of {plural(len(model.workers), 'worker')} ready"
    return Content(f"{model.key}{star}   {workers}")
