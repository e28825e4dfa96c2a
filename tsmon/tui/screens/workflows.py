"""The workflows of the server: register one, see what it is made of, remove it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from tsmon.torchserve.errors import TorchServeError
from tsmon.torchserve.workflows import Workflow, facts_of
from tsmon.tui import keymap
from tsmon.tui.screens.ask import AskText
from tsmon.tui.screens.confirm import Confirm, Question
from tsmon.tui.screens.full_page import Page
from tsmon.tui.state.risk import Risk
from tsmon.tui.text.notes import Note
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.tui.widgets.columns import Cell, TableColumn, cells_of
from tsmon.tui.widgets.long_table import LongTable
from tsmon.tui.widgets.words import Words
from tsmon.units import plural

if TYPE_CHECKING:
    from tsmon.torchserve.workflows import Workflows
    from tsmon.tui.keymap import Key
    from tsmon.tui.state.session import Session

NONE_YET = Note("no workflow is registered", "{workflows.register} registers one")
WORKFLOW_COLUMNS: tuple[TableColumn[Workflow], ...] = (
    TableColumn("workflow", "WORKFLOW", 24, cell=lambda each: Cell(each.name)),
    TableColumn("archive", "ARCHIVE", 0, cell=lambda each: Cell(each.url)),
)


class WorkflowsPage(Page):
    """A row for each workflow, and below it what the one under the cursor is made of."""

    KEYS = (*keymap.WORKFLOW_KEYS, *keymap.PAGE_SHARED_KEYS)
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(KEYS)
    AUTO_FOCUS = "#workflows-table"

    def __init__(self, session: Session, *, may_change: Callable[[], Note | None]) -> None:
        """`may_change` says why nothing can be changed now, or None."""
        super().__init__(session)
        self._may_change = may_change
        self._found: Sequence[Workflow] | None = None

    @property
    def _workflows(self) -> Workflows:
        return self.session.client.workflows

    def body(self) -> ComposeResult:
        """What is missing, the table, the workflow under the cursor."""
        yield Words(id="page-empty")
        yield LongTable[Workflow](
            WORKFLOW_COLUMNS, partial(cells_of, WORKFLOW_COLUMNS), id="workflows-table"
        )
        yield Words(id="workflow-detail")

    def on_mount(self) -> None:
        """Ask the server."""
        self.query_one("#page-empty", Words).say(line(("◌ reading the workflows …", Tone.WARNING)))
        self.talk.do(self._read(), "reading")

    async def _read(self) -> None:
        try:
            self._found = await self._workflows.all()
        except TorchServeError as error:
            if self.is_open:
                self.query_one("#page-empty", Words).say(self.why_empty(Note.of(error)))
            return
        if not self.is_open:
            return
        self._table.show(self._found)
        empty = None if self._found else self.why_empty(NONE_YET)
        self.query_one("#page-empty", Words).say(empty)
        self.query_one("#workflow-detail", Words).say(None)
        self._describe()
        self.show_title()

    @property
    def _table(self) -> LongTable[Workflow]:
        return self.query_one(LongTable)

    def headline(self) -> tuple[Sequence[Span], Sequence[Span]]:
        """How many there are."""
        left: list[Span] = [("Workflows", Tone.ACCENT)]
        if self._found is None:
            return left, []
        return left, [(plural(len(self._found), "workflow"), Tone.MUTED)]

    @property
    def footer_keys(self) -> list[Key]:
        """Without what changes the server where that is not possible."""
        refused = self._may_change() is not None
        return [key for key in super().footer_keys if not (refused and key.changes)]

    def on_long_table_moved(self, event: LongTable.Moved) -> None:
        """Another workflow is under the cursor."""
        event.stop()
        self._describe()

    def _describe(self) -> None:
        chosen = self._table.chosen
        if chosen is not None:
            self.talk.do(self._show(chosen.name), "describing")

    async def _show(self, name: str) -> None:
        try:
            described = await self._workflows.describe(name)
        except TorchServeError as error:
            spans: list[Span] = [(str(error), Tone.BAD)]
        else:
            spans = [(f"{fact:<9} {value}\n", Tone.PLAIN) for fact, value in facts_of(described)]
            spans[-1] = (spans[-1][0].rstrip(), Tone.PLAIN)
        if self.is_open:
            self.query_one("#workflow-detail", Words).say(line(*spans))

    def action_register(self) -> None:
        """Ask for an archive, and register it."""
        if self._refuses():
            return
        words = "A .war file in the server's workflow store, or a URL. Its models are started too."

        async def register(archive: str) -> None:
            await self._workflows.register(archive)

        self.talk.ask(self._change(AskText("Register a workflow", words, "archive", register)))

    def action_unregister(self) -> None:
        """Ask, and remove the workflow under the cursor."""
        chosen = self._table.chosen
        if chosen is None or self._refuses():
            return
        name = chosen.name
        question = Question(
            f"Unregister the workflow {name}?",
            line(("All its models stop. Models registered by themselves stay.", Tone.PLAIN)),
            Risk.LAST,
            "Unregister",
            name,
        )

        async def unregister() -> None:
            await self._workflows.unregister(name)

        self.talk.ask(self._change(Confirm(question, unregister)))

    async def _change(self, dialog: AskText | Confirm) -> None:
        if await self.app.push_screen_wait(dialog):
            await self._read()
            self.session.monitor.poke()

    def _refuses(self) -> bool:
        refusal = self._may_change()
        if refusal is not None:
            self.talk.note(refusal)
        return refusal is not None

    def action_again(self) -> None:
        """Ask the server again."""
        self.talk.do(self._read(), "reading")

    def action_copy(self) -> None:
        """Copy the name of the workflow."""
        if self._table.chosen is not None:
            self.copy(self._table.chosen.name)
