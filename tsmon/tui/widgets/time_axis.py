"""The time that charts show, and the line below them that tells it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from rich.segment import Segment
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

LABEL_WIDTH = 8
"""Columns of the value labels, with the axis."""


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """The time that charts show."""

    seconds: float
    end: datetime | None = None
    """The right edge where that is not the present."""
    cursor_s: float | None = None
    """Seconds before the right edge of the moment that is looked at."""

    def label(self, share: float) -> str:
        """What to call the moment so much of the span before the right edge."""
        if self.end is not None:
            moment = self.end - timedelta(seconds=share * self.seconds)
            return f"{moment.astimezone():%H:%M:%S}"
        return _ago(share * self.seconds) if share else "now"

    def cursor_column(self, width: int) -> int | None:
        """The character column of the cursor; None where it is not on the chart."""
        if self.cursor_s is None or not 0 <= self.cursor_s <= self.seconds or width < 1:
            return None
        return min(int((1 - self.cursor_s / self.seconds) * width), width - 1)


class TimeAxis(Widget):
    """The line below charts: which moments their left edge, middle and right edge are."""

    DEFAULT_CSS = """
    TimeAxis { width: 1fr; height: 1; color: $foreground-muted; }
    """

    span = reactive(TimeSpan(120.0))

    def render_line(self, y: int) -> Strip:
        """The only line."""
        text = " " * LABEL_WIDTH + times(self.span, self.size.width - LABEL_WIDTH)
        return Strip([Segment(text, self.rich_style)]).adjust_cell_length(self.size.width)


def times(span: TimeSpan, width: int) -> str:
    """The labels of a time axis: how long ago, or the time of the day."""
    left, middle, right = map(span.label, (1.0, 0.5, 0.0))
    if width < len(left) + len(middle) + len(right) + 4:
        return left + right.rjust(max(width - len(left), 0))
    line = left + " " * (width // 2 - len(left) - len(middle) // 2) + middle
    return line + right.rjust(width - len(line))


def _ago(seconds: float) -> str:
    if seconds >= 3600:
        return f"-{seconds / 3600:g}h"
    return f"-{seconds / 60:g}m" if seconds >= 60 else f"-{seconds:g}s"
