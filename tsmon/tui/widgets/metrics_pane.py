"""Pane 3: what the requests of the selected version cost, as charts with their numbers above."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.reactive import var

from tsmon.telemetry.logs.time_buckets import unpack_counts
from tsmon.telemetry.no_counters import why_empty
from tsmon.telemetry.scrape import MetricsMode
from tsmon.telemetry.snapshot import MetricsStatus, ModelStatus, ServerState, ServerStatus, Snapshot
from tsmon.tui import keymap
from tsmon.tui.keymap import PaneName
from tsmon.tui.text.glossary import tip
from tsmon.tui.text.measures import ALWAYS, INFERENCE, MEASURES, MEMORY, RATE, Measure
from tsmon.tui.text.numbers import (
    compose_heading,
    compose_statistics,
    fit_heading,
    format_now,
)
from tsmon.tui.text.symbols import Symbols, TimedValue
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.tui.widgets import percentile_table
from tsmon.tui.widgets.chart import Chart
from tsmon.tui.widgets.chart_cells import legend
from tsmon.tui.widgets.chart_gaps import with_gaps
from tsmon.tui.widgets.chart_raster import upper
from tsmon.tui.widgets.chart_rows import has_shape, share_lines
from tsmon.tui.widgets.heat_map import TimedCounts
from tsmon.tui.widgets.pane import Pane
from tsmon.tui.widgets.time_axis import EventMark, TimeAxis, TimeSpan
from tsmon.tui.widgets.watched_series import watched_lines
from tsmon.tui.widgets.words import Words
from tsmon.units import period

if TYPE_CHECKING:
    from tsmon.telemetry.events import Event
    from tsmon.telemetry.history import HistoryPoint
    from tsmon.telemetry.playhead import View

RULER_LINES = 14
"""Lines from which on the time axis has its ruler."""
LEAST_LINES = 6
"""Lines that the charts keep when the table of statistics is shown."""
MARGINS = 2
"""Blank columns beside the table."""


class _Tick(NamedTuple):
    """What was shown last."""

    snapshot: Snapshot
    model: ModelStatus | None
    points: Sequence[HistoryPoint]
    view: View
    span_s: float
    events: Sequence[Event]


class MetricsPane(Pane, can_focus=True):
    """Charts over the same time, each below its numbers; more lines for those with a shape."""

    NAME = PaneName.METRICS
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(keymap.METRICS_KEYS)

    chosen = var(RATE, init=False)
    """The measure that `?` explains."""
    symbols = var(Symbols.BRAILLE)
    with_statistics = var(False, init=False)
    """Whether the table of statistics is shown."""
    with_heat = var(False, init=False)
    """Whether inference is a heatmap in place of percentiles."""

    def __init__(self) -> None:
        super().__init__()
        self._first = 0
        """The measure at the top."""
        self._last: _Tick | None = None
        self._bands: Content | None = None
        """The legend of the charts that are no heatmap."""
        self._others: Content | None = None
        """The measures out of sight."""
        self._had_shape: set[str] = set()
        """The ids of the measures that had a shape at the tick before."""

    def compose(self) -> ComposeResult:
        """The notice, a chart for each measure, their time, and the table."""
        yield Words(id="metrics-notice")
        with Vertical(id="metrics-charts"):
            for measure in MEASURES:
                yield Chart(measure.write, measure.hue, id=f"{measure.id}-chart")
            yield TimeAxis()
            yield Words(id="metrics-statistics")

    def on_mount(self) -> None:
        """Explain each measure where the mouse rests on its title."""
        for measure in MEASURES:
            self._chart(measure).explanation = tip(self.NAME, measure.title)

    def _chart(self, measure: Measure) -> Chart:
        return self.query_one(f"#{measure.id}-chart", Chart)

    def on_resize(self) -> None:
        """Show as many charts as fit now."""
        self.call_after_refresh(self._show_again)

    def on_focus(self) -> None:
        """Mark the measure that is chosen."""
        self._show_again()

    def on_blur(self) -> None:
        """Leave no measure marked."""
        self._show_again()

    def watch_chosen(self) -> None:
        """Mark the measure, and show its chart."""
        self._show_again()

    def watch_with_statistics(self) -> None:
        """Show the table, or give its lines back to the charts."""
        self._show_again()

    def watch_with_heat(self) -> None:
        """Show the heatmap, or the percentiles again."""
        self._show_again()

    def action_choose(self, step: int) -> None:
        """Choose the measure so many further down, at the last one the first."""
        self.chosen = MEASURES[(MEASURES.index(self.chosen) + step) % len(MEASURES)]

    def choose_measure(self, id_: str) -> None:
        """Choose a measure by its id."""
        self.chosen = next(measure for measure in MEASURES if measure.id == id_)

    def chosen_value(self, snapshot: Snapshot, model: ModelStatus) -> str:
        """The chosen number as it is now."""
        return format_now(self.chosen, snapshot, model)

    def watch_symbols(self, symbols: Symbols) -> None:
        """Draw with other characters."""
        for chart in self.query(Chart):
            chart.symbols = symbols
        self.query_one(TimeAxis).symbols = symbols
        self._show_again()

    @on(Chart.HeadingClicked)
    async def explain(self, message: Chart.HeadingClicked) -> None:
        """Explain the number that was clicked."""
        id_ = (message.chart.id or "").removesuffix("-chart")
        await self.run_action(f"screen.explain('{id_}')")

    def show(
        self,
        snapshot: Snapshot,
        model: ModelStatus | None,
        points: Sequence[HistoryPoint],
        view: View,
        span_s: float,
        events: Sequence[Event] = (),
    ) -> None:
        """Render a tick; `view` is where in time it is, points and events are of its charts."""
        self._last = tick = _Tick(snapshot, model, points, view, span_s, events)
        span_words = period(span_s) if view.held else f"last {period(span_s)}"
        self.head(str(model.key) if model else "", span_words)
        notice = why_no_charts(snapshot.server, snapshot.metrics, model)
        pinned = watched_lines(snapshot.series, self.content_size.width)
        above = [each for each in (pinned, notice) if each]
        self.query_one("#metrics-notice", Words).say(Content("\n").join(above) if above else None)
        counted = snapshot.metrics.mode is not MetricsMode.LOG or snapshot.metrics.logged
        usable = model is not None and counted
        self.query_one("#metrics-charts").display = usable
        if model and usable:
            self._plot(tick, model)

    def _plot(self, tick: _Tick, model: ModelStatus) -> None:
        """Draw the charts that fit, and write what is above and below them."""
        snapshot, points, view = tick.snapshot, with_gaps(tick.points), tick.view
        table = self._statistics(snapshot, model)
        self.query_one("#metrics-statistics", Words).say(table)
        end, cursor_s = (view.edge.wall, view.behind_s) if view.held else (None, None)
        span = TimeSpan(tick.span_s, end, cursor_s, view.edge.wall.timestamp())
        marks = tuple(
            EventMark(view.edge.since(event.at), event.kind.is_bad) for event in tick.events
        )
        axis = self.query_one(TimeAxis)
        axis.span, axis.marks = span, marks
        samples = {measure.id: measure.samples(points, view.edge) for measure in MEASURES}
        shown = self._arrange(samples, table.plain.count("\n") + 1 if table else 0)
        for measure in shown:
            parts = compose_heading(measure, snapshot, model, points)
            heading = [self._mark(measure), *fit_heading(parts, self.content_size.width - 1)]
            has_heat = self.with_heat and measure is INFERENCE
            self._chart(measure).plot(
                *(samples[measure.id], span, math.inf, marks),
                note=why_no_heat(snapshot, points) if has_heat else "",
                heading=heading,
                heat=self._heat(points, view) if has_heat else None,
            )
        banded = any(measure.is_banded(points) for measure in shown)
        self._bands = self._legend(banded=banded, read=snapshot.metrics.log_folder is not None)
        self._others = _others(shown)
        self.show_legend()

    def _heat(self, points: Sequence[HistoryPoint], view: View) -> list[TimedCounts]:
        """How many requests of each interval took how long."""
        counted = [point for point in points if point.per_second is not None or point.times]
        return [
            TimedCounts(view.edge.since(point.at), unpack_counts(point.times)) for point in counted
        ]

    @on(Chart.HeatMapped)
    def show_legend(self) -> None:
        """Say what the characters mean, and which measures are out of sight."""
        self.foot(
            Content("  ").join(filter(None, [self._others, self._heat_legend() or self._bands]))
        )

    def _heat_legend(self) -> Content | None:
        """How many requests each shade stands for; None without any."""
        found = self._chart(INFERENCE).heat_map if self.with_heat else None
        if found is None:
            return None
        spans: list[Span] = [("requests ", Tone.MUTED)]
        for glyph, amount in found.legend(self.symbols):
            spans += [(f" {glyph} ", Tone.COMPUTE), (amount, Tone.MUTED)]
        return line(*spans)

    def _mark(self, measure: Measure) -> Span:
        return ("▸" if self.has_focus and measure is self.chosen else " ", Tone.ACCENT)

    def _legend(self, *, banded: bool, read: bool) -> Content:
        """What the parts of a chart are; `read` is whether log files are."""
        solid, dense, thin = legend(self.symbols)
        if not banded:
            return line((f"{solid} mean" if read else f"{solid} mean: no log files", Tone.MUTED))
        named = ((solid, "p50", Tone.P50), (dense, "p90", Tone.P90), (thin, "p99", Tone.P99))
        signs: list[Span] = []
        for sign, name, tone in named:
            signs += [(f"{sign} ", tone), (f"{name}  ", Tone.MUTED)]
        return line(*signs[:-1], (signs[-1][0].rstrip(), Tone.MUTED))

    def _show_again(self) -> None:
        if self._last is not None:
            self.show(*self._last)

    def _arrange(self, samples: dict[str, list[TimedValue]], table_lines: int) -> Sequence[Measure]:
        """Give the charts their lines; gives the measures that have any."""
        notice = self.query_one("#metrics-notice")
        taken = table_lines + (notice.outer_size.height if notice.display else 0)
        lines = self.content_size.height - taken - 1
        with_ruler = lines >= RULER_LINES
        self.query_one(TimeAxis).set_class(with_ruler, "-ruler")
        listed = self._fitting(max(lines - with_ruler, 1))
        heights = share_lines(max(lines - with_ruler, 1), self._shaped(listed, samples))
        given = dict(zip([measure.id for measure in listed], heights, strict=True))
        for measure in MEASURES:
            chart, height = self._chart(measure), given.get(measure.id, 0)
            chart.display = height > 0
            scalar = chart.styles.height
            if height and (scalar is None or scalar.cells != height):
                chart.styles.height = height
        return listed

    def _shaped(
        self, listed: Sequence[Measure], samples: dict[str, list[TimedValue]]
    ) -> list[bool]:
        """Which measures have a shape; without any requests those that show what requests cost."""
        found = set()
        for measure in listed:
            tops = [top for each in samples[measure.id] if (top := upper(each)) is not None]
            had = measure.id in self._had_shape
            if has_shape(tops, had=had) if measure is MEMORY else any(tops):
                found.add(measure.id)
        self._had_shape = found
        if self.with_heat:
            heated = {INFERENCE.id, self.chosen.id} - {RATE.id}
            return [measure.id in heated for measure in listed]
        shaped = found | {self.chosen.id} | {RATE.id}
        if RATE.id not in found:
            shaped |= {measure.id for measure in MEASURES[:ALWAYS]}
        return [measure.id in shaped for measure in listed]

    def _fitting(self, lines: int) -> Sequence[Measure]:
        """The measures that have a line each, moved no further than needed."""
        fit = min(lines, len(MEASURES))
        chosen = MEASURES.index(self.chosen)
        first = min(max(self._first, chosen - fit + 1), chosen, len(MEASURES) - fit)
        self._first = max(first, 0)
        return MEASURES[self._first : self._first + fit]

    def _statistics(self, snapshot: Snapshot, model: ModelStatus) -> Content | None:
        """The table, where it is wanted; without its second part where there is no room for it."""
        room = self.content_size
        if not self.with_statistics or room.height < LEAST_LINES:
            return None
        statistics = compose_statistics(snapshot, model)
        percentiles = percentile_lines(snapshot, model, room.width - MARGINS)
        lines = statistics.plain.count("\n") + 1
        if percentiles is None:
            return statistics
        if room.height < LEAST_LINES + lines + percentiles.plain.count("\n") + 1:
            return statistics
        return Content("\n").join([statistics, percentiles])


def _others(shown: Sequence[Measure]) -> Content | None:
    """The measures above and below those that are shown."""
    at = MEASURES.index(shown[0])
    above, below = MEASURES[:at], MEASURES[at + len(shown) :]
    sides = (("↑", above), ("↓", below))
    words = "  ".join(
        f"{arrow} {', '.join(measure.title for measure in hidden)}"
        for arrow, hidden in sides
        if hidden
    )
    return Content(words) if words else None


def why_no_heat(snapshot: Snapshot, points: Sequence[HistoryPoint]) -> str:
    """Why there is no heatmap of these points, and how to get one."""
    if INFERENCE.is_banded(points):  # their percentiles are known all the same
        return "an older tsmon, which counted no latencies, made this recording"
    if not snapshot.metrics.reads_logs:
        return "a heatmap needs the server's log files: --logs DIR"
    return "no request was timed in this time"


def why_no_charts(
    server: ServerStatus, metrics: MetricsStatus, model: ModelStatus | None
) -> Content | None:
    """Why there are no numbers, or only some, and what to do; None when all is well."""
    if metrics.problem is not None and server.state is ServerState.UP:
        hint = f"\n{metrics.problem.hint}" if metrics.problem.hint else ""
        return line((f"✗ {metrics.problem}", Tone.BAD), (hint, Tone.MUTED))
    if metrics.mode is MetricsMode.LOG and metrics.logged:
        return line(
            ("counted from the log files since tsmon first read them; ", Tone.MUTED),
            ("metrics_mode=prometheus would count from the server's start", Tone.MUTED),
        )
    if metrics.mode is MetricsMode.LOG and server.state is ServerState.TOKEN_REFUSED:
        return line(("no numbers before the server takes the token", Tone.MUTED))
    if metrics.mode is MetricsMode.LOG:
        empty = why_empty(server.version)
        return line(
            (f"{empty.problem}\n", Tone.WARNING),
            (empty.hint, Tone.MUTED),
            (f"\n{metrics.log_problem}" if metrics.log_problem else "", Tone.WARNING),
        )
    if metrics.log_problem:
        return line((f"no percentiles: {metrics.log_problem}", Tone.WARNING))
    if model is None:
        return line(("no model is selected", Tone.MUTED))
    if model.gone:
        return line((f"gone: {model.gone}", Tone.MUTED))
    return None


def percentile_lines(snapshot: Snapshot, model: ModelStatus, width: int) -> Content | None:
    """The table of percentiles, or what it takes to have it."""
    if model.requests is not None:
        if width >= percentile_table.PERCENTILE_WIDTH:
            return percentile_table.compose_percentiles(model.requests)
        return percentile_table.compose_window(model.requests.minute, "ms, 1 min")
    if snapshot.stale or snapshot.metrics.log_folder is not None:
        return None
    words = "percentiles need the server's log files, which were not found: "
    return line((words, Tone.MUTED), ("--logs DIR", Tone.PLAIN))
