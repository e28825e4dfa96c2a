"""A line of values over time, drawn on Textual's line API."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tsmon.tui.format import number
from tsmon.tui.widgets.raster import Sample, Symbols, columns, draw, heights, nice_top

LABEL_WIDTH = 8
"""Columns of the value labels, with the axis."""


class Chart(Widget):
    """Values of the last `seconds`, from a zero baseline up to a round number."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"chart--line", "chart--axis"}
    DEFAULT_CSS = """
    Chart {
        width: 1fr;
        height: 1fr;
        .chart--line { color: $primary; }
        .chart--axis { color: $foreground-muted; }
    }
    """

    symbols = reactive(Symbols.BRAILLE)

    def __init__(
        self,
        unit: Callable[[float], str] = number,
        *,
        seconds: float = 120.0,
        id: str | None = None,  # noqa: A002 (Textual's name)
    ) -> None:
        """`unit` writes a value of the vertical axis."""
        super().__init__(id=id)
        self._unit = unit
        self._seconds = seconds
        self._samples: Sequence[Sample] = ()
        self._gap_s = 3.0
        self._lines: list[tuple[str, str]] | None = None

    def plot(self, samples: Sequence[Sample], gap_s: float) -> None:
        """Show these samples, oldest first; those further apart than `gap_s` are not joined."""
        self._samples, self._gap_s = samples, gap_s
        self._redraw()

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
        return Strip([Segment(label, axis), Segment(plot, line)]).adjust_cell_length(
            self.size.width, self.rich_style
        )

    def _draw(self, width: int, height: int) -> list[tuple[str, str]]:
        across = width - LABEL_WIDTH
        if across < 1 or height < 1:
            return []
        values = columns(
            self._samples, self._seconds, across * self.symbols.dots_across, self._gap_s
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


class TimeAxis(Widget):
    """The line below charts: how long ago their left edge, middle and right edge are."""

    DEFAULT_CSS = """
    TimeAxis { width: 1fr; height: 1; color: $foreground-muted; }
    """

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def render_line(self, y: int) -> Strip:
        """The only line."""
        text = " " * LABEL_WIDTH + times(self._seconds, self.size.width - LABEL_WIDTH)
        return Strip([Segment(text, self.rich_style)]).adjust_cell_length(self.size.width)


def times(seconds: float, width: int) -> str:
    """The labels of a time axis that ends now."""
    left, middle, right = f"-{_span(seconds)}", f"-{_span(seconds / 2)}", "now"
    if width < len(left) + len(middle) + len(right) + 4:
        return left + right.rjust(max(width - len(left), 0))
    line = left + " " * (width // 2 - len(left) - len(middle) // 2) + middle
    return line + right.rjust(width - len(line))


def _span(seconds: float) -> str:
    return f"{seconds / 60:g}m" if seconds >= 60 else f"{seconds:g}s"
