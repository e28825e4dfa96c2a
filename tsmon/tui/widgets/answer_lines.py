"""Answers one below the other; only the lines in sight are drawn."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from rich.segment import Segment
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tsmon.tui.text.tones import Span, Tone, rich_style
from tsmon.units import ABSENT, confidence, milliseconds
from tsmon.untrusted.text import brief

if TYPE_CHECKING:
    from tsmon.load.answers import Answer

LONGEST = 1000
"""Answers kept."""

_VERDICTS = {
    True: ("✓", Tone.GOOD),
    False: ("✗", Tone.BAD),
    None: (" ", Tone.PLAIN),
}


class Widths(NamedTuple):
    """The columns of an answer, by how much room there is."""

    predicted: str
    actual: str
    confidence: str
    name: str


WIDE_ANSWER = Widths("PREDICTED", "ACTUAL", "CONFIDENCE", "IMAGE")
COMPACT = Widths("PRED", "ACT", "CONF.", "")


class AnswerLines(ScrollView, can_focus=True):
    """Follows the newest answer until someone scrolls back.

    A log that draws each line as it comes holds a hundred objects for it; with a thousand lines,
    walking those is a pause of the garbage collector that keys would wait for.
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.widths = WIDE_ANSWER
        self._answers: deque[Answer] = deque(maxlen=LONGEST)

    def add(self, answer: Answer) -> None:
        """Append an answer."""
        self._answers.append(answer)
        self._lay_out(follow=self.is_vertical_scroll_end)

    def show(self, answers: Iterable[Answer]) -> None:
        """Have these answers in place of those before."""
        before, self._answers = self._answers, deque(answers, maxlen=LONGEST)
        if before or self._answers:
            self._lay_out(follow=True)

    def _lay_out(self, *, follow: bool) -> None:
        self.virtual_size = Size(0, len(self._answers))
        if follow:
            self.scroll_end(animate=False, force=True, immediate=True, x_axis=False)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """The line of one answer."""
        at = y + self.scroll_offset.y
        width, plain = self.scrollable_content_region.width, self.rich_style
        if at >= len(self._answers):
            return Strip.blank(width, plain)
        variables = self.app.theme_variables
        segments = [
            Segment(brief(part), plain + rich_style(tone, variables))
            for part, tone in format_answer(self._answers[at], self.widths)
        ]
        return Strip(segments).adjust_cell_length(width, plain)


def format_answer(answer: Answer, widths: Widths) -> list[Span]:
    """An answer as a line: right or wrong, what was predicted, what it is, how sure, how fast."""
    name = answer.payload.name
    if answer.error:
        return [("✗ ", Tone.BAD), (f"{name}  ", Tone.PLAIN), (answer.error, Tone.BAD)]
    predicted, actual = answer.shown or ABSENT, answer.payload.label or ABSENT
    return [
        (f"{_VERDICTS[answer.correct][0]} ", _VERDICTS[answer.correct][1]),
        (f"{predicted:<{len(widths.predicted)}} {actual:<{len(widths.actual)}} ", Tone.PLAIN),
        (f"{confidence(answer.confidence):>{len(widths.confidence)}} ", Tone.PLAIN),
        (f"{milliseconds(answer.milliseconds):>7}  ", Tone.PLAIN),
        (name if widths.name else "", Tone.MUTED),
    ]
