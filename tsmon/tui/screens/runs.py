"""The load runs that are kept, and two of them beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.reactive import var

from tsmon.load.run.kept import kept_runs, read_run
from tsmon.load.run.record import PastRun
from tsmon.threads import in_thread
from tsmon.tui import keymap
from tsmon.tui.screens.ask import AskPath
from tsmon.tui.screens.full_page import Page
from tsmon.tui.text.load import WIDE_HISTOGRAM, format_histogram
from tsmon.tui.text.notes import Note
from tsmon.tui.text.runs import format_runs, run_name
from tsmon.tui.text.symbols import Symbols
from tsmon.tui.text.tones import Span, Tone
from tsmon.tui.widgets.columns import cells_of
from tsmon.tui.widgets.long_table import LongTable
from tsmon.tui.widgets.motion import ScrollableText
from tsmon.tui.widgets.run_table import run_columns
from tsmon.tui.widgets.words import Words
from tsmon.units import plural

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelKey
    from tsmon.tui.state.session import Session

COMPARED = 2
NO_RUNS = Note("no load run is kept yet", "{page.back}, then {digits.load} starts one")
NONE_OF_MODEL = Note("no load run of this version is kept", "{runs.model} shows those of all")


class Runs(Page):
    """A table of the runs, the newest first; two of them are marked to be compared."""

    KEYS = (*keymap.RUNS_KEYS, *keymap.PAGE_SHARED_KEYS)
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(KEYS)
    AUTO_FOCUS = "#runs"

    only_model = var(False, init=False)

    def __init__(
        self, session: Session, symbols: Symbols, home: Path | None, selected: ModelKey | None
    ) -> None:
        """`symbols` is what histograms are drawn with, `home` the folder that runs are kept in."""
        super().__init__(session)
        self._symbols = symbols
        self._home = home
        self._selected = selected
        self._all: list[PastRun] | None = None
        self._marked: list[PastRun] = []
        self._columns = run_columns(lambda run: any(run is each for each in self._marked))

    def body(self) -> ComposeResult:
        """What is missing, or the table."""
        yield Words(id="page-empty")
        yield LongTable[PastRun](self._columns, partial(cells_of, self._columns), id="runs")

    def on_mount(self) -> None:
        """Read the files beside the screen."""
        self.query_one("#page-empty", Words).say(None)
        self.talk.do(self._read())

    async def _read(self) -> None:
        found = await in_thread(kept_runs, self._home)
        self._all = [*(self._all or ()), *found]
        if self.is_open:
            self._show()

    @property
    def _table(self) -> LongTable[PastRun]:
        return self.query_one(LongTable)

    def _show(self) -> None:
        key = self._selected if self.only_model else None
        every = self._all or []
        shown = [run for run in every if key is None or (run.model, run.version) == key]
        longest = max((len(run_name(run)) for run in shown), default=0)
        self._table.show(shown, longest={"model": longest})
        why = NONE_OF_MODEL if every else NO_RUNS
        empty = None if shown or self._all is None else self.why_empty(why)
        self.query_one("#page-empty", Words).say(empty)
        self.show_title()

    def headline(self) -> tuple[Sequence[Span], Sequence[Span]]:
        """Which runs these are, and how many are marked."""
        left: list[Span] = [("Runs", Tone.ACCENT)]
        if self.only_model and self._selected:
            left.append((str(self._selected), Tone.ACCENT))
        if self._marked:
            left.append((f"{len(self._marked)} marked", Tone.ACCENT))
        words = "reading …" if self._all is None else plural(len(self._all), "run")
        return left, [(words, Tone.MUTED)]

    def action_mark(self) -> None:
        """Mark or unmark the chosen run, and go to the next one."""
        run = self._table.chosen
        if run is None:
            return
        others = [each for each in self._marked if each is not run]
        is_marked = len(others) < len(self._marked)
        self._marked = others if is_marked else [*others, run][-COMPARED:]
        self._table.action_cursor_down()
        self.show_title()

    def action_compare(self) -> None:
        """Show two runs beside each other, the earlier one first; or one alone."""
        run, chosen = self._table.chosen, self._marked
        if len(chosen) < COMPARED and run is not None:
            chosen = [*(each for each in chosen if each is not run), run]
        if chosen:
            in_order = sorted(chosen, key=lambda run: run.started)
            self.go_above(ComparedRuns(self.session, self._symbols, in_order))

    def on_long_table_opened(self, event: LongTable.Opened) -> None:
        """A second click on a run."""
        event.stop()
        self.action_compare()

    def action_model(self) -> None:
        """The selected version alone, or all."""
        if self._selected is None:
            self.talk.note(Note("no model is selected in the monitor"), bad=False)
            return
        self.only_model = not self.only_model
        self._show()

    def action_file(self) -> None:
        """Ask for a file."""
        words = "A file that `tsmon load MODEL --json` printed, or that was saved from a run."
        self.app.push_screen(AskPath("Add a run", words, Path.cwd(), self._add))

    async def _add(self, path: Path) -> None:
        run = await in_thread(read_run, path)
        self._all = [run, *(self._all or ())]
        self.only_model = False
        self._show()


class ComparedRuns(Page):
    """Two runs beside each other with what differs, or one alone."""

    KEYS = (*keymap.COMPARED_KEYS, *keymap.PAGE_SHARED_KEYS)
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(KEYS)
    AUTO_FOCUS = "#compared"

    def __init__(self, session: Session, symbols: Symbols, runs: Sequence[PastRun]) -> None:
        """One run or two."""
        super().__init__(session)
        self._symbols = symbols
        self._runs = runs

    def body(self) -> ComposeResult:
        """The numbers and the histograms, side by side where that fits."""
        with ScrollableText(id="compared"), Container(id="compared-parts"):
            yield Words(id="compared-numbers")
            yield Words(id="compared-bars")

    def on_mount(self) -> None:
        """Fill both parts."""
        self._fill()

    def show_title(self) -> None:
        """Another size has room for more."""
        super().show_title()
        self.call_after_refresh(self._fill)

    def _fill(self) -> None:
        numbers, bars = self.query_one("#compared-numbers", Words), self.query_one("#compared-bars")
        numbers.say(format_runs(self._runs, numbers.content_size.width or self.size.width))
        histograms = [run.histogram for run in self._runs]
        rows = max(self.size.height - 4, 8)
        is_ascii = self._symbols is Symbols.ASCII
        width = bars.content_size.width or self.size.width
        self.query_one("#compared-bars", Words).say(
            format_histogram(histograms, width, rows, ascii_only=is_ascii)
        )

    def headline(self) -> tuple[Sequence[Span], Sequence[Span]]:
        """Which runs they are."""
        words = "Run" if len(self._runs) == 1 else "Two runs"
        names = ", ".join(dict.fromkeys(map(run_name, self._runs)))
        return [(words, Tone.ACCENT), (names, Tone.PLAIN)], [("times at the client", Tone.MUTED)]

    def action_copy(self) -> None:
        """Copy the numbers and the histogram as text."""
        histograms = [run.histogram for run in self._runs]
        bars = format_histogram(histograms, WIDE_HISTOGRAM, WIDE_HISTOGRAM, ascii_only=True)
        self.copy(f"{format_runs(self._runs, 80).plain}\n\n{bars.plain}\n")
