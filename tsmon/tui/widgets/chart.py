"""A line of values over time, drawn on Textual's line API."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tsmon.tui.text.symbols import Symbols, TimedValue
from tsmon.tui.text.tones import Span, Tone, rich_style
from tsmon.tui.widgets.chart_cells import draw_bands
from tsmon.tui.widgets.chart_raster import (
    SampleReader,
    heights,
    lower,
    middle,
    raster_columns,
    upper,
)
from tsmon.tui.widgets.time_axis import LABEL_WIDTH, EventMark, TimeSpan, place
from tsmon.tui.widgets.value_axis import ValueAxis, place_beyond
from tsmon.units import number


class Chart(Widget):
    """Values of the last `seconds`, from a zero baseline up to a round number.

    Where samples have a band, it stands on the values: dense, then thin. A few values far above the
    others are marked at the top, and the largest of them is named there. A heading stands above it.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "chart--line",
        "chart--axis",
        "chart--cursor",
        "chart--mark",
        "chart--note",
        "chart--beyond",
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
        .chart--beyond { color: $text-warning; }
    }
    """

    symbols = reactive(Symbols.BRAILLE)
    explanation: Content | None = None
    """What the mouse on the heading shows."""

    class HeadingClicked(Message):
        """The words above the plot were clicked."""

        def __init__(self, chart: Chart) -> None:
            super().__init__()
            self.chart = chart

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
        self._samples: Sequence[TimedValue] = ()
        self._gap_s = 3.0
        self._marks: Sequence[EventMark] = ()
        self._note = ""
        self._heading: Sequence[Span] | None = None
        self._tones: dict[Tone, Style] = {}
        self._lines: list[tuple[str, str]] | None = None
        self._noted_line: int | None = None
        self._beyond: dict[int, str] = {}
        """What the top line shows of values beyond the axis, by column."""

    def plot(
        self,
        samples: Sequence[TimedValue],
        span: TimeSpan,
        gap_s: float,
        marks: Sequence[EventMark] = (),
        note: str = "",
        heading: Sequence[Span] | None = None,
    ) -> None:
        """Show these samples, oldest first; those further apart than `gap_s` are not joined.

        `marks` are what happened; `note` stands where a chart without any value would be. A
        `heading` takes the first line.
        """
        self._samples, self._span, self._gap_s = samples, span, gap_s
        self._marks, self._note, self._heading = marks, note, heading
        self._lines = None
        self._repaint()

    def on_click(self, event: events.Click) -> None:
        """Point at a moment."""
        across = self.size.width - LABEL_WIDTH
        if self._is_heading(event):
            event.stop()
            self.post_message(self.HeadingClicked(self))
        elif across > 0 and event.x >= LABEL_WIDTH:
            event.stop()
            share = (event.x - LABEL_WIDTH + 0.5) / across
            self.post_message(self.Pointed((1 - share) * self._span.seconds))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Explain the number of the heading, and nothing over the plot."""
        self.tooltip = self.explanation if self._is_heading(event) else None

    def _is_heading(self, event: events.MouseEvent) -> bool:
        words = self._heading or ()
        return event.y == 0 and event.x < sum(len(text) for text, _ in words)

    def watch_symbols(self) -> None:
        """Draw with the other characters."""
        self._redraw()

    def on_resize(self) -> None:
        """The raster depends on the size."""
        self._redraw()

    def notify_style_update(self) -> None:
        """The theme has other colours."""
        super().notify_style_update()
        self._painted, self._tones = [], {}

    def _redraw(self) -> None:
        self._lines, self._painted = None, []
        self.refresh()

    def _repaint(self) -> None:
        """Have those lines painted that look different now; a chart at rest costs nothing."""
        before, self._painted = self._painted, self._paint()
        if len(self._painted) != len(before):
            self.refresh()
        else:
            pairs = enumerate(zip(self._painted, before, strict=True))
            changed = [Region(0, y, self.size.width, 1) for y, (new, old) in pairs if new != old]
            if changed:
                self.refresh(*changed)

    @property
    def lines(self) -> list[tuple[str, str]]:
        """What is drawn: the label and the plot of each line."""
        if self._lines is None:
            headed = self._heading is not None
            self._lines = self._draw(self.size.width, self.size.height - headed)
        return self._lines

    def render_line(self, y: int) -> Strip:
        """One line of the widget."""
        if not self._painted:
            self._painted = self._paint()
        if y < len(self._painted):
            return self._painted[y]
        return Strip.blank(self.size.width, self.rich_style)

    def _paint(self) -> list[Strip]:
        plain = self.rich_style  # asked once, since it goes through all ancestors
        lines = [self._paint_line(y, *line) for y, line in enumerate(self.lines)]
        if self._heading is not None:
            words = [(text, plain + self._tone(tone)) for text, tone in self._heading]
            lines.insert(0, Strip([Segment(text, style) for text, style in words]))
        return [strip.adjust_cell_length(self.size.width, plain) for strip in lines]

    def _tone(self, tone: Tone) -> Style:
        if tone not in self._tones:
            self._tones[tone] = rich_style(tone, self.app.theme_variables)
        return self._tones[tone]

    def _paint_line(self, y: int, label: str, plot: str) -> Strip:
        axis = self.get_component_rich_style("chart--axis")
        line = self.get_component_rich_style("chart--line")
        if y == self._noted_line:
            line = self.get_component_rich_style("chart--note")
        beyond = self._beyond if y == 0 else {}
        if beyond:
            end = self.get_component_rich_style("chart--beyond")
            head = [Segment(label[:-1], axis), Segment(label[-1], end)]
        else:
            head = [Segment(label, axis)]
        segments = [*head, *self._cut(plot, line, beyond)]
        return Strip(segments)

    def _cut(self, plot: str, style: Style, beyond: Iterable[int]) -> list[Segment]:
        """A line of the plot, its special columns in styles of their own."""
        at = self._span.cursor_column(len(plot))
        special = dict.fromkeys(place(self._marks, self._span, len(plot)), "mark")
        special = {column: kind for column, kind in special.items() if plot[column].isspace()}
        special.update(dict.fromkeys(beyond, "beyond"))
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
        if not cell.isspace() or kind == "beyond":
            return cell
        cursor, mark = "|'" if self.symbols is Symbols.ASCII else "┊╵"
        return cursor if kind == "cursor" else mark

    def _draw(self, width: int, height: int) -> list[tuple[str, str]]:
        across = width - LABEL_WIDTH
        if across < 1 or height < 1:
            return []
        # Lines between samples say nothing of how many values are large.
        measured = raster_columns(
            *(self._samples, self._span.seconds, across, 0.0, upper),
            lead_s=self._span.lead_s(across),
        )
        known = [value for value in measured if value is not None]
        axis = ValueAxis.over(known, height)
        low, mid, high = self._columns(across, axis.most)
        dots = height * self.symbols.dots_up
        low_dots, mid_dots = heights(low, axis.top, dots), heights(mid, axis.top, dots)
        high_dots = heights(high, axis.top, dots)
        plot = draw_bands(low_dots, mid_dots, high_dots, height, self.symbols).cells
        self._beyond = place_beyond(measured, axis, self._unit, self.symbols)
        plot[0] = "".join(self._beyond.get(at, cell) for at, cell in enumerate(plot[0]))
        self._noted_line = None
        if not known and self._note:
            self._noted_line = (height - 1) // 2
            plot[self._noted_line] = f" {self._note}".ljust(across)[:across]
        labels = axis.labels(height, LABEL_WIDTH, self._unit, self.symbols)
        return list(zip(labels, plot, strict=True))

    def _columns(self, across: int, most: float) -> list[list[float | None]]:
        """The values, and the ends of the two parts of the band that stands on them."""
        span, width = self._span, across * self.symbols.dots_across

        def columns(end: SampleReader) -> list[float | None]:
            return raster_columns(
                *(self._samples, span.seconds, width, self._gap_s, end, most),
                lead_s=span.lead_s(across),
            )

        values = columns(lower)
        if not any(sample.band for sample in self._samples):
            return [values, values, values]
        return [values, columns(middle), columns(upper)]
