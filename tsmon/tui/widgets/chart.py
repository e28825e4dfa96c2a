"""A line of values over time, drawn on Textual's line API."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tsmon.tui.format import number
from tsmon.tui.widgets.raster import Sample, Symbols, columns, draw, heights, nice_top
from tsmon.tui.widgets.time_axis import LABEL_WIDTH, TimeSpan


class Chart(Widget):
    """Values of the last `seconds`, from a zero baseline up to a round number."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "chart--line",
        "chart--axis",
        "chart--cursor",
    }
    DEFAULT_CSS = """
    Chart {
        width: 1fr;
        height: 1fr;
        .chart--line { color: $primary; }
        .chart--axis { color: $foreground-muted; }
        .chart--cursor { color: $text; background: $accent 60%; }
    }
    """

    symbols = reactive(Symbols.BRAILLE)

    class Pointed(Message):
        """A moment of the chart was clicked."""

        def __init__(self, age_s: float) -> None:
            super().__init__()
            self.age_s = age_s
            """Seconds before the chart's right edge."""

    def __init__(
        self,
        unit: Callable[[float], str] = number,
        *,
        id: str | None = None,  # noqa: A002 (Textual's name)
    ) -> None:
        """`unit` writes a value of the vertical axis."""
        super().__init__(id=id)
        self._unit = unit
        self._span = TimeSpan(120.0)
        self._samples: Sequence[Sample] = ()
        self._gap_s = 3.0
        self._lines: list[tuple[str, str]] | None = None

    def plot(self, samples: Sequence[Sample], span: TimeSpan, gap_s: float) -> None:
        """Show these samples, oldest first; those further apart than `gap_s` are not joined."""
        self._samples, self._span, self._gap_s = samples, span, gap_s
        self._redraw()

    def on_click(self, event: events.Click) -> None:
        """Point at a moment."""
        across = self.size.width - LABEL_WIDTH
        if across > 0 and event.x >= LABEL_WIDTH:
            event.stop()
            share = (event.x - LABEL_WIDTH + 0.5) / across
            self.post_message(self.Pointed((1 - share) * self._span.seconds))

    def watch_symbols(self) -> None:
        """Draw with the other characters."""
        self._redraw()

    def on_resize(self) -> None:
        """The raster depends on the size."""
        self._redraw()

    def _redraw(self) -> None:
        self._lines = None
        self.refresh()

    @property
    def lines(self) -> list[tuple[str, str]]:
        """What is drawn: the label and the plot of each line."""
        if self._lines is None:
            self._lines = self._draw(self.size.width, self.size.height)
        return self._lines

    def render_line(self, y: int) -> Strip:
        """One line of the widget."""
        if y >= len(self.lines):
            return Strip.blank(self.size.width, self.rich_style)
        label, plot = self.lines[y]
        axis = self.get_component_rich_style("chart--axis")
        line = self.get_component_rich_style("chart--line")
        segments = [Segment(label, axis), *self._cut(plot, line)]
        return Strip(segments).adjust_cell_length(self.size.width, self.rich_style)

    def _cut(self, plot: str, style: Style) -> list[Segment]:
        """A line of the plot, the column of the cursor in a style of its own."""
        at = self._span.cursor_column(len(plot))
        if at is None:
            return [Segment(plot, style)]
        cursor = self.get_component_rich_style("chart--cursor")
        return [
            Segment(plot[:at], style),
            Segment(self._cursor_cell(plot[at]), cursor),
            Segment(plot[at + 1 :], style),
        ]

    def _cursor_cell(self, cell: str) -> str:
        """Something to see where there are no colours."""
        if not cell.isspace():
            return cell
        return "|" if self.symbols is Symbols.ASCII else "┊"

    def _draw(self, width: int, height: int) -> list[tuple[str, str]]:
        across = width - LABEL_WIDTH
        if across < 1 or height < 1:
            return []
        values = columns(
            self._samples, self._span.seconds, across * self.symbols.dots_across, self._gap_s
        )
        top = nice_top(max((value for value in values if value is not None), default=0.0))
        plot = draw(heights(values, top, height * self.symbols.dots_up), height, self.symbols)
        return list(zip(self._labels(top, height), plot, strict=True))

    def _labels(self, top: float, rows: int) -> list[str]:
        """The values at the top, in the middle where there is room, and at the baseline."""
        edge = "|" if self.symbols is Symbols.ASCII else "│"
        texts = [""] * rows
        texts[-1] = "0"
        if rows >= 5 and rows % 2:
            texts[rows // 2] = self._tick(top / 2)
        texts[0] = self._tick(top)
        room = LABEL_WIDTH - 1
        return [f"{text[:room]:>{room}}{edge}" for text in texts]

    def _tick(self, value: float) -> str:
        """A round value of the axis, without zeros behind the point."""
        return re.sub(r"\.(\d*?)0+(?=\D|$)", _without_point, self._unit(value))


def _without_point(zeros: re.Match[str]) -> str:
    return f".{zeros[1]}" if zeros[1] else ""
