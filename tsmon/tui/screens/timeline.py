"""What each worker did, on the time axis of the charts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.reactive import var

from tsmon.telemetry.lanes import Lanes, LaneStep
from tsmon.threads import in_thread
from tsmon.tui import keymap
from tsmon.tui.screens.full_page import Page
from tsmon.tui.state.session import ReplaySession
from tsmon.tui.text.model_state import WORKER_STATES
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.tui.widgets.lanes_view import IDLE, LEGEND, Lane, LanesView
from tsmon.tui.widgets.time_axis import EventMark, TimeAxis, TimeSpan
from tsmon.tui.widgets.words import Words
from tsmon.units import percent, plural, short_period

if TYPE_CHECKING:
    from tsmon.telemetry.past import Past
    from tsmon.telemetry.playhead import View
    from tsmon.telemetry.snapshot import ModelKey, ModelStatus
    from tsmon.tui.keymap import Key
    from tsmon.tui.state.session import Session
    from tsmon.tui.text.symbols import Symbols

TIMELINE_REFRESH_S = 0.5
AT_ONCE = 64
"""Ticks that are read in a thread at a time."""
MOST_RECORDED = 360
"""Ticks of a recording that a span is drawn from, as charts are."""

WIDE_LEGEND = 112
"""Columns from which on it is in one line."""
BESIDE = 8
"""Lines of the page besides the lanes."""
LOOSE_GAP = 3
"""Ticks are that many periods apart at most where the time between belongs to the later one."""

Found = tuple[float, "Sequence[ModelStatus]"]


class Timeline(Page):
    """A lane for each worker, the axis below them, and the chosen worker in words."""

    KEYS = (*keymap.TIMELINE_KEYS, *keymap.TIMELINE_TIME_KEYS, *keymap.PAGE_SHARED_KEYS)
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(KEYS)
    AUTO_FOCUS = "#lanes"

    only_selected = var(False, init=False)

    def __init__(
        self,
        session: Session,
        key: ModelKey,
        symbols: Symbols,
        *,
        do: Callable[[str], None],
        look_at_age: Callable[[float], None],
    ) -> None:
        """`do` carries out an action of the monitor's time keys."""
        super().__init__(session)
        self._key = key
        self._symbols = symbols
        self._do = do
        self._look_at_age = look_at_age
        self._past: Past = session.past
        if isinstance(session, ReplaySession):
            from tsmon.telemetry.recording.replay import RecordedPast

            self._past = RecordedPast(session.recording)  # the other one belongs to the screen
        self._start_over()

    def body(self) -> ComposeResult:
        """The lanes, the axis, what the glyphs mean, and the chosen worker."""
        yield Words(id="page-empty")
        yield LanesView(id="lanes")
        yield TimeAxis(id="lanes-axis")
        yield Words(id="lanes-worker")
        yield Words(id="lanes-legend")

    def on_mount(self) -> None:
        """Read the past, then go on."""
        self._refresh()
        self.set_interval(TIMELINE_REFRESH_S, self._refresh)

    # What is read

    def _start_over(self) -> None:
        self._span_s = self.session.playhead.span_s
        self._lanes = Lanes(self._span_s)
        self._read = (0.0, 0.0)
        """From and to which moment ticks were read; the same without any."""
        self._reading = False

    def _fill(self, begin: float, end: float) -> None:
        """Have what is missing of a span read."""
        first, last = self._read
        if self._span_s != self.session.playhead.span_s:
            self._start_over()
            first = last = 0.0
        if first == last or end < first or begin > last:
            self._start_over()
            wanted = (begin, end)
        elif begin < first - self._lanes.step_s:
            wanted = (begin, first)
        elif end > last:
            wanted = (last, end)
        else:
            return
        if not self._reading:
            self._reading = True
            self.run_worker(self._read_ticks(*wanted), group="reading")

    async def _read_ticks(self, begin: float, end: float) -> None:
        lanes, (first, last) = self._lanes, self._read
        for numbers in self._numbers(begin, end):
            found = await in_thread(self._look, numbers)
            for moment, models in found:
                if begin <= moment <= end:
                    lanes.add(moment, models)
            if not self.is_open or lanes is not self._lanes:
                return
            self._draw()
        self._read = (begin, end) if first == last else (min(first, begin), max(last, end))
        self._reading = False
        lanes.forget_before(self._read[1] - 2 * self._span_s)
        self._read = (max(self._read[0], self._read[1] - 2 * self._span_s), self._read[1])
        self._draw()

    def _numbers(self, begin: float, end: float) -> Iterator[list[int]]:
        """The ticks of a span, some at a time."""
        first, last = self._past.index_at(begin), self._past.index_at(end)
        stride = 1
        if self.session.replays:
            stride = max(-(-(last - first) // MOST_RECORDED), 1)
        numbers = list(range(first, last + 1, stride))
        for at in range(0, len(numbers), AT_ONCE):
            yield numbers[at : at + AT_ONCE]

    def _look(self, numbers: Sequence[int]) -> list[Found]:
        found: list[Found] = []
        for number in numbers:
            if number < len(self._past):
                snapshot = self._past[number]
                if not snapshot.stale:
                    found.append((snapshot.at.monotonic, snapshot.models))
        return found

    # What is shown

    @property
    def _view(self) -> View | None:
        return self.session.playhead.view

    def _refresh(self) -> None:
        view = self._view
        if view is not None:
            edge = view.edge.monotonic
            self._fill(edge - self.session.playhead.span_s, edge)
            self._draw()

    def _draw(self) -> None:
        view = self._view
        if view is None or not self.is_open:
            return
        span_s, edge = self.session.playhead.span_s, view.edge.monotonic
        cursor = view.behind_s if view.held else None
        wall = view.edge.wall
        span = TimeSpan(span_s, wall if view.held else None, cursor, wall.timestamp())
        shown = self.query_one(LanesView)
        lanes = self._shown_lanes(span, shown.columns, edge)
        shown.styles.height = min(len(lanes), max(self.size.height - BESIDE, 1))
        shown.show(lanes, span, self._symbols)
        axis = self.query_one(TimeAxis)
        axis.span, axis.symbols = span, self._symbols
        happened = self.session.monitor.events.about(self._key, span_s, view.edge)
        axis.marks = tuple(
            EventMark(view.edge.since(event.at), event.kind.is_bad) for event in happened
        )
        self.query_one("#page-empty", Words).say(None if lanes else line(*self._why_empty()))
        self.query_one("#lanes-worker", Words).say(line(*self._worker_words(view)))
        self.show_title()

    def _shown_lanes(self, span: TimeSpan, width: int, edge: float) -> list[Lane]:
        """Those of the selected version first, each version's below its name."""
        found = self._lanes.workers()
        keys = [key for key in found if key == self._key or not self.only_selected]
        lanes: list[Lane] = []
        for key in sorted(keys, key=lambda key: key != self._key):
            drawn = [Lane(id_, self._columns(id_, span, width, edge)) for id_ in found[key]]
            drawn = [lane for lane in drawn if lane.columns]
            if drawn and len(keys) > 1:
                lanes.append(Lane("", {}, str(key)))
            lanes += drawn
        return lanes

    def _columns(self, worker: str, span: TimeSpan, width: int, edge: float) -> dict[int, LaneStep]:
        """The steps by their columns; a step covers the time since the one before as well."""
        columns: dict[int, LaneStep] = {}
        steps = sorted(self._lanes.of(worker, edge - span.seconds, edge), key=lambda each: each[0])
        gap_s, before = LOOSE_GAP * max(self.session.monitor.period_s, 1.0), None
        for moment, step in steps:
            column = span.column(max(edge - moment, 0.0), width)
            if column is None:
                continue
            known = columns.get(column)
            columns[column] = known.merged(step) if known else step
            if before is not None and moment - before[0] <= gap_s:
                columns |= dict.fromkeys(range(before[1] + 1, column), step)
            before = moment, column
        return columns

    def _why_empty(self) -> list[Span]:
        if self._reading:
            return [("◌ reading the past …", Tone.WARNING)]
        return [("there were no workers in this time", Tone.MUTED)]

    def _worker_words(self, view: View) -> list[Span]:
        """The chosen worker at the moment that is shown, and over the time on the axis."""
        worker = self.query_one(LanesView).worker
        if not worker:
            return []
        everyone = (each for model in view.snapshot.models for each in model.workers)
        status = next((each for each in everyone if each.worker.id == worker), None)
        spans: list[Span] = [(f"worker {worker}  ", Tone.PLAIN)]
        if status is None:
            spans.append(("not there at this moment\n", Tone.MUTED))
        else:
            spans += [WORKER_STATES[status.verdict.health], ("  ", Tone.PLAIN)]
            spans.append((f"{status.verdict.evidence}\n", Tone.MUTED))
        edge = view.edge.monotonic
        steps = [step for _, step in self._lanes.of(worker, edge - self._span_s, edge)]
        spans.append((_summary(steps, self._span_s), Tone.MUTED))
        return spans

    def headline(self) -> tuple[Sequence[Span], Sequence[Span]]:
        """Whose workers, and of when."""
        left: list[Span] = [("Workers over time", Tone.ACCENT)]
        left.append((str(self._key) if self.only_selected else "all models", Tone.PLAIN))
        view = self._view
        if view is None:
            return left, []
        at = f"{view.snapshot.at.wall.astimezone():%H:%M:%S}"
        return left, [(f"at {at}", Tone.ACCENT) if view.held else (at, Tone.MUTED)]

    @property
    def footer_keys(self) -> list[Key]:
        """Moving in time first."""
        keys = super().footer_keys
        return [*keymap.PAGE_KEYS, *keymap.TIMELINE_TIME_KEYS, *keys[len(keymap.PAGE_KEYS) :]]

    def on_resize(self, event: events.Resize) -> None:
        """Have the legend in one line, or in two."""
        super().on_resize(event)
        half = len(LEGEND) // 2
        spans: list[Span] = []
        for number, (words, tone) in enumerate(LEGEND):
            folds = number == half and event.size.width < WIDE_LEGEND
            spans += [("\n" if folds else "  " if spans else "", Tone.PLAIN), (words, tone)]
        self.query_one("#lanes-legend", Words).say(line(*spans))

    # Keys

    def action_model(self) -> None:
        """Only the selected version's workers, or all."""
        self.only_selected = not self.only_selected
        self._draw()

    def action_choose(self, by: int) -> None:
        """Go to another worker."""
        self.query_one(LanesView).choose(by)
        self._draw()

    def action_do(self, id_: str) -> None:
        """Move in time, as in the monitor."""
        self._do(id_)
        self._refresh()

    def on_lanes_view_pointed(self, message: LanesView.Pointed) -> None:
        """Look at the moment that was clicked."""
        message.stop()
        if message.age_s is not None:
            self._look_at_age(message.age_s)
        self._refresh()

    def on_time_axis_pointed(self, message: TimeAxis.Pointed) -> None:
        """Look at the moment that was clicked."""
        message.stop()
        self._look_at_age(message.age_s)
        self._refresh()


def _summary(steps: Sequence[LaneStep], span_s: float) -> str:
    """How a worker spent the time that is known."""
    if not steps:
        return ""
    serving = [step.share for step in steps if step.health.value == "ready"]
    known = [share for share in serving if share is not None]
    parts = [f"in {short_period(span_s)}: ready {percent(len(serving) / len(steps))}"]
    if known:
        idle = sum(share <= IDLE for share in known) / len(known)
        parts.append(f"busy {percent(sum(known) / len(known))}, idle {percent(idle)} of that")
    restarts = sum(step.restarted for step in steps)
    if restarts:
        parts.append(plural(restarts, "new process", "new processes"))
    return " · ".join(parts)
