"""The answers of a model, one line each, the newest at the bottom."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.theme import Theme
from textual.widgets import RichLog, Static

from tsmon.load.answers import Answer
from tsmon.tui.format import ABSENT, confidence, milliseconds
from tsmon.tui.tones import Span, Tone, rich_style

LONGEST = 1000
"""Answers kept."""
COMPACT_BELOW = 46
"""Columns; a narrower log abbreviates."""

_VERDICTS = {
    True: ("✓", Tone.GOOD),
    False: ("✗", Tone.BAD),
    None: (" ", Tone.PLAIN),
}


class Widths(NamedTuple):
    """The columns of an answer, by how much room there is."""

    predicted: str
    actual: str
    name: str


_WIDE = Widths("PREDICTED", "ACTUAL", "IMAGE")
_COMPACT = Widths("PRED", "ACT", "")


class AnswerLog(Vertical):
    """A heading and the lines below it, which can be scrolled back."""

    def __init__(self) -> None:
        super().__init__()
        self._answers: deque[Answer] = deque(maxlen=LONGEST)
        self._widths = _WIDE

    def compose(self) -> ComposeResult:
        """The heading and the lines."""
        yield Static(id="answers-heading")
        yield RichLog(max_lines=LONGEST, wrap=False, id="answers-lines")

    def on_mount(self) -> None:
        """Write the lines anew in the colours of another theme."""
        self.app.theme_changed_signal.subscribe(self, self._recolour)
        self._rewrite()

    def on_resize(self, event: events.Resize) -> None:
        """Abbreviate where there is little room."""
        widths = _COMPACT if event.size.width < COMPACT_BELOW else _WIDE
        if widths is not self._widths:
            self._widths = widths
            self._rewrite()

    def add(self, answer: Answer) -> None:
        """Append an answer."""
        self._answers.append(answer)
        self._write(answer)

    def show(self, answers: Iterable[Answer]) -> None:
        """Have these answers in place of those before."""
        self._answers = deque(answers, maxlen=LONGEST)
        self._rewrite()

    def _recolour(self, _theme: Theme) -> None:
        self.call_after_refresh(self._rewrite)

    def _rewrite(self) -> None:
        self.query_one("#answers-heading", Static).update(heading(self._widths))
        self.query_one(RichLog).clear()
        for answer in self._answers:
            self._write(answer)

    def _write(self, answer: Answer) -> None:
        variables = self.app.theme_variables
        spans = spell(answer, self._widths)
        styled = ((part, rich_style(tone, variables)) for part, tone in spans)
        self.query_one(RichLog).write(Text.assemble(*styled, no_wrap=True))


def heading(widths: Widths) -> Text:
    """The words above the columns."""
    return Text(
        f"  {widths.predicted} {widths.actual} {'SURE':>6} {'TIME':>7}  {widths.name}", style="dim"
    )


def spell(answer: Answer, widths: Widths) -> list[Span]:
    """An answer as a line: right or wrong, what was predicted, what it is, how sure, how fast."""
    name = answer.image.path.name
    if answer.error:
        return [("✗ ", Tone.BAD), (f"{name}  ", Tone.PLAIN), (answer.error, Tone.BAD)]
    predicted, actual = answer.predicted or ABSENT, answer.image.label or ABSENT
    return [
        (f"{_VERDICTS[answer.correct][0]} ", _VERDICTS[answer.correct][1]),
        (f"{predicted:<{len(widths.predicted)}} {actual:<{len(widths.actual)}} ", Tone.PLAIN),
        (f"{confidence(answer.confidence):>6} ", Tone.PLAIN),
        (f"{milliseconds(answer.milliseconds):>7}  ", Tone.PLAIN),
        (name if widths.name else "", Tone.MUTED),
    ]
