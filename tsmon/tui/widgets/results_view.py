"""What a version answered, in five views: one of them is shown."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.reactive import var
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from tsmon.tui.keymap.active import keys_of
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.tui.widgets import answer_rows
from tsmon.tui.widgets.confusion import format_confusion
from tsmon.tui.widgets.live_table import LiveTable
from tsmon.tui.widgets.words import Words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from tsmon.load.answers import Answer
    from tsmon.load.batches import BatchRun
    from tsmon.load.comparison import Comparison
    from tsmon.load.results import Results
    from tsmon.tui.keymap.effective import Keymap
    from tsmon.tui.widgets.long_table import LongTable


class ResultView(StrEnum):
    """The views, in the order in which a key goes through them."""

    ANSWERS = "answers"
    WRONG = "wrong"
    CONFUSION = "confusion"
    BATCHES = "batches"
    VERSIONS = "versions"

    @property
    def following(self) -> ResultView:
        """The next one, after the last the first."""
        views = list(ResultView)
        return views[(views.index(self) + 1) % len(views)]


class ResultsView(Vertical):
    """Names of the views, and below them the one that is shown."""

    view = var(ResultView.ANSWERS, init=False)

    class Wanted(Message):
        """An answer was chosen; it, or its image, is to be looked at."""

        def __init__(self, answer: Answer) -> None:
            super().__init__()
            self.answer = answer

    def __init__(self) -> None:
        super().__init__(id="results")
        self._shown: dict[str, dict[str, Answer]] = {}
        """The answers in the rows of each table, by the rows' keys."""

    def compose(self) -> ComposeResult:
        """The line of names and the five views."""
        yield Words(id="results-names")
        with ContentSwitcher(initial=ResultView.ANSWERS, id="results-views"):
            yield LiveTable(answer_rows.ANSWER_COLUMNS, id=ResultView.ANSWERS)
            yield LiveTable(answer_rows.ANSWER_COLUMNS, id=ResultView.WRONG)
            with VerticalScroll(id=ResultView.CONFUSION):
                yield Words(id="confusion-matrix")
            yield LiveTable(answer_rows.BATCH_COLUMNS, id=ResultView.BATCHES)
            with Vertical(id=ResultView.VERSIONS):
                yield Words(id="versions-summary")
                yield LiveTable(answer_rows.PAIR_COLUMNS, id="versions-table")
        yield Words(id="results-detail")

    def on_mount(self) -> None:
        """Name the views."""
        self._name_views()

    def watch_view(self) -> None:
        """Show another view, and keep the focus here if it is."""
        had_focus = self.has_focus_within
        self.query_one("#results-views", ContentSwitcher).current = self.view
        self._name_views()
        if had_focus:
            self.take_focus()

    def take_focus(self) -> None:
        """Put the focus on what is shown."""
        wanted = "versions-table" if self.view is ResultView.VERSIONS else self.view
        self.query_one(f"#{wanted}", Widget).focus()

    def show(self, results: Results, run: BatchRun | None, comparison: Comparison | None) -> None:
        """Render the current state."""
        if self.view is ResultView.ANSWERS:
            self._show_answers(answer_rows.newest(results.answers, results.score.sent))
        elif self.view is ResultView.WRONG:
            self._show_answers(list(enumerate(results.wrong[: answer_rows.MOST_ANSWER_ROWS])))
        elif self.view is ResultView.CONFUSION:
            matrix = format_confusion(results.confusion)
            self.query_one("#confusion-matrix", Words).say(line(*matrix))
        elif self.view is ResultView.BATCHES:
            rows = answer_rows.batch_rows(run) if run else []
            self.query_one("#batches", LiveTable).show_rows(rows)
        else:
            self._show_versions(comparison)
        self._show_detail()

    def on_long_table_opened(self, event: LongTable.Opened) -> None:
        """Enter on an answer: its image is wanted."""
        event.stop()
        answer = self._shown.get(event.table.id or "", {}).get(event.table.chosen or "")
        if answer is not None:
            self.post_message(self.Wanted(answer))

    def on_live_table_moved(self, event: LiveTable.Moved) -> None:
        """Another answer is under the cursor."""
        event.stop()
        self._show_detail()

    @property
    def chosen(self) -> Answer | None:
        """The answer under the cursor."""
        table = "versions-table" if self.view is ResultView.VERSIONS else str(self.view)
        answers = self._shown.get(table, {})
        key = self.query_one(f"#{table}", LiveTable).cursor_key if answers else None
        return answers.get(key) if key else None

    def _show_detail(self) -> None:
        """Explain the row under the cursor; that of a batch says it all itself."""
        answer = self.chosen
        words = line(*answer_rows.answer_detail(answer)) if answer else None
        self.query_one("#results-detail", Words).say(words)

    def _show_answers(self, answers: Sequence[tuple[int, Answer]]) -> None:
        self._shown[self.view] = {str(number): answer for number, answer in answers}
        self.query_one(f"#{self.view}", LiveTable).show_rows(answer_rows.answer_rows(answers))

    def _show_versions(self, comparison: Comparison | None) -> None:
        self.query_one("#versions-summary", Words).say(line(*_summary(comparison, keys_of(self))))
        rows = answer_rows.pair_rows(comparison) if comparison else []
        pairs = comparison.pairs if comparison else []
        self._shown["versions-table"] = {
            str(number): pair.first for number, pair in enumerate(pairs, 1)
        }
        self.query_one("#versions-table", LiveTable).show_rows(rows)

    def _name_views(self) -> None:
        parts: list[Content] = []
        for view in ResultView:
            style = "$text-primary bold reverse" if view is self.view else "$foreground-muted"
            parts += [
                Content.styled(f" {view} ", f"{style} @click=screen.results('{view}')"),
                Content(" "),
            ]
        self.query_one("#results-names", Words).say(Content("").join(parts))


def _summary(comparison: Comparison | None, keys: Keymap) -> list[Span]:
    """Which two versions, and how often they differ."""
    if comparison is None:
        words = "{picker.compare} sends the marked images, or the selected one, to two versions"
        return [(keys.expand(words), Tone.MUTED)]
    differ = sum(pair.agree is False for pair in comparison.pairs)
    pairs = len(comparison.pairs)
    tone = Tone.WARNING if differ else Tone.PLAIN
    return [
        (f"first {comparison.key} · second {comparison.second} · ", Tone.PLAIN),
        (f"they differ in {differ} of {pairs}", tone),
    ]
