"""Swim lanes: a line for each worker, above the time axis of the charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tsmon.telemetry.health.verdicts import WorkerHealth
from tsmon.tui.text.symbols import Symbols
from tsmon.tui.text.tones import Span, Tone, rich_style
from tsmon.tui.widgets.time_axis import LABEL_WIDTH, TimeSpan
from tsmon.untrusted.text import brief

if TYPE_CHECKING:
    from tsmon.telemetry.lanes import LaneStep

IDLE = 0.02
"""The share of the time up to which a worker counts as idle."""
_SHADES = "░▒▓█"
_ASCII = str.maketrans("·░▒▓█◌✗─", ".:+*#ox-")
_GLYPHS: Mapping[WorkerHealth, tuple[str, Tone]] = {
    WorkerHealth.UNKNOWN: ("?", Tone.MUTED),
    WorkerHealth.STOPPING: ("◌", Tone.MUTED),
    WorkerHealth.STARTING: ("◌", Tone.WARNING),
    WorkerHealth.ENDED: ("✗", Tone.BAD),
    WorkerHealth.RETRYING: ("✗", Tone.BAD),
    WorkerHealth.STUCK: ("!", Tone.BAD),
    WorkerHealth.GIVEN_UP: ("─", Tone.BAD),
}
LEGEND: tuple[Span, ...] = (
    ("· idle", Tone.MUTED),
    (f"{_SHADES} busy", Tone.ACCENT),
    ("◌ starting", Tone.WARNING),
    ("R restarted", Tone.WARNING),
    ("✗ dead", Tone.BAD),
    ("! stuck", Tone.BAD),
    ("─ given up", Tone.BAD),
    ("= ready, load not known", Tone.GOOD),
    ("? unknown", Tone.MUTED),
)


def glyph_of(step: LaneStep) -> tuple[str, Tone]:
    """What stands for a step."""
    if step.health is not WorkerHealth.READY:
        return _GLYPHS[step.health]
    if step.restarted:
        return "R", Tone.WARNING
    share = step.share
    if share is None:
        return "=", Tone.GOOD
    if share <= IDLE:
        return "·", Tone.MUTED
    return _SHADES[min(int(share * len(_SHADES)), len(_SHADES) - 1)], Tone.ACCENT


class Lane(NamedTuple):
    """The steps of a worker by the columns that they fall on."""

    worker: str
    """Empty for the heading of the lanes below it."""
    columns: Mapping[int, LaneStep]
    heading: str = ""


class LanesView(Widget, can_focus=True):
    """As many lanes as there is room for, those around the chosen one."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"lanes--chosen", "lanes--cursor"}
    DEFAULT_CSS = """
    LanesView {
        height: 1fr;
        .lanes--chosen { color: $text; background: $primary 30%; text-style: bold; }
        .lanes--cursor { background: $accent 60%; }
    }
    """

    class Pointed(Message):
        """A moment of a worker was clicked."""

        def __init__(self, worker: str, age_s: float | None) -> None:
            super().__init__()
            self.worker = worker
            self.age_s = age_s
            """Seconds before the right edge; None on its name."""

    def __init__(self, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self._lanes: Sequence[Lane] = ()
        self._span = TimeSpan(120.0)
        self._symbols = Symbols.BRAILLE
        self.worker = ""
        """The chosen one; empty where there is none."""

    @property
    def columns(self) -> int:
        """How many there are for the time."""
        return max(self.size.width - LABEL_WIDTH, 1)

    def show(self, lanes: Sequence[Lane], span: TimeSpan, symbols: Symbols) -> None:
        """Draw these lanes; the chosen worker stays chosen while it is among them."""
        self._lanes, self._span, self._symbols = lanes, span, symbols
        workers = [lane.worker for lane in lanes if lane.worker]
        if self.worker not in workers:
            self.worker = workers[0] if workers else ""
        self.refresh()

    def choose(self, by: int) -> None:
        """Go to another lane."""
        workers = [lane.worker for lane in self._lanes if lane.worker]
        if workers:
            at = workers.index(self.worker) + by
            self.worker = workers[min(max(at, 0), len(workers) - 1)]
            self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Point at a worker, and at a moment."""
        number, column = self._first + event.y, event.x - LABEL_WIDTH
        if not 0 <= number < len(self._lanes):
            return
        event.stop()
        self.worker = self._lanes[number].worker or self.worker
        share = (column + 0.5) / self.columns
        age = (1 - share) * self._span.seconds if column >= 0 else None
        self.post_message(self.Pointed(self._lanes[number].worker, age))

    @property
    def _first(self) -> int:
        """The lane in the first line."""
        chosen = next((at for at, each in enumerate(self._lanes) if each.worker == self.worker), 0)
        spare = max(len(self._lanes) - self.size.height, 0)
        return min(max(chosen - self.size.height // 2, 0), spare)

    def render_line(self, y: int) -> Strip:
        """The lane in a line."""
        number = self._first + y
        if number >= len(self._lanes):
            return Strip.blank(self.size.width, self.rich_style)
        lane, variables = self._lanes[number], self.app.theme_variables
        if not lane.worker:
            style = self.rich_style + rich_style(Tone.MUTED, variables)
            words = Segment(f" {brief(lane.heading)}", style)
            return Strip([words]).adjust_cell_length(self.size.width, self.rich_style)
        chosen = self.get_component_rich_style("lanes--chosen", partial=True)
        worker = brief(lane.worker)[: LABEL_WIDTH - 2]
        label = f" {worker:<{LABEL_WIDTH - 2}}"
        bar = "|" if self._symbols is Symbols.ASCII else "│"
        style = self.rich_style + chosen if lane.worker == self.worker else self.rich_style
        segments = [Segment(label, style), Segment(bar, self.rich_style)]
        cursor = self._span.cursor_column(self.columns)
        for column in range(self.columns):
            step = lane.columns.get(column)
            glyph, tone = glyph_of(step) if step else (" ", Tone.PLAIN)
            if self._symbols is Symbols.ASCII:
                glyph = glyph.translate(_ASCII)
            style = self.rich_style + rich_style(tone, variables)
            if column == cursor:
                style += self.get_component_rich_style("lanes--cursor", partial=True)
            segments.append(Segment(glyph, style))
        return Strip(segments).simplify().adjust_cell_length(self.size.width)
