"""The question which version of which model."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from tsmon.telemetry.snapshot import ModelKey, ModelStatus
from tsmon.tui.format import plural
from tsmon.tui.screens.list_dialog import ListDialog
from tsmon.tui.tones import Tone, line


class ChooseVersion(ListDialog[ModelKey]):
    """Lists the versions on the server, each with its workers."""

    def __init__(
        self, heading: str, words: str, models: Sequence[ModelStatus], now: ModelKey | None
    ) -> None:
        """`models` must not be empty; the cursor is on `now` at first."""
        answers = [(_spell(model), model.key) for model in models]
        super().__init__(heading, answers, now, words)


def _spell(model: ModelStatus) -> Content:
    star = " ★" if model.is_default else ""
    workers = f"{model.ready} of {plural(len(model.workers), 'worker')} ready"
    return line((f"{model.key}{star}   {workers}", Tone.PLAIN))
