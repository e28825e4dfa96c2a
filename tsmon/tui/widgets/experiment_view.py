"""An experiment as it goes on: its table row by row, its bars, and what is under way."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.color import Color
from textual.containers import Container
from textual.widgets import Static

from tsmon.load.experiment.chart import ChartColours, chart
from tsmon.load.experiment.files import write_result
from tsmon.load.experiment.table import ResultColumn, footnotes, markdown, result_columns, rows
from tsmon.tui.state.jobs import ExperimentJob
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.tui.widgets.run_pane import RunView
from tsmon.tui.widgets.words import Words
from tsmon.untrusted.text import file_word

if TYPE_CHECKING:
    from tsmon.load.experiment.experiment import Experiment
    from tsmon.load.experiment.result import ExperimentResult


class ExperimentView(RunView):
    """Shows one experiment; it ends only after the model has been put back."""

    STOPS: ClassVar[str] = "{digits.stop} stops and restores the workers"
    SUFFIXES: ClassVar[str] = ".md, .csv, .json, or .svg for the chart"

    job: ExperimentJob

    def __init__(self, experiment: Experiment, home: Path | None) -> None:
        """`home` is the folder that results are kept in."""
        super().__init__(id="experiment")
        self._experiment = experiment
        self.job = ExperimentJob(experiment, home, self.changed)
        result = experiment.result
        self.heading = f"experiment with {result.model} {result.version}"
        self.file_name = f"{file_word(result.model)}-experiment.md"
        self._shown = (-1, 0)

    def compose(self) -> ComposeResult:
        """What is under way, the table, the bars, the words."""
        yield Words(id="experiment-step")
        with Container(id="experiment-parts"):
            yield Static(id="experiment-table")
            yield Static(id="experiment-chart")
        yield Words(id="experiment-notes")

    def halt(self) -> None:
        """Stop it; the model is put back."""
        self.job.stop()
        self.changed()

    @property
    def text(self) -> str:
        """The result as Markdown; empty before the first measurement."""
        result = self._experiment.result
        return markdown(result) if result.measurements else ""

    def write(self, path: Path) -> None:
        """Write the result."""
        write_result(self._experiment.result, path)

    def show(self) -> None:
        """Fill all parts."""
        self.query_one("#experiment-step", Words).say(line(*self._words()))
        result = self._experiment.result
        shown = (len(result.measurements), self.content_size.width)
        if self._shown != shown:
            self._shown = shown
            self.query_one("#experiment-table", Static).update(self._table(result))
            if result.measurements:
                picture = chart(result.measurements, self._palette)
                self.query_one("#experiment-chart", Static).update(picture)
        remarks = [*result.notes, *footnotes(result)]
        notes = line(("\n".join(remarks), Tone.MUTED)) if remarks else None
        self.query_one("#experiment-notes", Words).say(notes)

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
        chosen, room = result_columns(result), self.content_size.width
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
        spans.append((f"\n{job.kept}" if job.kept else "", Tone.MUTED))
        return spans


def _width(chosen: Sequence[ResultColumn], result: ExperimentResult) -> int:
    """What these columns take, with a blank between two."""
    texts = [[column.title, *map(column.cell, result.measurements)] for column in chosen]
    return sum(max(map(len, each)) + 1 for each in texts) - 1


def _tone(good: bool) -> Tone:
    return Tone.GOOD if good else Tone.BAD
