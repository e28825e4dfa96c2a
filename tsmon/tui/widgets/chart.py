"""A line of values over time, drawn on Textual's line API."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.color import Color
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tsmon.tui.text.palette import Hue, gradient, palette
from tsmon.tui.text.symbols import Symbols, TimedValue
from tsmon.tui.text.tones import Span, Tone, rich_style
from tsmon.tui.widgets.chart_cells import Fill, draw_bands
from tsmon.tui.widgets.chart_raster import (
    SampleReader,
    heights,
    lower,
    middle,
    nice_top,
    raster_columns,
    upper,
)
from tsmon.tui.widgets.heat_map import LEVELS, HeatMap, TimedCounts, draw_heat
from tsmon.tui.widgets.time_axis import LABEL_WIDTH, EventMark, TimeSpan, place
from tsmon.tui.widgets.value_axis import ValueAxis, place_beyond
from tsmon.units import number


class Special(StrEnum):
    """What else than its values a character of a chart shows."""

    AXIS = "a"
    CURSOR = "c"
    MARK = "m"
    NOTE = "n"
    BEYOND = "b"
    GHOST = "g"


HEIGHT = "h"
"""A value without a band, which is shaded by its height."""
_RUNS = re.compile(r"[h ]+|[s ]+|[d ]+|[t ]+|a+|c+|m+|n+|b+|g+|0+|1+|2+|3+|4+")


class ChartLine(NamedTuple):
    """A line of a chart."""

    label: str
    """Of the vertical axis."""
    cells: str
    fills: str
    """What each of these shows: a `Fill`, `HEIGHT`, a `Special`, or the digit of a heatmap."""


class Ghost(NamedTuple):
    """A level that was not measured: a dashed line across the chart, with its words on it."""

    value: float
    words: str


def shade_style(name: str) -> Style:
    """A shade as a style."""
    return Style(color=Color.parse(name).rich_color)


class Chart(Widget):
    """Values of the last `seconds`, from a zero baseline up to a round number.

    Where samples have a band, it stands on the values: dense, then thin. A few values far above the
    others are marked at the top, and the largest of them is named there. A heading stands above it.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "chart--axis",
        "chart--cursor",
        "chart--mark",
        "chart--note",
        "chart--beyond",
        "chart--ghost",
    }
    DEFAULT_CSS = """
    Chart {
        width: 1fr;
        height: 1fr;
        .chart--axis { color: $foreground-muted; }
        .chart--cursor { color: $text; background: $accent 60%; }
        .chart--mark { color: $foreground-muted; }
        .chart--note { color: $foreground-muted; }
        .chart--beyond { color: $text-warning; }
        .chart--ghost { color: $text-accent; text-style: bold; }
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

    class HeatMapped(Message):
        """The heatmap has another size."""

    class Pointed(Message):
        """A moment of the chart was clicked."""

        def __init__(self, age_s: float) -> None:
            super().__init__()
            self.age_s = age_s
            """Seconds before the chart's right edge."""

    def __init__(
        self,
        unit: Callable[[float], str] = number,
        hue: Hue = Hue.COMPUTE,
        *,
        id: str | None = None,  # noqa: A002 (Textual's name)
    ) -> None:
        """`unit` writes a value of the vertical axis; `hue` is what it is drawn in."""
        super().__init__(id=id)
        self._unit = unit
        self._hue = hue
        self._painted: list[Strip] = []
        self._span = TimeSpan(120.0)
        self._samples: Sequence[TimedValue] = ()
        self._gap_s = 3.0
        self._marks: Sequence[EventMark] = ()
        self._note = ""
        self._heading: Sequence[Span] | None = None
        self._ghost: Ghost | None = None
        self._tones: dict[Tone, Style] = {}
        self._lines: list[ChartLine] | None = None
        self._heat: Sequence[TimedCounts] | None = None
        self._heat_map: HeatMap | None = None
        self._shades: list[dict[str, Style]] = []
        """How each line of the plot is painted, by what its characters show."""
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
        ghost: Ghost | None = None,
        heat: Sequence[TimedCounts] | None = None,
    ) -> None:
        """Show these samples, oldest first; those further apart than `gap_s` are not joined.

        `marks` are what happened; `note` stands where a chart without any value would be. A
        `heading` takes the first line. The axis has room for a `ghost`. With `heat` that is
        drawn in place of the samples.
        """
        self._heat = heat
        self._samples, self._span, self._gap_s = samples, span, gap_s
        self._marks, self._note, self._heading, self._ghost = marks, note, heading, ghost
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
        if self._heat is not None:
            self.post_message(self.HeatMapped())

    def notify_style_update(self) -> None:
        """The theme has other colours."""
        super().notify_style_update()
        self._painted, self._tones, self._shades = [], {}, []

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
    def heat_map(self) -> HeatMap | None:
        """The heatmap that is drawn; None without one, and without any request."""
        return self._heat_map if self._heat is not None and self.lines else None

    @property
    def lines(self) -> list[ChartLine]:
        """What is drawn."""
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
        lines = self.lines
        if len(self._shades) != len(lines):
            self._shades = self._shade_lines(len(lines), plain)
        strips = [self._paint_line(y, line) for y, line in enumerate(lines)]
        if self._heading is not None:
            words = [(text, plain + self._tone(tone)) for text, tone in self._heading]
            strips.insert(0, Strip([Segment(text, style) for text, style in words]))
        return [strip.adjust_cell_length(self.size.width, plain) for strip in strips]

    def _tone(self, tone: Tone) -> Style:
        if tone not in self._tones:
            self._tones[tone] = rich_style(tone, self.app.theme_variables)
        return self._tones[tone]

    def _shade_lines(self, rows: int, plain: Style) -> list[dict[str, Style]]:
        """The styles of each line from the top: stronger ones higher up, and of a band further out.

        Each is computed once for a theme and a height.
        """
        theme = self.app.current_theme
        shades = palette(self.app.theme_variables, dark=theme.dark)[self._hue]
        banded = zip((Fill.SOLID, Fill.DENSE, Fill.THIN), shades, strict=True)
        fixed = {fill.value: plain + shade_style(shade) for fill, shade in banded}
        others = {
            kind.value: self.get_component_rich_style(f"chart--{kind.name.lower()}")
            for kind in Special
        }
        levels = gradient(shades, LEVELS + 1)[1:]
        fixed |= {str(at): plain + shade_style(each) for at, each in enumerate(levels, 1)}
        return [
            {**fixed, "0": plain, Fill.NONE: plain, **others, HEIGHT: plain + shade_style(shade)}
            for shade in reversed(gradient(shades, rows))
        ]

    def _paint_line(self, y: int, line: ChartLine) -> Strip:
        axis = self.get_component_rich_style("chart--axis")
        styles = self._shades[y]
        if y == 0 and self._beyond:
            head = [Segment(line.label[:-1], axis), Segment(line.label[-1], styles[Special.BEYOND])]
        else:
            head = [Segment(line.label, axis)]
        cells, fills = self._mark_special(y, line)
        runs = (
            Segment(cells[run.start() : run.end()], styles[fills[run.start()]])
            for run in _RUNS.finditer(fills)
        )
        return Strip([*head, *runs])

    def _mark_special(self, y: int, line: ChartLine) -> tuple[str, str]:
        """The characters of a line and what each shows, with the cursor and marks in place."""
        cells, fills = line.cells, line.fills
        at = self._span.cursor_column(len(cells))
        special = dict.fromkeys(place(self._marks, self._span, len(cells)), Special.MARK)
        special = {column: kind for column, kind in special.items() if cells[column].isspace()}
        if y == 0:
            special.update(dict.fromkeys(self._beyond, Special.BEYOND))
        if at is not None:
            special[at] = Special.CURSOR
        if not special:
            return cells, fills
        shown, kinds = list(cells), list(fills)
        for column, kind in special.items():
            shown[column], kinds[column] = self._cell(shown[column], kind), kind
        return "".join(shown), "".join(kinds)

    def _cell(self, cell: str, kind: Special) -> str:
        """Something to see where there are no colours."""
        if not cell.isspace() or kind is Special.BEYOND:
            return cell
        cursor, mark = "|'" if self.symbols is Symbols.ASCII else "┊╵"
        return cursor if kind is Special.CURSOR else mark

    def _draw(self, width: int, height: int) -> list[ChartLine]:
        across = width - LABEL_WIDTH
        if across < 1 or height < 1:
            return []
        if self._heat is not None:
            return self._draw_heat(self._heat, across, height)
        # Lines between samples say nothing of how many values are large.
        measured = raster_columns(
            *(self._samples, self._span.seconds, across, 0.0, upper),
            lead_s=self._span.lead_s(across),
        )
        known = [value for value in measured if value is not None]
        axis = ValueAxis.over(known, height)
        if self._ghost is not None and self._ghost.value > min(axis.top, axis.most):
            axis = ValueAxis(nice_top(self._ghost.value))
        low, mid, high = self._columns(across, axis.most)
        dots = height * self.symbols.dots_up
        low_dots, mid_dots = heights(low, axis.top, dots), heights(mid, axis.top, dots)
        high_dots = heights(high, axis.top, dots)
        drawn = draw_bands(low_dots, mid_dots, high_dots, height, self.symbols)
        cells, fills = drawn.cells, drawn.fills
        if low is high:
            fills = [HEIGHT * len(line) for line in cells]
        self._beyond = place_beyond(measured, axis, self._unit, self.symbols)
        cells[0] = "".join(self._beyond.get(at, cell) for at, cell in enumerate(cells[0]))
        if not known and self._note:
            cells, fills = self._write_note(across, height)
        if self._ghost is not None:
            self._draw_ghost(self._ghost, axis.top, cells, fills)
        labels = axis.labels(height, LABEL_WIDTH, self._unit, self.symbols)
        return list(map(ChartLine, labels, cells, fills))

    def _draw_ghost(self, ghost: Ghost, top: float, cells: list[str], fills: list[str]) -> None:
        """A dash in every other column, so that what was measured is seen between them."""
        height, across = len(cells), len(cells[0])
        above = min(max(math.ceil(ghost.value / top * height), 1), height)
        row = height - above
        dash = "-" if self.symbols is Symbols.ASCII else "╌"
        words = f" {ghost.words} "[:across]
        shown = [dash if at % 2 else cell for at, cell in enumerate(cells[row])]
        kinds = [Special.GHOST.value if at % 2 else fill for at, fill in enumerate(fills[row])]
        shown[: len(words)], kinds[: len(words)] = words, [Special.GHOST.value] * len(words)
        cells[row], fills[row] = "".join(shown), "".join(kinds)

    def _draw_heat(self, heat: Sequence[TimedCounts], across: int, height: int) -> list[ChartLine]:
        self._beyond = {}
        self._heat_map = found = draw_heat(heat, self._span, across, height, self.symbols)
        if found is None:
            edge = "|" if self.symbols is Symbols.ASCII else "│"
            labels = [f"{edge:>{LABEL_WIDTH}}"] * height
            return list(map(ChartLine, labels, *self._write_note(across, height)))
        labels = found.labels(LABEL_WIDTH, self.symbols)
        return list(map(ChartLine, labels, found.cells, found.levels))

    def _write_note(self, across: int, height: int) -> tuple[list[str], list[str]]:
        """Blank lines with the note in the middle."""
        cells, fills = [" " * across] * height, [Fill.NONE * across] * height
        noted = (height - 1) // 2
        cells[noted] = f" {self._note}".ljust(across)[:across]
        fills[noted] = Special.NOTE * across
        return cells, fills

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
