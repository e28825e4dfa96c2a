"""Many images at full speed or at a rate: the question how, and the run as it goes."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from tsmon.load.refusals import Failure, capacity_cause
from tsmon.load.run.plan import MAX_CONCURRENCY, MAX_COUNT, RunPlan
from tsmon.load.run.run import LoadRun, open_run
from tsmon.torchserve.errors import InvalidArgument, TorchServeError
from tsmon.tui import keymap
from tsmon.tui.keymap.active import keys_of
from tsmon.tui.screens.above import Above
from tsmon.tui.screens.ask import read_number
from tsmon.tui.screens.dialog import Dialog
from tsmon.tui.text.load import format_progress, format_report, plan_words
from tsmon.tui.text.notes import EXPECTED, Note
from tsmon.tui.text.symbols import Symbols, TimedValue
from tsmon.tui.text.tones import Tone, line
from tsmon.tui.widgets.chart import Chart
from tsmon.tui.widgets.field import Field
from tsmon.tui.widgets.time_axis import TimeAxis, TimeSpan
from tsmon.tui.widgets.words import Words
from tsmon.units import duration, milliseconds, per_second

if TYPE_CHECKING:
    from tsmon.digits.images import DigitImage
    from tsmon.load.run.report import RunProgress, RunReport
    from tsmon.telemetry.snapshot import ModelKey
    from tsmon.torchserve.client import TorchServe

MAX_SECONDS = 3600
MOST_RATE = 10_000
_CAPACITY = {Failure.NO_CAPACITY, Failure.NO_WORKER, Failure.QUEUE_FULL}


class LoadSettings(Struct, frozen=True):
    """What was typed last."""

    concurrency: int = 10
    rate: int | None = None
    seconds: int = 10
    requests: int = 10_000


class LoadDialog(Dialog[LoadSettings]):
    """Asks how fast and how long to send."""

    ACCEPT: ClassVar[str] = "Send"

    def __init__(self, key: ModelKey, last: LoadSettings) -> None:
        super().__init__()
        self._key = key
        self._last = last

    @property
    def heading(self) -> str:
        """Which version gets it."""
        return f"Load {self._key}"

    def body(self) -> ComposeResult:
        """The fields of the plan."""
        words = (
            "Without a rate, each connection sends its next image as soon as it has an answer "
            "(closed loop). With one, images are sent at planned times, from which response times "
            "count (open loop)."
        )
        yield Static(words, classes="explanation")
        last = self._last
        yield Field("in flight", str(last.concurrency), id="concurrency", number=True)
        rate = "" if last.rate is None else str(last.rate)
        yield Field("requests/s", rate, id="rate", number=True, placeholder="closed loop")
        yield Field("seconds", str(last.seconds), id="seconds", number=True)
        yield Field("max requests", str(last.requests), id="requests", number=True)

    def accept(self) -> None:
        """Check the numbers."""
        try:
            settings = LoadSettings(
                self._number("concurrency", "in flight", MAX_CONCURRENCY),
                self._rate(),
                self._number("seconds", "seconds", MAX_SECONDS),
                self._number("requests", "max requests", MAX_COUNT),
            )
        except InvalidArgument as error:
            self.show_note(Note.of(error))
            return
        self.dismiss(settings)

    def _rate(self) -> int | None:
        field = self.query_one("#rate", Field)
        return read_number(field, "requests/s", MOST_RATE) if field.text else None

    def _number(self, id_: str, what: str, most: int) -> int:
        return read_number(self.query_one(f"#{id_}", Field), what, most)


def plan_of(key: ModelKey, images: Sequence[DigitImage], settings: LoadSettings) -> RunPlan:
    """The run that the settings mean."""
    return RunPlan(
        model=key.name,
        version=key.version,
        images=tuple(images),
        concurrency=settings.concurrency,
        rate=settings.rate,
        duration_s=settings.seconds,
        count=settings.requests,
    )


class _Elapsed(TimeSpan, frozen=True):
    """All of a run, from its start."""

    def label(self, share: float) -> str:
        return f"{duration((1 - share) * self.seconds)}"


class LoadScreen(Above[None]):
    """One run, live; it is stopped, or left when it is over, by the same key.

    It covers the monitor: painting that below it too would cost what the run should have.
    """

    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(keymap.LOAD_KEYS)

    def __init__(
        self, client: TorchServe, plan: RunPlan, symbols: Symbols = Symbols.BRAILLE
    ) -> None:
        """`symbols` is what the charts are drawn with."""
        super().__init__()
        self._symbols = symbols
        self._client = client
        self._plan = plan
        self._run: LoadRun | None = None
        self._stopped = False
        self._over = False
        self._intervals: list[tuple[float, RunProgress]] = []

    def compose(self) -> ComposeResult:
        """The plan, how it goes, what it gave, and both over time."""
        with VerticalScroll(id="page") as box:
            box.border_title = f"Load {self._plan.model} {self._plan.version}"
            box.border_subtitle = keys_of(self).expand("{load.stop} stops")
            yield Words(id="load-plan")
            yield Words(id="load-progress")
            yield Words(id="load-report")
            yield Words(id="load-problem")
            yield Static("answers per second", classes="load-title")
            yield Chart(per_second, id="load-rate")
            yield Static("p95 over time", classes="load-title")
            yield Chart(milliseconds, id="load-p95")
            yield TimeAxis(id="load-axis")

    def on_mount(self) -> None:
        """Start the run."""
        self.query_one("#load-plan", Words).say(line((plan_words(self._plan), Tone.MUTED)))
        self.query_one("#load-problem", Words).say(None)
        self.query_one(TimeAxis).symbols = self._symbols
        for chart in self.query(Chart):
            chart.symbols = self._symbols
        self.run_worker(self._send(), group="load")

    async def _send(self) -> None:
        try:
            async with open_run(self._client, self._plan) as self._run:
                async for progress in self._run.progress():
                    self._show(progress)
                report = self._run.report
            await self._explain(report)
        except EXPECTED as error:
            self._say_problem(Note.of(error))
        finally:
            self._over = True
            for box in self.query("#page"):
                words = "{load.copy} copies, {load.stop} closes"
                box.border_subtitle = keys_of(self).expand(words)

    def _show(self, progress: RunProgress) -> None:
        report = progress.so_far
        self._intervals.append((report.seconds, progress))
        self.query_one("#load-progress", Words).say(format_progress(report))
        self._show_report(report)
        span = _Elapsed(max(report.seconds, 1.0))
        self.query_one(TimeAxis).span = span
        for id_, values in (
            ("load-rate", [each.throughput for _, each in self._intervals]),
            ("load-p95", [_p95(each) for _, each in self._intervals]),
        ):
            samples = [
                TimedValue(report.seconds - at, value)
                for (at, _), value in zip(self._intervals, values, strict=True)
            ]
            self.query_one(f"#{id_}", Chart).plot(samples, span, gap_s=span.seconds)

    def _show_report(self, report: RunReport) -> None:
        words = self.query_one("#load-report", Words)
        words.say(format_report(report, self.query_one("#page").content_size.width))

    def on_resize(self) -> None:
        """As many numbers as fit."""
        if self._intervals:
            self.call_after_refresh(self._show_report, self._intervals[-1][1].so_far)

    async def _explain(self, report: RunReport) -> None:
        """Say what to do about 503s."""
        if not _CAPACITY & report.failures.keys():
            return
        with suppress(TorchServeError):
            management = self._client.management
            model = await management.describe(report.plan.model, report.plan.version)
            remedy = line((f"→ {capacity_cause(model)}", Tone.PLAIN))
            self.query_one("#load-problem", Words).say(remedy)

    def _say_problem(self, note: Note) -> None:
        hint = f"\n→ {note.hint}" if note.hint else ""
        problem = line((f"✗ {note.message}", Tone.BAD), (hint, Tone.PLAIN))
        self.query_one("#load-problem", Words).say(problem)

    def action_cancel(self) -> None:
        """Stop sending; then do not wait for the answers under way; then leave."""
        if self._over or self._run is None:
            self.dismiss(None)
        elif not self._stopped:
            self._stopped = True
            self._run.stop()
        else:
            self._run.abandon()

    def action_copy(self) -> None:
        """Hand the report to the terminal's clipboard."""
        if self._run is not None:
            report = format_report(self._run.report)
            words = f"{plan_words(self._plan)}\n{report.plain}\n"
            self.app.copy_to_clipboard(words)
            self.notify("copied, if your terminal allows it (OSC 52)", timeout=3)


def _p95(progress: RunProgress) -> float | None:
    return progress.latency.p95 if progress.latency else None
