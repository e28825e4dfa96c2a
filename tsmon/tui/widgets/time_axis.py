"""The time that charts show, and the lines below them that show it and what happened in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from msgspec import Struct
from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tsmon.tui.text.symbols import Symbols
from tsmon.tui.widgets.chart_raster import column_of
from tsmon.units import short_period

LABEL_WIDTH = 8
"""Columns of the value labels, with the axis."""
_SHARES = (1.0, 0.5, 0.0)
"""How far before the right edge the labels are, as shares of the span."""


class TimeSpan(Struct, frozen=True):
    """The time that charts show."""

    seconds: float
    end: datetime | None = None
    """The right edge where that is not the present."""
    cursor_s: float | None = None
    """Seconds before the right edge of the moment that is looked at."""
    edge_s: float | None = None
    """The right edge on the wall clock, which recordings have as well, in seconds.

    What is drawn keeps its place while it moves on.
    """

    def label(self, share: float) -> str:
        """What to call the moment so much of the span before the right edge."""
        if self.end is not None:
            moment = self.end - timedelta(seconds=share * self.seconds)
            return f"{moment.astimezone():%H:%M:%S}"
        return _ago(share * self.seconds) if share else "now"

    def column(self, age_s: float, width: int) -> int | None:
        """The character column of a moment; None where it is not on the chart."""
        if not 0 <= age_s <= self.seconds or width < 1:
            return None
        column = column_of((age_s + self.lead_s(width)) / self.seconds * width, width)
        return column if column >= 0 else None

    def lead_s(self, width: int) -> float:
        """Seconds from the right edge to the end of the last of so many columns.

        Columns begin and end at fixed moments, so that all of a chart moves on by a whole one, and
        only when the next one begins.
        """
        if self.edge_s is None:
            return 0.0
        column_s = self.seconds / width
        return column_s - self.edge_s % column_s

    def cursor_column(self, width: int) -> int | None:
        """The character column of the cursor; None where it is not on the chart."""
        return None if self.cursor_s is None else self.column(self.cursor_s, width)


class EventMark(Struct, frozen=True):
    """Something that happened."""

    age_s: float
    """Seconds before the right edge."""
    bad: bool
    """Whether someone should look."""

    @property
    def glyph(self) -> str:
        """What stands for it on the axis."""
        return "!" if self.bad else "*"


def place(marks: Sequence[EventMark], span: TimeSpan, width: int) -> dict[int, EventMark]:
    """The marks by their columns; of several in one column, a bad one."""
    placed: dict[int, EventMark] = {}
    for mark in marks:
        column = span.column(mark.age_s, width)
        if column is not None and (mark.bad or column not in placed):
            placed[column] = mark
    return placed


class TimeAxis(Widget):
    """Below charts: a ruler with what happened, and the moments of its edges and its middle.

    One line high it has the moments alone.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"axis--mark", "axis--bad", "axis--cursor"}
    DEFAULT_CSS = """
    TimeAxis {
        width: 1fr; height: 1; color: $foreground-muted;
        .axis--mark { color: $foreground; }
        .axis--bad { color: $text-error; text-style: bold; }
        .axis--cursor { color: $text; background: $accent 60%; }
    }
    """

    span = reactive(TimeSpan(120.0))
    marks: reactive[tuple[EventMark, ...]] = reactive(())
    symbols = reactive(Symbols.BRAILLE)

    class Pointed(Message):
        """A moment of the axis was clicked; on a mark, that of the mark."""

        def __init__(self, age_s: float) -> None:
            super().__init__()
            self.age_s = age_s
            """Seconds before the right edge."""

    def on_click(self, event: events.Click) -> None:
        """Point at a moment."""
        width, column = self.size.width - LABEL_WIDTH, event.x - LABEL_WIDTH
        if not 0 <= column < width:
            return
        event.stop()
        placed = place(self.marks, self.span, width)
        near = next((placed[at] for at in (column, column - 1, column + 1) if at in placed), None)
        share = (column + 0.5) / width
        self.post_message(self.Pointed(near.age_s if near else (1 - share) * self.span.seconds))

    def render_line(self, y: int) -> Strip:
        """A line of the widget, the ruler first where there is room for it."""
        width = self.size.width - LABEL_WIDTH
        if y == self.size.height - 1:
            segments = [Segment(" " * LABEL_WIDTH + axis_labels(self.span, width), self.rich_style)]
        else:
            segments = self._ruler(width)
        return Strip(segments).adjust_cell_length(self.size.width)

    def _ruler(self, width: int) -> list[Segment]:
        corner, dash, tick, hand = "+-+^" if self.symbols is Symbols.ASCII else "└─┴▲"
        ticks = {self.span.column(share * self.span.seconds, width) for share in _SHARES[1:]}
        placed = place(self.marks, self.span, width)
        cursor = self.span.cursor_column(width)
        cells = [tick if column in ticks else dash for column in range(width)]
        special = {column: "bad" if mark.bad else "mark" for column, mark in placed.items()}
        for column, mark in placed.items():
            cells[column] = mark.glyph
        if cursor is not None:
            cells[cursor] = placed[cursor].glyph if cursor in placed else hand
            special[cursor] = "cursor"
        plain, begun = self.rich_style, 0
        segments = [Segment(" " * (LABEL_WIDTH - 1) + corner, plain)]
        for column in sorted(special):
            style = self.get_component_rich_style(f"axis--{special[column]}")
            segments.append(Segment("".join(cells[begun:column]), plain))
            segments.append(Segment(cells[column], style))
            begun = column + 1
        return [*segments, Segment("".join(cells[begun:]), plain)]


def axis_labels(span: TimeSpan, width: int) -> str:
    """The labels of a time axis: how long ago, or the time of the day."""
    left, middle, right = map(span.label, _SHARES)
    if width < len(left) + len(middle) + len(right) + 4:
        return left + right.rjust(max(width - len(left), 0))
    line = left + " " * (width // 2 - len(left) - len(middle) // 2) + middle
    return line + right.rjust(width - len(line))


def _ago(seconds: float) -> str:
    return f"-{short_period(seconds)}"
