"""A load run as it goes on: its counts, its response times, and both over time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import Static

from tsmon.load.run.kept import write_run
from tsmon.load.run.record import run_record
from tsmon.tui.state.jobs import LoadJob
from tsmon.tui.text.load import (
    WIDE_HISTOGRAM,
    format_failures,
    format_histogram,
    format_progress,
    format_report,
    plan_words,
)
from tsmon.tui.text.symbols import Symbols, TimedValue
from tsmon.tui.text.tones import Tone, line
from tsmon.tui.widgets.chart import Chart
from tsmon.tui.widgets.run_pane import RunView
from tsmon.tui.widgets.time_axis import TimeAxis, TimeSpan
from tsmon.tui.widgets.words import Words
from tsmon.units import duration, milliseconds, per_second
from tsmon.untrusted.text import file_word

if TYPE_CHECKING:
    from tsmon.load.run.plan import RunPlan
    from tsmon.load.run.report import RunReport
    from tsmon.logs.places import LogPlace
    from tsmon.torchserve.client import TorchServe


class _Elapsed(TimeSpan, frozen=True):
    """All of a run, from its start."""

    def label(self, share: float) -> str:
        return f"{duration((1 - share) * self.seconds)}"


class LoadView(RunView):
    """Shows one run."""

    SUFFIXES: ClassVar[str] = ".json"

    job: LoadJob

    def __init__(
        self, client: TorchServe, plan: RunPlan, logs: LogPlace | None, home: Path | None
    ) -> None:
        """`logs` are the server's, `home` is the folder that runs are kept in."""
        super().__init__(id="load")
        self.plan = plan
        self._lines: dict[str, int | None] = {}
        """The heights of the texts, by their ids; None is as high as they are."""
        self.job = LoadJob(client, plan, self.changed, logs=logs, home=home)
        key = f"{plan.model} {plan.version or ''}".strip()
        self.heading = f"load {key} · {plan_words(plan)}"
        self.file_name = f"{file_word(plan.model)}-load.json"

    def compose(self) -> ComposeResult:
        """How it goes, what it gave, and both over time."""
        yield Words(id="load-progress")
        yield Words(id="load-problem")
        with Container(id="load-parts"):
            with Vertical(id="load-words"):
                yield Words(id="load-report")
            with Vertical(id="load-histogram"):
                yield Static("answers by response time", classes="load-title")
                yield Words(id="load-bars")
            with Vertical(id="load-charts"):
                yield Static("answers per second", classes="load-title")
                yield Chart(per_second, id="load-rate")
                yield Static("p95 over time", classes="load-title")
                yield Chart(milliseconds, id="load-p95")
                yield TimeAxis(id="load-axis")

    def halt(self) -> None:
        """Stop sending; then do not wait for the answers in flight."""
        self.job.halt()

    @property
    def text(self) -> str:
        """The plan and the report."""
        report = self.job.report
        if report is None:
            return ""
        side, width = self.job.side, WIDE_HISTOGRAM
        parts = (
            format_failures(report, side, self.job.remedy),
            format_report(report, side),
            format_histogram([report.histogram], width, width // 2, ascii_only=True),
        )
        return "\n".join([self.heading, *(part.plain for part in parts if part), ""])

    def write(self, path: Path) -> None:
        """Write it as `tsmon load --json` prints it."""
        if self.job.report is not None:
            write_run(run_record(self.job.report, self.job.started, self.job.side), path)

    def show(self) -> None:
        """Fill all parts."""
        for part in (*self.query(Chart), *self.query(TimeAxis)):
            part.symbols = self.symbols
        self._say("load-problem", self._problem())
        if (report := self.job.report) is None:
            return
        self.query_one("#load-progress", Words).say(format_progress(report))
        width = self.query_one("#load-words").content_size.width
        self._say("load-report", format_report(report, self.job.side, width))
        self._show_bars(report)
        span = _Elapsed(max(report.seconds, 1.0))
        self.query_one(TimeAxis).span = span
        moments = [(span.seconds - each.at_s, each) for each in self.job.moments]
        rates = [TimedValue(age_s, each.throughput) for age_s, each in moments]
        times = [TimedValue(age_s, each.p95_ms) for age_s, each in moments]
        self.query_one("#load-rate", Chart).plot(rates, span, gap_s=span.seconds)
        self.query_one("#load-p95", Chart).plot(times, span, gap_s=span.seconds)

    def _say(self, id_: str, content: Content | None) -> None:
        """Show a text as high as it has lines, so that not every change lays out the screen."""
        words = self.query_one(f"#{id_}", Words)
        whole_lines = content is not None and words.styles.text_wrap == "nowrap"
        lines = content.plain.count("\n") + 1 if content is not None and whole_lines else None
        if lines != self._lines.get(id_):
            self._lines[id_] = lines
            words.styles.height = lines  # setting it to what it is lays out as well
        words.say(content)

    def _show_bars(self, report: RunReport) -> None:
        room = self.query_one("#load-bars", Words).container_size
        is_ascii = self.symbols is Symbols.ASCII
        bars = format_histogram(
            [report.histogram], room.width, room.height - 1, ascii_only=is_ascii
        )
        self.query_one("#load-bars", Words).say(bars)

    def _problem(self) -> Content | None:
        """Why it ended early, or what failed and what to do about it."""
        if (note := self.job.problem) is not None:
            hint = f"\n→ {note.hint}" if note.hint else ""
            return line((f"✗ {note.message}", Tone.BAD), (hint, Tone.PLAIN))
        report = self.job.report
        words = format_failures(report, self.job.side, self.job.remedy) if report else None
        if not self.job.kept:
            return words
        kept = line((f"! {self.job.kept}", Tone.WARNING))
        return Content("\n").join([words, kept]) if words else kept
