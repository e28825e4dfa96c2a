"""An experiment as it goes on: its table row by row, its bars, and what is under way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.color import Color
from textual.containers import ScrollableContainer, Vertical
from textual.widgets import Static

from tsmon.load.experiment.chart import ChartColours, chart
from tsmon.load.experiment.files import write_result
from tsmon.load.experiment.kept import keep_result
from tsmon.load.experiment.table import ResultColumn, footnotes, markdown, result_columns, rows
from tsmon.serving.errors import ServingError
from tsmon.tui import keymap
from tsmon.tui.keymap.active import keys_of
from tsmon.tui.screens.above import AboveInPart
from tsmon.tui.screens.ask import AskPath
from tsmon.tui.state.jobs import ExperimentJob
from tsmon.tui.state.messages import ExperimentBegun
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.tui.widgets.words import Words
from tsmon.untrusted.text import file_word

if TYPE_CHECKING:
    from tsmon.load.experiment.experiment import Experiment
    from tsmon.load.experiment.result import ExperimentResult

EXPERIMENT_RUNNING = (
    "{experiment.stop} stops and restores the workers, {experiment.quit} also quits"
)
EXPERIMENT_ENDED = (
    "{experiment.copy} copies as Markdown, {experiment.write} saves a file, "
    "{experiment.stop} closes"
)


class ExperimentScreen(AboveInPart[None]):
    """Shows one experiment; it ends only after the model has been put back."""

    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(keymap.EXPERIMENT_KEYS)

    def __init__(self, experiment: Experiment, home: Path | None) -> None:
        """`home` is the folder that results are kept in."""
        super().__init__()
        self._experiment = experiment
        self._home = home
        self._job: ExperimentJob | None = None
        self._kept = ""
        self._shown = -1

    @property
    def job(self) -> ExperimentJob:
        """What goes on; it began as the screen was shown."""
        assert self._job is not None  # noqa: S101 (made in on_mount)
        return self._job

    def compose(self) -> ComposeResult:
        """The table, the bars, the words."""
        with Vertical(id="page") as box:
            result = self._experiment.result
            box.border_title = f"Experiment with {result.model} {result.version}"
            with ScrollableContainer(id="experiment-scroll"):
                yield Static(id="experiment-table")
                yield Static(id="experiment-chart")
                yield Words(id="experiment-notes")
            yield Words(id="experiment-step")

    def on_mount(self) -> None:
        """Start to follow the experiment."""
        self._job = ExperimentJob(self._experiment, self._changed)
        self.post_message(ExperimentBegun(self._job))
        self._changed()

    def on_resize(self) -> None:
        """Other columns may fit."""
        self._shown = -1
        self.call_after_refresh(self._changed)

    def action_stop(self) -> None:
        """Stop it, or close the screen once it has ended."""
        if self.job.running:
            self.job.stop()
            self._changed()
        else:
            self.dismiss(None)

    def action_copy(self) -> None:
        """Hand the result to the terminal's clipboard as Markdown."""
        self.app.copy_to_clipboard(markdown(self._experiment.result))
        self.notify("copied, if your terminal allows it (OSC 52)", timeout=3)

    def action_write(self) -> None:
        """Ask for a file and write the result into it."""
        words = "The suffix sets the format: .md, .csv, .json, or .svg for the chart."
        start = Path.cwd() / f"{file_word(self._experiment.plan.model)}-experiment.md"
        self.app.push_screen(AskPath("Save the result", words, start, self._write))

    async def _write(self, path: Path) -> None:
        await asyncio.to_thread(write_result, self._experiment.result, path)
        self.notify(f"saved to {path}", timeout=5, markup=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing to copy or write before the first measurement."""
        if action in {"copy", "write"}:
            return bool(self._shown > 0)
        return True

    def _changed(self) -> None:
        """Show what is known now."""
        if self._job is None or not self.app.is_running or self.was_left:
            return  # the widgets go before the job ends
        self.query_one("#experiment-step", Words).say(line(*self._words()))
        words = EXPERIMENT_RUNNING if self.job.running else EXPERIMENT_ENDED
        self.query_one("#page", Vertical).border_subtitle = keys_of(self).expand(words)
        result = self._experiment.result
        if self._shown != len(result.measurements):
            self._shown = len(result.measurements)
            self.query_one("#experiment-table", Static).update(self._table(result))
            if result.measurements:
                picture = chart(result.measurements, self._palette)
                self.query_one("#experiment-chart", Static).update(picture)
        remarks = [*result.notes, *footnotes(result)]
        notes = line(("\n".join(remarks), Tone.MUTED)) if remarks else None
        self.query_one("#experiment-notes", Words).say(notes)
        if result.complete and not self.job.running and not self._kept:
            self._kept = "saving the result …"
            self.run_worker(self._keep(result))

    async def _keep(self, result: ExperimentResult) -> None:
        try:
            path = await asyncio.to_thread(keep_result, result, self._home)
            self._kept = f"saved in {path}"
        except ServingError as error:
            self._kept = str(error)
        self._changed()

    def _table(self, result: ExperimentResult) -> RenderableType:
        """The rows there are, and one for each setting to come."""
        chosen = self._columns_that_fit(result)
        grid = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
        for column in chosen:
            grid.add_column(column.title, justify="right", no_wrap=True)
        for cells in rows(result, chosen):
            grid.add_row(*cells)
        for setting in self._experiment.plan.settings[len(result.measurements) :]:
            grid.add_row(Text(str(setting.workers), "dim"), *[Text("·", "dim")] * (len(chosen) - 1))
        return Group(Text(f"{result.load} at each setting", "dim"), grid, "")

    def _columns_that_fit(self, result: ExperimentResult) -> list[ResultColumn]:
        """The first columns, as many as there is room for."""
        chosen, room = result_columns(result), self.query_one("#page").content_size.width
        while len(chosen) > 1 and _width(chosen, result) > room:
            chosen.pop()
        return chosen

    @property
    def _palette(self) -> ChartColours:
        """The theme's colours."""

        def colour(name: str) -> str:
            return Color.parse(self.app.theme_variables[name]).hex6

        return ChartColours(*map(colour, ("primary", "warning", "secondary", "surface")))

    def _words(self) -> list[Span]:
        """What is under way, or how it ended."""
        job, left = self.job, self._experiment.restoration
        if job.running:
            if job.stopped:
                return [("◌ stopping and restoring the original workers …", Tone.WARNING)]
            return [(f"◌ {job.step or 'beginning'}", Tone.ACCENT)]
        spans: list[Span] = []
        if job.problem is not None:
            spans.append((f"✗ {job.problem}\n", Tone.BAD))
        elif job.stopped:
            spans.append(("stopped by you. ", Tone.PLAIN))
        if left is not None:
            spans.append((f"{'●' if left.done else '✗'} {left.message}", _tone(left.done)))
            spans.append((f"\n  → {left.remedy}" if left.remedy else "", Tone.PLAIN))
        spans.append((f"\n{self._kept}" if self._kept else "", Tone.MUTED))
        return spans


def _width(chosen: Sequence[ResultColumn], result: ExperimentResult) -> int:
    """What these columns take, with a blank between two."""
    texts = [[column.title, *map(column.cell, result.measurements)] for column in chosen]
    return sum(max(map(len, each)) + 1 for each in texts) - 1


def _tone(good: bool) -> Tone:
    return Tone.GOOD if good else Tone.BAD
