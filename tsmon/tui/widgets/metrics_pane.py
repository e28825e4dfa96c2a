"""Pane 3: what the requests of the selected version cost, as charts and as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.reactive import var
from textual.widgets import Static

from tsmon.telemetry.scrape import MetricsMode
from tsmon.telemetry.snapshot import MetricsStatus, ModelStatus, ServerState, Snapshot
from tsmon.tui import keymap
from tsmon.tui.keymap import PaneName
from tsmon.tui.text.glossary import tip
from tsmon.tui.text.measures import ALWAYS, MEASURES, RATE, Measure
from tsmon.tui.text.numbers import compose_numbers, format_now
from tsmon.tui.text.symbols import Symbols
from tsmon.tui.text.tones import Tone, line
from tsmon.tui.widgets import percentile_table
from tsmon.tui.widgets.chart import Chart
from tsmon.tui.widgets.chart_raster import legend
from tsmon.tui.widgets.pane import Pane
from tsmon.tui.widgets.time_axis import EventMark, TimeAxis, TimeSpan
from tsmon.tui.widgets.words import Words
from tsmon.units import period

if TYPE_CHECKING:
    from tsmon.telemetry.events import Event
    from tsmon.telemetry.history import HistoryPoint
    from tsmon.telemetry.playhead import View

LEAST_GAP_S = 3.0
GAP_PERIODS = 3
"""Samples that are further apart than so many usual intervals are not joined."""
RECENT_STEPS = 100
"""Points that show the usual interval."""
CHART_LINES = 5
"""Lines from which on there is room for one more chart than those that are always shown."""
RULER_LINES = 14
"""Lines from which on the time axis has its ruler."""
LEAST_CHARTS = 11
"""Lines that three charts and their axis want before there is room for a table below them."""
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
    """Charts over the same time, each beside its numbers; those that do not fit are scrolled to."""

    NAME = PaneName.METRICS
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(keymap.METRICS_KEYS)

    chosen = var(RATE, init=False)
    """The measure that `?` explains."""
    symbols = var(Symbols.BRAILLE)
    with_table = var(True, init=False)
    """Whether the table of percentiles is shown where there is room for it."""

    def __init__(self) -> None:
        super().__init__()
        self._first = 0
        """The measure at the top."""
        self._last: _Tick | None = None

    def compose(self) -> ComposeResult:
        """The notice, and for each measure its numbers and its chart."""
        yield Words(id="metrics-notice")
        with Vertical(id="metrics-charts"):
            for measure in MEASURES:
                with Horizontal(classes="measure", id=f"{measure.id}-measure"):
                    yield Static("▸", id=f"{measure.id}-mark", classes="mark")
                    yield Words(id=f"{measure.id}-numbers", classes="numbers")
                    yield Chart(measure.write, id=f"{measure.id}-chart")
            with Horizontal(id="metrics-times"):
                yield Static(classes="mark")
                yield Words(id="metrics-legend", classes="numbers")
                yield TimeAxis()
            yield Words(id="metrics-percentiles")

    def on_mount(self) -> None:
        """Mark the first measure; explain each where the mouse rests on it."""
        self.watch_chosen(self.chosen)
        for measure in MEASURES:
            self.query_one(f"#{measure.id}-numbers").tooltip = tip(self.NAME, measure.title)

    def on_resize(self) -> None:
        """Show as many charts as fit now."""
        self.call_after_refresh(self._show_again)

    def watch_chosen(self, chosen: Measure) -> None:
        """Mark the measure, and show its chart."""
        for mark in self.query(".measure > .mark"):
            mark.set_class(mark.id == f"{chosen.id}-mark", "-chosen")
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
        notice = why_no_charts(snapshot.server.state, snapshot.metrics, model)
        self.query_one("#metrics-notice", Words).say(notice)
        counted = snapshot.metrics.mode is not MetricsMode.LOG or snapshot.metrics.logged
        usable = model is not None and counted
        self.query_one("#metrics-charts").display = usable
        if model and usable:
            self._plot(tick, model)

    def _plot(self, tick: _Tick, model: ModelStatus) -> None:
        """Draw the charts that fit, and write what is beside and below them."""
        snapshot, points, view = tick.snapshot, tick.points, tick.view
        table = _table(snapshot, model) if self._has_room_for_table else None
        self.query_one("#metrics-percentiles", Words).say(table)
        end, cursor_s = (view.edge.wall, view.behind_s) if view.held else (None, None)
        span = TimeSpan(tick.span_s, end, cursor_s)
        marks = tuple(
            EventMark(view.edge.since(event.at), event.kind.is_bad) for event in tick.events
        )
        axis = self.query_one(TimeAxis)
        axis.span, axis.marks = span, marks
        gap_s = max(LEAST_GAP_S, GAP_PERIODS * _interval(points))
        shown = self._arrange(table.plain.count("\n") + 1 if table else 0)
        for measure in shown:
            numbers = compose_numbers(measure, snapshot, model, points, with_percentiles=not table)
            self.query_one(f"#{measure.id}-numbers", Words).say(numbers)
            self.query_one(f"#{measure.id}-chart", Chart).plot(
                measure.samples(points, view.edge),
                span,
                gap_s,
                marks,
                measure.absence(snapshot, model),
            )
        banded = any(measure.is_banded(points) for measure in shown)
        read = snapshot.metrics.log_folder is not None
        self.query_one("#metrics-legend", Words).say(self._legend(banded=banded, read=read))

    def _legend(self, *, banded: bool, read: bool) -> Content:
        """What the parts of a chart are; `read` is whether log files are."""
        solid, dense, thin = legend(self.symbols)
        if not banded:
            return line((f"{solid} mean" if read else f"{solid} mean: no log files", Tone.MUTED))
        return line((f"{solid} p50  {dense} p90  {thin} p99", Tone.MUTED))

    def _show_again(self) -> None:
        if self._last is not None:
            self.show(*self._last)

    def _arrange(self, table_lines: int) -> Sequence[Measure]:
        """Show the charts that fit, the chosen one among them; gives their measures."""
        notice = self.query_one("#metrics-notice")
        taken = table_lines + (notice.outer_size.height if notice.display else 0)
        lines = self.content_size.height - taken - 1
        with_ruler = lines >= RULER_LINES
        self.query_one("#metrics-times").set_class(with_ruler, "-ruler")
        shown = self._fitting(lines - with_ruler)
        for measure in MEASURES:
            self.query_one(f"#{measure.id}-measure").display = measure in shown
        self.foot(_others(shown))
        return shown

    def _fitting(self, lines: int) -> Sequence[Measure]:
        """The measures whose charts fit into so many lines, moved no further than needed."""
        least = ALWAYS if lines >= ALWAYS else 1
        fit = min(max(lines // CHART_LINES, least), len(MEASURES))
        chosen = MEASURES.index(self.chosen)
        first = min(max(self._first, chosen - fit + 1), chosen, len(MEASURES) - fit)
        self._first = max(first, 0)
        return MEASURES[self._first : self._first + fit]

    @property
    def _has_room_for_table(self) -> bool:
        room = self.content_size
        low = percentile_table.HEIGHT + LEAST_CHARTS
        return (
            self.with_table
            and room.width >= percentile_table.PERCENTILE_WIDTH + MARGINS
            and room.height >= low
        )


def _others(shown: Sequence[Measure]) -> str:
    """The measures above and below those that are shown."""
    at = MEASURES.index(shown[0])
    above, below = MEASURES[:at], MEASURES[at + len(shown) :]
    sides = (("↑", above), ("↓", below))
    return "  ".join(
        f"{arrow} {', '.join(measure.title for measure in hidden)}"
        for arrow, hidden in sides
        if hidden
    )


def why_no_charts(
    state: ServerState, metrics: MetricsStatus, model: ModelStatus | None
) -> Content | None:
    """Why there are no numbers, or only some, and what to do; None when all is well."""
    if metrics.problem is not None and state is ServerState.UP:
        hint = f"\n{metrics.problem.hint}" if metrics.problem.hint else ""
        return line((f"✗ {metrics.problem}", Tone.BAD), (hint, Tone.MUTED))
    if metrics.mode is MetricsMode.LOG and metrics.logged:
        return line(
            ("counted from the log files since tsmon first read them; ", Tone.MUTED),
            ("metrics_mode=prometheus would count from the server's start", Tone.MUTED),
        )
    if metrics.mode is MetricsMode.LOG:
        return line(
            ("The server shows no counters: its metrics_mode is log.\n", Tone.WARNING),
            ("Add ", Tone.MUTED), ("metrics_mode=prometheus", Tone.PLAIN),
            (" to its config.properties and restart it.", Tone.MUTED),
            (f"\n{metrics.log_problem}" if metrics.log_problem else "", Tone.WARNING),
        )  # fmt: skip
    if metrics.log_problem:
        return line((f"no percentiles: {metrics.log_problem}", Tone.WARNING))
    if model is None:
        return line(("no model is selected", Tone.MUTED))
    if model.gone:
        return line((f"gone: {model.gone}", Tone.MUTED))
    return None


def _interval(points: Sequence[HistoryPoint]) -> float:
    """Seconds that usually lie between two points, by those at the end."""
    steps = [later.at.since(earlier.at) for earlier, later in pairwise(points[-RECENT_STEPS:])]
    return median(steps) if steps else 0.0


def _table(snapshot: Snapshot, model: ModelStatus) -> Content | None:
    """The table of percentiles, or what it takes to have it."""
    if model.requests is not None:
        return percentile_table.compose_percentiles(model.requests)
    if snapshot.stale or snapshot.metrics.log_folder is not None:
        return None
    words = "percentiles need the server's log files, which were not found: "
    return line((words, Tone.MUTED), ("--logs DIR", Tone.PLAIN))
