"""Every series that the server publishes, and the chart of one."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import Callable, Sequence
from functools import partial
from glob import escape
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.reactive import var

from tsmon.ordering import arrange
from tsmon.telemetry.series.kept import window_at
from tsmon.telemetry.series.layout import COUNTER, HISTOGRAM, SUMMARY
from tsmon.telemetry.series.readings import SeriesReading, read_series, series_words
from tsmon.telemetry.series.watched import matches
from tsmon.telemetry.traffic import WINDOW_S
from tsmon.threads import in_thread
from tsmon.tui import keymap
from tsmon.tui.keymap import PaneName
from tsmon.tui.screens.filtered_page import FilteredPage
from tsmon.tui.text.notes import Note
from tsmon.tui.text.series import series_detail, series_query, series_sample, series_value
from tsmon.tui.text.symbols import TimedValue
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.tui.widgets.chart import Chart
from tsmon.tui.widgets.columns import ARROWS, TableColumn, cells_of
from tsmon.tui.widgets.filter_bar import FilterBar
from tsmon.tui.widgets.long_table import LongTable
from tsmon.tui.widgets.series_table import NAME, SERIES_COLUMNS, SeriesRow
from tsmon.tui.widgets.time_axis import TimeAxis, TimeSpan
from tsmon.tui.widgets.words import Words
from tsmon.units import count, duration, plural

if TYPE_CHECKING:
    from tsmon.telemetry.instant import Instant
    from tsmon.telemetry.playhead import View
    from tsmon.telemetry.series.kept import SeriesPoint
    from tsmon.tui.keymap import Key
    from tsmon.tui.state.session import Session
    from tsmon.tui.text.symbols import Symbols

ALL_METRICS_REFRESH_S = 0.25
"""How often it looks whether there is another tick to read."""


class _Read(NamedTuple):
    """What was read of one moment."""

    at: Instant
    seconds: float
    rows: Sequence[SeriesRow]
    left_out: int
    why_not: str
    points: Sequence[SeriesPoint]


class AllMetrics(FilteredPage):
    """A table of all series, the one under the cursor in words, and its chart."""

    KEYS = (*keymap.ALL_METRICS_KEYS, *keymap.TIMELINE_TIME_KEYS, *keymap.PAGE_SHARED_KEYS)
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(KEYS)
    AUTO_FOCUS = "#series"
    PANE = PaneName.METRICS

    with_chart = var(False, init=False)

    def __init__(
        self,
        session: Session,
        symbols: Symbols,
        *,
        do: Callable[[str], None],
        pin: Callable[[Sequence[str]], None],
    ) -> None:
        """`do` carries out an action of the monitor's time keys, `pin` keeps what is pinned."""
        super().__init__(session)
        self._symbols = symbols
        self._do = do
        self._pin = pin
        self._read: _Read | None = None
        self._order: TableColumn[SeriesRow] = NAME
        self._descending = False
        self._asked: tuple[object, ...] = ()
        """What was read last, so that it is read again only when something else is asked for."""

    def body(self) -> ComposeResult:
        """The filter, what is missing, the table, the series in words, its chart."""
        yield FilterBar(id="series-filter")
        yield Words(id="page-empty")
        yield LongTable[SeriesRow](SERIES_COLUMNS, partial(cells_of, SERIES_COLUMNS), id="series")
        yield Words(id="series-detail")
        yield Chart(series_value, id="series-chart")
        yield TimeAxis(id="series-axis")

    def on_mount(self) -> None:
        """Begin to read."""
        self._table.show_order(self._order, descending=self._descending)
        self.query_one(Chart).symbols = self._symbols
        self._show_chart()
        self.run_worker(self._follow())

    async def _follow(self) -> None:
        """Read the series of the moment that is looked at, in a thread."""
        while self.is_open:
            view, chosen = self._view, self._table.chosen
            asked = (view and (view.snapshot.at, view.edge), chosen and chosen.text, self._span_s)
            if view is not None and asked != self._asked:
                found = await in_thread(self._look, view, chosen, self._span_s)
                self._asked = asked
                if self.is_open:
                    self._take(found)
            await asyncio.sleep(ALL_METRICS_REFRESH_S)

    def _look(self, view: View, chosen: SeriesRow | None, span_s: float) -> _Read | None:
        past, moment = self.session.series, view.snapshot.at.monotonic
        window = window_at(past, moment, WINDOW_S)
        if window is None:
            return None
        now, then = window.now.published, window.then
        rows = read_series(now, then.published if then else None, window.seconds)
        points: Sequence[SeriesPoint] = ()
        if self.with_chart and chosen is not None:
            edge = view.edge.monotonic
            points = past.points(chosen.reading.counted, edge - span_s, edge)
        return _Read(
            *(window.now.at, window.seconds, [SeriesRow(each) for each in rows]),
            *(now.left_out, now.why_not, points),
        )

    # What is shown

    @property
    def _table(self) -> LongTable[SeriesRow]:
        return self.query_one(LongTable)

    @property
    def _view(self) -> View | None:
        return self.session.playhead.view

    @property
    def _span_s(self) -> float:
        return self.session.playhead.span_s

    def _take(self, found: _Read | None) -> None:
        self._read = found
        self._show()

    def _show(self, *, from_top: bool = False) -> None:
        rows = self._read.rows if self._read else ()
        passes = self.query_one(FilterBar).filter.passes
        shown = arrange(
            [row for row in rows if passes(series_words(row.reading))],
            self._order.value,
            descending=self._descending,
        )
        longest = max((len(row.text) for row in shown), default=0)
        self._table.show(shown, longest={NAME.id: longest}, from_top=from_top)
        self.query_one("#page-empty", Words).say(self._empty())
        self._show_chosen()
        self.show_title()

    def _empty(self) -> Content | None:
        if self._table.items:
            return None
        if self._read is not None and self._read.rows:
            return line(("no series matches the filter", Tone.MUTED))
        return self.why_empty(
            Note(
                (self._read.why_not if self._read else "") or "nothing is published here",
                "a server with metrics_mode=prometheus publishes all series; after its start some "
                "only come with the first request",
            )
        )

    def headline(self) -> tuple[Sequence[Span], Sequence[Span]]:
        """How many series these are, and of when."""
        left: list[Span] = [("All metrics", Tone.ACCENT)]
        left.append((f"by {self._order.label.lower()} {ARROWS[self._descending]}", Tone.PLAIN))
        if filter_ := self.query_one(FilterBar).filter:
            left.append((f"filter {filter_.text}", Tone.ACCENT))
        if self._read is None:
            return left, []
        read, view = self._read, self._view
        shown, every = len(self._table.items), len(read.rows)
        of = (
            f"{count(shown)} of {count(every)} series"
            if shown < every
            else plural(every, "series", "series")
        )
        right: list[Span] = [(of, Tone.PLAIN)]
        at = f"{read.at.wall.astimezone():%H:%M:%S}"
        held = view is not None and view.held
        right.append((f"at {at}", Tone.ACCENT) if held else (at, Tone.MUTED))
        if read.left_out:
            right.append((f"{count(read.left_out)} lines not kept", Tone.WARNING))
        if read.why_not:
            right.append((read.why_not, Tone.WARNING))
        return left, right

    def _show_chosen(self) -> None:
        chosen, read = self._table.chosen, self._read
        detail = None
        if chosen is not None and read is not None:
            detail = line(*series_detail(chosen.reading, read.seconds))
        self.query_one("#series-detail", Words).say(detail)
        self._draw()

    def _draw(self) -> None:
        """The chart of the series under the cursor."""
        view, chosen, read = self._view, self._table.chosen, self._read
        if not self.with_chart or view is None or chosen is None or read is None:
            return
        edge, span_s = view.edge, self._span_s
        wall = edge.wall
        cursor = view.behind_s if view.held else None
        span = TimeSpan(span_s, wall if view.held else None, cursor, wall.timestamp())
        values = _charted(chosen.reading, read.points)
        samples = [TimedValue(edge.monotonic - moment, value) for moment, value in values]
        chart, axis = self.query_one(Chart), self.query_one(TimeAxis)
        gap_s = math.inf if self.session.replays else 3 * max(self.session.monitor.period_s, 1.0)
        chart.plot(
            samples, span, gap_s, note="not known in this time",
            heading=_heading(chosen.reading, samples, span_s),
        )  # fmt: skip
        axis.span, axis.symbols = span, self._symbols

    def _show_chart(self) -> None:
        for widget in (self.query_one(Chart), self.query_one(TimeAxis)):
            widget.display = self.with_chart

    @property
    def footer_keys(self) -> list[Key]:
        """The way back, its own keys, then moving in time."""
        keys = super().footer_keys
        return [*keys, *(key for key in keymap.TIMELINE_TIME_KEYS if key not in keys)]

    # Keys

    def on_long_table_moved(self, event: LongTable.Moved) -> None:
        """Show the series under the cursor; its chart follows when it is read."""
        event.stop()
        self._show_chosen()

    def on_long_table_opened(self, event: LongTable.Opened) -> None:
        """A second click on a series."""
        event.stop()
        self.action_chart()

    def on_long_table_title_clicked(self, event: LongTable.TitleClicked) -> None:
        """Sort by a column whose title is clicked; the one it is sorted by, the other way round."""
        event.stop()
        column = next(each for each in SERIES_COLUMNS if each is event.column)
        again = column is self._order
        self._sort_by(column, descending=not self._descending if again else column.largest_first)

    def action_chart(self) -> None:
        """Show the chart of the series under the cursor, or none."""
        self.with_chart = not self.with_chart
        self._asked = ()
        self._show_chart()
        self._draw()

    def action_order(self) -> None:
        """Sort by the next column that is shown."""
        shown = [column for column in SERIES_COLUMNS if self._table.shows(column)]
        at = shown.index(self._order) if self._order in shown else -1
        column = shown[(at + 1) % len(shown)]
        self._sort_by(column, descending=column.largest_first)

    def action_reverse(self) -> None:
        """Sort by the same column the other way round."""
        self._sort_by(self._order, descending=not self._descending)

    def _sort_by(self, column: TableColumn[SeriesRow], *, descending: bool) -> None:
        self._order, self._descending = column, descending
        self._table.show_order(column, descending=descending)
        self._show(from_top=True)

    def action_pin(self) -> None:
        """Pin the series under the cursor, or unpin it with all that has pinned it."""
        chosen = self._table.chosen
        if chosen is None:
            return
        text, pinned = chosen.reading.counted, self.session.monitor.watched.pinned
        kept = tuple(pattern for pattern in pinned if not matches(pattern, text))
        self._pin(kept if kept != pinned else (*pinned, escape(text)))
        words = "unpinned" if kept != pinned else "pinned above the charts"
        self.talk.note(Note(f"{chosen.reading.name} {words}"), bad=False)

    def action_copy(self) -> None:
        """Copy the series and its value."""
        if self._table.chosen is not None:
            self.copy(series_sample(self._table.chosen.reading))

    def action_query(self) -> None:
        """Copy the query that shows it in Prometheus."""
        if self._table.chosen is not None:
            self.copy(series_query(self._table.chosen.reading))

    def action_do(self, id_: str) -> None:
        """Move in time, as in the monitor."""
        self._do(id_)

    def show_filtered(self) -> None:
        """Show the rows that pass, from the first."""
        self._show(from_top=True)


def _charted(
    reading: SeriesReading, points: Sequence[SeriesPoint]
) -> list[tuple[float, float | None]]:
    """What a chart shows of it: the rate of what only grows, else the value."""
    if reading.family.kind not in (COUNTER, HISTOGRAM, SUMMARY):
        return [(moment, value if math.isfinite(value) else None) for moment, value in points]
    found: list[tuple[float, float | None]] = []
    for before, after in itertools.pairwise(points):
        seconds, grown = after.moment - before.moment, after.value - before.value
        known = seconds > 0 and grown >= 0
        found.append((after.moment, grown / seconds if known else None))
    return found


def _heading(reading: SeriesReading, samples: Sequence[TimedValue], span_s: float) -> list[Span]:
    grows = reading.family.kind in (COUNTER, HISTOGRAM, SUMMARY)
    unit = reading.family.unit
    words = "per second" if grows else unit or "value"
    spans: list[Span] = [(f"{reading.name} ", Tone.PLAIN), (words, Tone.MUTED)]
    if samples and samples[0].age_s < span_s - 5:
        spans.append((f"  known for {duration(samples[0].age_s)}", Tone.MUTED))
    return spans
