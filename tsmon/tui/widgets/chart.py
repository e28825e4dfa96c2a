"""A line of values over time, drawn on Textual's line API."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tsmon.tui.format import number
from tsmon.tui.widgets.raster import (
    Sample,
    Symbols,
    columns,
    draw_bands,
    heights,
    lower,
    middle,
    nice_top,
    upper,
)
from tsmon.tui.widgets.time_axis import LABEL_WIDTH, Mark, TimeSpan, place


class Chart(Widget):
    """Values of the last `seconds`, from a zero baseline up to a round number.

    Where samples have a band, it stands on the values: dense, then thin.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "chart--line",
        "chart--axis",
        "chart--cursor",
        "chart--mark",
        "chart--note",
    }
    DEFAULT_CSS = """
    Chart {
        width: 1fr;
        height: 1fr;
        .chart--line { color: $primary; }
        .chart--axis { color: $foreground-muted; }
        .chart--cursor { color: $text; background: $accent 60%; }
        .chart--mark { color: $foreground-muted; }
        .chart--note { color: $foreground-muted; }
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
        self._painted: list[Strip] = []
        self._span = TimeSpan(120.0)
        self._samples: Sequence[Sample] = ()
        self._gap_s = 3.0
        self._marks: Sequence[Mark] = ()
        self._note = ""
        self._lines: list[tuple[str, str]] | None = None
        self._noted_line: int | None = None

    def plot(
        self,
        samples: Sequence[Sample],
        span: TimeSpan,
        gap_s: float,
        marks: Sequence[Mark] = (),
        note: str = "",
    ) -> None:
        """Show these samples, oldest first; those further apart than `gap_s` are not joined.

        `marks` are what happened; `note` stands where a chart without any value would be.
        """
        self._samples, self._span, self._gap_s = samples, span, gap_s
        self._marks, self._note = marks, note
        self._lines = None
        self._repaint()

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

    def _repaint(self) -> None:
        """Have those lines painted that look different now; a chart at rest costs nothing."""
        strips = [self.render_line(y) for y in range(self.size.height)]
        if len(strips) != len(self._painted):
            self.refresh()
        else:
            pairs = enumerate(zip(strips, self._painted, strict=True))
            changed = [Region(0, y, self.size.width, 1) for y, (new, old) in pairs if new != old]
            if changed:
                self.refresh(*changed)
        self._painted = strips

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
        if y == self._noted_line:
            line = self.get_component_rich_style("chart--note")
        segments = [Segment(label, axis), *self._cut(plot, line)]
        return Strip(segments).adjust_cell_length(self.size.width, self.rich_style)

    def _cut(self, plot: str, style: Style) -> list[Segment]:
        """A line of the plot, the column of the cursor in a style of its own."""
        at = self._span.cursor_column(len(plot))
        special = dict.fromkeys(place(self._marks, self._span, len(plot)), "mark")
        special = {column: kind for column, kind in special.items() if plot[column].isspace()}
        if at is not None:
            special[at] = "cursor"
        segments, begun = [], 0
        for column in sorted(special):
            kind = special[column]
            cell = self._cell(plot[column], kind)
            segments.append(Segment(plot[begun:column], style))
            segments.append(Segment(cell, self.get_component_rich_style(f"chart--{kind}")))
            begun = column + 1
        return [*segments, Segment(plot[begun:], style)]

    def _cell(self, cell: str, kind: str) -> str:
        """Something to see where there are no colours."""
        if not cell.isspace():
            return cell
        cursor, mark = "|'" if self.symbols is Symbols.ASCII else "┊╵"
        return cursor if kind == "cursor" else mark

    def _draw(self, width: int, height: int) -> list[tuple[str, str]]:
        across = width - LABEL_WIDTH
        if across < 1 or height < 1:
            return []
        low, mid, high = self._columns(across * self.symbols.dots_across)
        known = [value for value in high if value is not None]
        top = nice_top(max(known, default=0.0))
        dots = height * self.symbols.dots_up
        low_dots, mid_dots = heights(low, top, dots), heights(mid, top, dots)
        plot = draw_bands(low_dots, mid_dots, heights(high, top, dots), height, self.symbols)
        self._noted_line = None
        if not known and self._note:
            self._noted_line = (height - 1) // 2
            plot[self._noted_line] = f" {self._note}".ljust(across)[:across]
        return list(zip(self._labels(top, height), plot, strict=True))

    def _columns(self, width: int) -> list[list[float | None]]:
        """The values, and the ends of the two parts of the band that stands on them."""
        seconds, gap_s = self._span.seconds, self._gap_s
        values = columns(self._samples, seconds, width, gap_s, lower)
        if not any(sample.band for sample in self._samples):
            return [values, values, values]
        ends = (columns(self._samples, seconds, width, gap_s, end) for end in (middle, upper))
        return [values, *ends]

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
