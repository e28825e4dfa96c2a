"""Pane 3: what the requests of the selected version cost, as charts and as numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.reactive import var
from textual.widgets import Static

from tsmon.telemetry.history import Point
from tsmon.telemetry.logs.times import Part
from tsmon.telemetry.playhead import View
from tsmon.telemetry.scrape import MetricsMode
from tsmon.telemetry.snapshot import MetricsStatus, ModelStatus, ServerState, Snapshot
from tsmon.telemetry.traffic import Missing, Reading, Usage
from tsmon.tui import keymap
from tsmon.tui.format import count, milliseconds, number, per_second
from tsmon.tui.keymap import PaneName
from tsmon.tui.numbers import tip
from tsmon.tui.tones import Span, Tone, line
from tsmon.tui.widgets import quantile_table
from tsmon.tui.widgets.chart import Chart
from tsmon.tui.widgets.pane import Pane
from tsmon.tui.widgets.raster import Sample, Symbols
from tsmon.tui.widgets.time_axis import TimeAxis, TimeSpan
from tsmon.tui.widgets.words import Words

LEAST_GAP_S = 3.0
GAP_PERIODS = 3
"""Samples that are further apart than so many usual intervals are not joined."""
LEAST_CHARTS = 11
"""Lines that three charts and their axis want before there is room for a table below them."""
MARGINS = 2
"""Blank columns beside the table."""

_WHY = {
    Missing.FIRST_SAMPLE: "1st sample",
    Missing.NO_TRAFFIC: "no requests",
    Missing.UNANSWERED: "unanswered",
    Missing.RESTARTED: "restarted",
    Missing.NO_COUNTERS: "no counters",
}


@dataclass(frozen=True, slots=True)
class Measure:
    """One of the three numbers: what it is called, how it is read and written."""

    id: str
    title: str
    of_usage: Callable[[Usage], float | Missing]
    of_point: Callable[[Point], float | None]
    write: Callable[[float | Missing | None], str]
    part: Part | None = None
    """Which times of the log files it is about."""


RATE = Measure("rate", "requests/s", lambda u: u.per_second, lambda p: p.per_second, per_second)
INFERENCE = Measure(
    "inference",
    "inference",
    lambda u: u.inference_ms,
    lambda p: p.inference_ms,
    milliseconds,
    Part.INFERENCE,
)
QUEUE = Measure(
    "queue", "queue", lambda u: u.queue_ms, lambda p: p.queue_ms, milliseconds, Part.QUEUE
)
MEASURES = (RATE, INFERENCE, QUEUE)


class MetricsPane(Pane, can_focus=True):
    """Three charts over the same time, each beside its numbers."""

    NAME = PaneName.METRICS
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(keymap.METRICS_KEYS)

    chosen = var(RATE, init=False)
    """The measure that `?` explains."""
    symbols = var(Symbols.BRAILLE)

    def compose(self) -> ComposeResult:
        """The notice, and for each measure its numbers and its chart."""
        yield Words(id="metrics-notice")
        with Vertical(id="metrics-charts"):
            for measure in MEASURES:
                with Horizontal(classes="measure"):
                    yield Static("▸", id=f"{measure.id}-mark", classes="mark")
                    yield Words(id=f"{measure.id}-numbers", classes="numbers")
                    yield Chart(measure.write, id=f"{measure.id}-chart")
            with Horizontal(id="metrics-times"):
                yield Static(classes="mark")
                yield Static(classes="numbers")
                yield TimeAxis()
            yield Words(id="metrics-quantiles")

    def on_mount(self) -> None:
        """Mark the first measure; explain each where the mouse rests on it."""
        self.watch_chosen(self.chosen)
        for measure in MEASURES:
            self.query_one(f"#{measure.id}-numbers").tooltip = tip(self.NAME, measure.title)

    def watch_chosen(self, chosen: Measure) -> None:
        """Mark the measure."""
        for mark in self.query(".measure > .mark"):
            mark.set_class(mark.id == f"{chosen.id}-mark", "-chosen")

    def action_choose(self, step: int) -> None:
        """Choose the measure so many further down, at the last one the first."""
        self.chosen = MEASURES[(MEASURES.index(self.chosen) + step) % len(MEASURES)]

    def choose_measure(self, id_: str) -> None:
        """Choose a measure by its id."""
        self.chosen = next(measure for measure in MEASURES if measure.id == id_)

    def chosen_value(self, model: ModelStatus) -> str:
        """The chosen number as it is now."""
        return self.chosen.write(_value(model.traffic.interval, self.chosen))

    def watch_symbols(self, symbols: Symbols) -> None:
        """Draw with other characters."""
        for chart in self.query(Chart):
            chart.symbols = symbols

    def show(
        self,
        snapshot: Snapshot,
        model: ModelStatus | None,
        points: Sequence[Point],
        view: View,
        span_s: float,
    ) -> None:
        """Render a tick; `view` is where in time it is, the points are those of its charts."""
        span_words = _words(span_s) if view.held else f"last {_words(span_s)}"
        self.head(str(model.key) if model else "", span_words)
        notice = explain(snapshot.server.state, snapshot.metrics, model)
        self.query_one("#metrics-notice", Words).say(notice)
        counted = snapshot.metrics.mode is not MetricsMode.LOG or snapshot.metrics.logged
        usable = model is not None and counted
        self.query_one("#metrics-charts").display = usable
        if not model or not usable:
            return
        end, cursor_s = (view.edge.wall, view.behind_s) if view.held else (None, None)
        span = TimeSpan(span_s, end, cursor_s)
        self.query_one(TimeAxis).span = span
        gap_s = max(LEAST_GAP_S, GAP_PERIODS * _interval(points))
        has_room = self._has_room_for_table
        table = self.query_one("#metrics-quantiles", Words)
        table.say(_table(snapshot, model) if has_room else None)
        for measure in MEASURES:
            samples = [Sample(view.edge.since(p.at), measure.of_point(p)) for p in points]
            self.query_one(f"#{measure.id}-chart", Chart).plot(samples, span, gap_s)
            self.query_one(f"#{measure.id}-numbers", Words).say(
                _numbers(measure, model, away=snapshot.stale, with_quantiles=not has_room)
            )

    @property
    def _has_room_for_table(self) -> bool:
        room = self.content_size
        low = quantile_table.HEIGHT + LEAST_CHARTS
        return room.width >= quantile_table.WIDTH + MARGINS and room.height >= low


def explain(
    state: ServerState, metrics: MetricsStatus, model: ModelStatus | None
) -> Content | None:
    """Why there are no numbers, or only some, and what to do; None when all is well."""
    if metrics.problem is not None and state is ServerState.UP:
        hint = f"\n{metrics.problem.hint}" if metrics.problem.hint else ""
        return line((f"✗ {metrics.problem}", Tone.BAD), (hint, Tone.MUTED))
    if metrics.mode is MetricsMode.LOG and metrics.logged:
        return line(
            ("counted from the log files since they were first read; ", Tone.MUTED),
            ("metrics_mode=prometheus counts from the server's start", Tone.MUTED),
        )
    if metrics.mode is MetricsMode.LOG:
        return line(
            ("The server gives no counters: its metrics_mode is log.\n", Tone.WARNING),
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


def _words(span_s: float) -> str:
    return f"{span_s / 60:g} min" if span_s < 3600 else f"{span_s / 3600:g} h"


def _interval(points: Sequence[Point]) -> float:
    """Seconds that usually lie between two points."""
    steps = [later.at.since(earlier.at) for earlier, later in pairwise(points)]
    return median(steps) if steps else 0.0


def _table(snapshot: Snapshot, model: ModelStatus) -> Content | None:
    """The table of quantiles, or what it takes to have it."""
    if model.requests is not None:
        return quantile_table.compose_quantiles(model.requests)
    if snapshot.stale or snapshot.metrics.log_folder is not None:
        return None
    words = "percentiles come from the server's log files, which are not here: "
    return line((words, Tone.MUTED), ("--logs DIR", Tone.PLAIN))


def _numbers(measure: Measure, model: ModelStatus, *, away: bool, with_quantiles: bool) -> Content:
    """The measure now, lately and since the start, with the requests each rests on.

    What matters least comes last, since a low pane has no room for it.
    """
    traffic = model.traffic
    spans = _reading(measure, measure.title, traffic.interval, Tone.ACCENT, away=away)
    spans += _reading(measure, " 1 min", traffic.window)
    if measure is RATE:
        spans.append((_total(traffic.since_start), Tone.MUTED))
    else:
        spans += _reading(measure, " start", traffic.since_start)
    spans += _reading(measure, " 5 min", traffic.long_window)
    if with_quantiles:
        spans += _quantiles(measure, model)
    (title, _), *rest = spans
    click = f"@click=screen.explain('{measure.id}')"
    return Content("").join([Content.styled(title, click), line(*rest)])


def _reading(
    measure: Measure,
    label: str,
    reading: Reading,
    tone: Tone = Tone.PLAIN,
    *,
    away: bool = False,
) -> list[Span]:
    """One line: the label, the number and what it rests on."""
    label_tone = Tone.PLAIN if tone is Tone.ACCENT else Tone.MUTED
    return [
        (f"{label:<10}", label_tone),
        (f"{measure.write(_value(reading, measure)):>8}", tone),
        (f"  {'no answer' if away else _basis(reading)}\n", Tone.MUTED),
    ]


def _quantiles(measure: Measure, model: ModelStatus) -> list[Span]:
    """What most requests of the last minute did not exceed, where the log files tell it."""
    profile = model.requests.minute if model.requests else {}
    quantiles = profile.get(measure.part) if measure.part else None
    if quantiles is None:
        return []
    spans: list[Span] = []
    for label, value in (("p50", quantiles.p50), ("p95", quantiles.p95), ("p99", quantiles.p99)):
        spans += [(f" {label} ", Tone.MUTED), (number(round(value, 2)), Tone.PLAIN)]
    return [*spans, (" ms", Tone.MUTED)]


def _total(reading: Reading) -> str:
    """The requests since the start; how long that is ago is not known, so there is no rate."""
    if isinstance(reading, Missing):
        return f" {_WHY[reading]}\n"
    return f" start    {count(reading.arrived):>8}  requests\n"


def _value(reading: Reading, measure: Measure) -> float | Missing:
    return reading if isinstance(reading, Missing) else measure.of_usage(reading)


def _basis(reading: Reading) -> str:
    """How many requests the number rests on, or why there is none."""
    if isinstance(reading, Missing):
        return _WHY[reading]
    return f"n {count(reading.counted)}" if reading.counted else _WHY[Missing.NO_TRAFFIC]
