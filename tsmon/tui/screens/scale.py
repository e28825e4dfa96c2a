"""The dialog that sets a number of workers and says first what will happen."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from tsmon.torchserve.changes import check_workers, scale_change
from tsmon.torchserve.errors import InvalidArgument
from tsmon.tui.screens.dialog import Dialog
from tsmon.tui.screens.questions import NEWEST_FIRST
from tsmon.tui.state.risk import WorkerChange, weigh
from tsmon.tui.text.notes import Note
from tsmon.tui.text.outlook import format_outlook
from tsmon.tui.text.preview import preview_change, worker_rows
from tsmon.tui.text.symbols import Symbols
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.tui.widgets.field import Field
from tsmon.tui.widgets.outlook_chart import OutlookChart
from tsmon.units import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tsmon.load.capacity.advice import Advice
    from tsmon.telemetry.history import HistoryPoint
    from tsmon.telemetry.instant import Instant
    from tsmon.telemetry.snapshot import ModelStatus

CHART_REFRESH_S = 1.0


class ScaleDialog(Dialog[int]):
    """Gives the number of workers that is wanted."""

    HEADING: ClassVar[str] = "Scale"
    ACCEPT: ClassVar[str] = "Scale"

    def __init__(
        self,
        model: ModelStatus,
        now: int,
        start: int | None = None,
        *,
        local: bool,
        advice: Advice | None = None,
        past: Callable[[], tuple[Sequence[HistoryPoint], Instant]] | None = None,
        symbols: Symbols = Symbols.BRAILLE,
    ) -> None:
        """`now` is how many workers there are or soon will be, `start` what is filled in.

        `past` is what the model's chart is drawn from, up to the present, and `symbols` with what.
        """
        super().__init__()
        self._model = model
        self._now = now
        self._start = now if start is None else start
        self._advice = advice
        self._past = past
        self._symbols = symbols
        self._cpus = os.cpu_count() if local else None

    @property
    def heading(self) -> str:
        """Which version is scaled."""
        return f"Workers of {self._model.key}"

    def body(self) -> ComposeResult:
        """The number and its consequences."""
        yield Field("workers", str(self._start), id="workers", number=True)
        yield Static(id="consequences", classes="explanation")
        if self._past is not None:
            yield OutlookChart()
        if self._advice is not None:
            yield Static(id="outlook", classes="explanation")

    def on_mount(self) -> None:
        """Go on with the chart."""
        super().on_mount()
        for chart in self.query(OutlookChart):
            chart.symbols = self._symbols
            chart.fit(self.app.size.height)
            self.set_interval(CHART_REFRESH_S, self._draw)
            self._draw()

    def on_resize(self, event: events.Resize) -> None:
        """Have a chart where there is room for it."""
        for chart in self.query(OutlookChart):
            chart.fit(event.size.height)

    def _draw(self) -> None:
        """What was measured up to now, and what is predicted for the number typed."""
        if self._past is None or not self.is_attached:
            return
        points, end = self._past()
        self.query_one(OutlookChart).show(points, end, self._advice, self._typed())

    def _typed(self) -> int | None:
        try:
            return typed_workers(self.query_one("#workers", Field))
        except InvalidArgument:
            return None

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say the consequences while the number is typed."""
        event.stop()
        words = self.query_one("#consequences", Static)
        target = self._typed()
        words.update(
            "" if target is None else consequences(self._model, self._now, target, self._cpus)
        )
        if self._advice is not None:
            self.query_one("#outlook", Static).update(format_outlook(self._advice, target))
        self._draw()

    def accept(self) -> None:
        """Take the number."""
        try:
            target = typed_workers(self.query_one("#workers", Field))
        except InvalidArgument as error:
            self.show_note(Note.of(error))
            return
        self.dismiss(target)


def typed_workers(field: Field) -> int:
    """The number of workers in a field.

    Raises:
        InvalidArgument: it holds none, or one that no version can have.
    """
    if (workers := field.number) is None:
        raise InvalidArgument("how many workers?", "enter a number, 0 or more")
    check_workers(workers)
    return workers


def consequences(model: ModelStatus, now: int, target: int, cpus: int | None) -> Content:
    """What a number of workers will mean."""
    key = model.key
    change = scale_change(key.name, target, version=key.version)
    spans: list[Span] = []
    if target > now:
        spans.append(
            ("\nEach new worker loads the model first; requests continue to be served.", Tone.MUTED)
        )
    elif 0 < target < now:
        loses = weigh(model, WorkerChange(now, target)) is not None
        mark, tone = ("! ", Tone.WARNING) if loses else ("", Tone.MUTED)
        spans.append((f"\n{mark}{NEWEST_FIRST}", tone))
    elif target == 0:
        spans.append(("\n! Without workers every request gets a 503.", Tone.WARNING))
    if cpus and target > cpus and all(worker.worker.gpu is False for worker in model.workers):
        spans.append(
            (f"\n! This machine has {plural(cpus, 'CPU')}; more workers than that make it slower.",
             Tone.WARNING)
        )  # fmt: skip
    return preview_change(worker_rows(model, now, target, label="change"), [change]) + line(*spans)
