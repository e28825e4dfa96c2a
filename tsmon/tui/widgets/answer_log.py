"""The answers of a model, one line each, the newest at the bottom."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from tsmon.tui.widgets.answer_lines import COMPACT, WIDE_ANSWER, AnswerLines, Widths

if TYPE_CHECKING:
    from tsmon.load.answers import Answer

COMPACT_BELOW = 46
"""Columns; a narrower log abbreviates."""


class AnswerLog(Vertical):
    """A heading and the lines below it, which can be scrolled back."""

    def compose(self) -> ComposeResult:
        """The heading and the lines."""
        yield Static(heading(WIDE_ANSWER), id="answers-heading")
        yield AnswerLines(id="answers-lines")

    def on_resize(self, event: events.Resize) -> None:
        """Abbreviate where there is little room."""
        widths = COMPACT if event.size.width < COMPACT_BELOW else WIDE_ANSWER
        lines = self.query_one(AnswerLines)
        if widths is not lines.widths:
            lines.widths = widths
            lines.refresh()
            self.query_one("#answers-heading", Static).update(heading(widths))

    def add(self, answer: Answer) -> None:
        """Append an answer."""
        self.query_one(AnswerLines).add(answer)

    def show(self, answers: Iterable[Answer]) -> None:
        """Have these answers in place of those before."""
        self.query_one(AnswerLines).show(answers)


def heading(widths: Widths) -> Text:
    """The words above the columns."""
    columns = f"{widths.predicted} {widths.actual} {widths.confidence} {'TIME':>7}"
    return Text(f"  {columns}  {widths.name}", style="dim")
