"""Pane 1: every version of every model, with its workers and what its requests cost."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len
from textual.content import Content
from textual.message import Message

from tsmon.telemetry.activity import Doing, activity_of
from tsmon.telemetry.health.verdicts import ModelHealth
from tsmon.telemetry.history import Figure, History, KeptHistory
from tsmon.telemetry.logs.request_report import RequestPhase
from tsmon.telemetry.snapshot import (
    ModelKey,
    ModelStatus,
    ServerState,
    Snapshot,
)
from tsmon.telemetry.status_signs import model_sign
from tsmon.tui.keymap import PaneName
from tsmon.tui.keymap.active import keys_of
from tsmon.tui.text.activity import format_model
from tsmon.tui.text.model_state import old_words, state_of
from tsmon.tui.text.symbols import Symbols
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.tui.widgets.columns import Cell, TableColumn, TableRow, cells_of
from tsmon.tui.widgets.sparkline import sparkline
from tsmon.tui.widgets.table_pane import TablePane
from tsmon.tui.widgets.words import Words
from tsmon.units import ABSENT, Quantity, byte_size, count, milliseconds, number, percent, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from tsmon.telemetry.traffic import UsageOrMissing
    from tsmon.tui.widgets.live_table import LiveTable

ABOVE_WORK = 100
"""How far a verdict sorts above whatever a model does that is well."""


TREND_WIDTH = 8


class ShownModel(NamedTuple):
    """A version in a tick."""

    model: ModelStatus
    snapshot: Snapshot
    past: History
    symbols: Symbols

    @property
    def old(self) -> bool:
        """Whether what is known of it is not of now."""
        return self.snapshot.stale or self.model.gone is not None

    @property
    def tone(self) -> Tone:
        """That of what calls for no other."""
        return Tone.MUTED if self.old else Tone.PLAIN

    @property
    def usage(self) -> UsageOrMissing:
        """What its last requests cost."""
        return self.model.traffic.interval

    @property
    def errors(self) -> float | None:
        """Requests per second that failed."""
        return self.snapshot.errors_per_second(self.model)

    @property
    def pending(self) -> int | None:
        """Requests that wait now."""
        return None if self.snapshot.stale else self.model.pending

    @property
    def p95(self) -> float | None:
        """What 95 of 100 requests of the last minute did not exceed, from the log files."""
        found = None if self.snapshot.stale else self.model.percentiles(RequestPhase.INFERENCE)
        return found.p95 if found else None

    @property
    def trend(self) -> str:
        """Its P95 where the log files are read, else its requests a second, drawn."""
        figure = Figure.P95 if self.snapshot.metrics.log_folder else Figure.RATE
        values = self.past.trend(self.model.key, figure, self.snapshot.at)
        return sparkline(values, self.symbols, TREND_WIDTH)

    @property
    def is_well(self) -> bool:
        """Whether what it does says more than its verdict."""
        healths = (ModelHealth.READY, ModelHealth.UNKNOWN)
        verdict = self.model.verdict
        return not self.model.gone and verdict.health in healths and not self.model.exceeded

    @property
    def need(self) -> float:
        """How much someone should look at it: first the verdicts, the worst the largest."""
        if self.is_well:
            return list(Doing).index(activity_of(self.model).doing)
        return ABOVE_WORK * (1 + model_sign(self.model).grade) + self.model.verdict.health.severity


ModelColumn = TableColumn[ShownModel]


def _figure(
    id_: str, label: str, width: int, rank: int,
    read: Callable[[ShownModel], Quantity],
    write: Callable[[Quantity], str],
) -> ModelColumn:  # fmt: skip
    return ModelColumn(
        id_, label, width, right=True, rank=rank,
        cell=lambda shown: Cell(write(read(shown)), shown.tone),
        value=read, largest_first=True,
    )  # fmt: skip


def _version(shown: ShownModel) -> Cell:
    model = shown.model
    return Cell(f"{model.key.version} ★" if model.is_default else model.key.version, shown.tone)


def _workers(shown: ShownModel) -> Cell:
    """Ready and wanted workers; where only metrics are known, how many those report."""
    model = shown.model
    glyph, _, tone = state_of(model)
    if model.gone:
        return Cell(ABSENT, shown.tone)
    glyph, tone = ("?", shown.tone) if shown.old else (glyph, tone)
    if model.verdict.health is ModelHealth.UNREAD:
        return Cell(f"{glyph} {ABSENT}", tone)
    if not model.workers_known:
        return Cell(f"{glyph} {len(model.workers) or ABSENT}", tone)
    return Cell(f"{glyph} {model.ready}/{model.wanted}", tone)


def _now(shown: ShownModel) -> Cell:
    """What it does, or what is wrong with it."""
    model = shown.model
    if shown.snapshot.stale and not model.gone:
        return Cell("? unknown", shown.tone)
    if shown.is_well:
        return Cell(*format_model(activity_of(model)))
    glyph, word, tone = state_of(model)
    return Cell(f"{glyph} {word}", shown.tone if model.gone else tone)


def _errors(shown: ShownModel) -> Cell:
    return Cell(number(shown.errors), Tone.BAD if shown.errors else shown.tone)


def _batch(shown: ShownModel) -> Cell:
    described, health = shown.model.described, shown.model.verdict.health
    unread = health is ModelHealth.UNREAD
    return Cell(ABSENT if unread else count(described.batch_size), shown.tone)


MODEL_COLUMNS: tuple[ModelColumn, ...] = (
    ModelColumn(
        "name", "MODEL", 0, cell=lambda shown: Cell(shown.model.key.name, shown.tone),
        value=lambda shown: str(shown.model.key),
    ),
    ModelColumn(
        "version", "VERSION", 7, cell=_version, value=lambda shown: shown.model.key.version
    ),
    ModelColumn(
        "workers", "WORKERS", 7, cell=_workers, value=lambda shown: shown.model.ready,
        largest_first=True,
    ),
    ModelColumn(
        "now", "STATUS", 12, cell=_now, value=lambda shown: shown.need, largest_first=True
    ),
    _figure("rate", "REQ/S", 5, 1, lambda shown: shown.usage.per_second, number),
    ModelColumn(
        "errors", "ERR/S", 5, right=True, rank=3, cell=_errors,
        value=lambda shown: shown.errors, largest_first=True,
    ),
    _figure("p95", "P95", 7, 2, lambda shown: shown.p95, milliseconds),
    ModelColumn(
        "trend", "TREND", TREND_WIDTH, rank=4, drawing=True,
        cell=lambda shown: Cell(shown.trend, Tone.MUTED if shown.old else Tone.ACCENT),
    ),
    _figure("inference", "INFER", 7, 5, lambda shown: shown.usage.inference_ms, milliseconds),
    _figure("queue", "QUEUE", 7, 6, lambda shown: shown.usage.queue_ms, milliseconds),
    _figure("share", "%QUEUE", 6, 7, lambda shown: activity_of(shown.model).share, percent),
    _figure("pending", "WAITING", 7, 8, lambda shown: shown.pending, count),
    _figure("memory", "MEMORY", 8, 9, lambda shown: shown.model.memory_bytes, byte_size),
    ModelColumn(
        "batch", "BATCH", 5, right=True, rank=10, cell=_batch,
        value=lambda shown: shown.model.described.batch_size, largest_first=True,
    ),
    ModelColumn(
        "archive", "ARCHIVE", 24, right=True, rank=11,
        cell=lambda shown: Cell(shown.model.described.url or ABSENT, shown.tone),
        value=lambda shown: shown.model.described.url,
    ),
)  # fmt: skip
NAMED_ARCHIVES = 3
"""Of the model store, where nothing is registered."""
FIRST_WORDS = "waiting for the server's first answer …"


class ModelsPane(TablePane[ShownModel]):
    """The list that all the other panes follow, and the marks on its rows."""

    NAME = PaneName.MODELS

    class Selected(Message):
        """The cursor is on another version, or on none."""

        def __init__(self, key: ModelKey | None) -> None:
            super().__init__()
            self.key = key

    def __init__(self) -> None:
        super().__init__(MODEL_COLUMNS)
        self._models: dict[str, ShownModel] = {}
        self._snapshot: Snapshot | None = None
        self._past: History = KeptHistory(0)
        self.symbols = Symbols.BRAILLE
        self._can_register = True
        self._wanted: str | None = None
        self._archives: Sequence[str] = ()
        self._marks: set[ModelKey] = set()

    def compose(self) -> ComposeResult:
        """The table, and words for an empty one."""
        yield from self.compose_table()
        yield Words(id="models-empty")

    def on_mount(self) -> None:
        """Say what is waited for, until there is an answer."""
        self.query_one("#models-empty", Words).say(line((FIRST_WORDS, Tone.MUTED)))

    def words_of(self, item: ShownModel) -> str:
        """Name, version and state."""
        return f"{item.model.key} {state_of(item.model)[1]}"

    def show(self, snapshot: Snapshot, past: History, *, can_register: bool = True) -> None:
        """Render a tick; the trends are of the `past` before it."""
        self._snapshot, self._past = snapshot, past
        self._can_register = can_register
        if self._marks:
            self._marks &= {model.key for model in snapshot.models}
        rows = self.pick_rows(
            [ShownModel(model, snapshot, past, self.symbols) for model in snapshot.models]
        )
        models = self._models = {str(shown.model.key): shown for shown in rows}
        self.table.show_keys(
            list(self._models),
            cache(lambda key: TableRow(key, cells_of(MODEL_COLUMNS, models[key]))),
            {"name": _longest_name(rows)},
        )
        self.table.show_marks(map(str, self._marks))
        if self._wanted in self._models:
            self.table.go_to(self._wanted)
            self._wanted = None
        self.query_one("#models-empty", Words).say(self._why_empty(snapshot))
        old = old_words(snapshot)
        self.show_foot(*([Content(old)] if old else []), *self._marks_note())

    def name_archives(self, names: Sequence[str]) -> None:
        """Offer these of the model store where nothing is registered."""
        self._archives = names
        self.render_rows()

    def render_rows(self) -> None:
        """Show the last tick again."""
        if self._snapshot:
            self.show(self._snapshot, self._past, can_register=self._can_register)

    def select(self, key: ModelKey) -> None:
        """Put the cursor on a version, now or as soon as it is there."""
        self._wanted = str(key)
        self.render_rows()

    def on_live_table_moved(self, event: LiveTable.Moved) -> None:
        """Say which version the cursor is on."""
        event.stop()
        shown = self._models.get(event.key or "")
        self.post_message(self.Selected(shown.model.key if shown else None))

    def go_to(self, key: ModelKey) -> None:
        """Select a version; a filter that hides it goes away."""
        self.clear_filter()
        self.select(key)

    # Marks

    @property
    def marked(self) -> list[ModelStatus]:
        """The marked versions, those the filter hides among them, as the server lists them."""
        models = self._snapshot.models if self._snapshot else ()
        return [model for model in models if model.key in self._marks]

    def mark(self) -> None:
        """Mark the row under the cursor, or take its mark away, and go on to the next."""
        self._toggle(self.table.cursor_key)
        self.table.action_cursor_down()

    def mark_shown(self) -> None:
        """Mark all rows that are shown; when they are, take their marks away."""
        shown = {each.model.key for each in self._models.values()}
        self._marks = self._marks - shown if shown <= self._marks else self._marks | shown
        self.render_rows()

    def clear_marks(self) -> bool:
        """Take all marks away; whether there were any."""
        had = bool(self._marks)
        self._marks.clear()
        self.render_rows()
        return had

    def action_clear_marks(self) -> None:
        """The mouse takes all marks away."""
        self.clear_marks()

    def on_live_table_mark_wanted(self, event: LiveTable.MarkWanted) -> None:
        """The mouse marks."""
        event.stop()
        self._toggle(event.key)

    def _toggle(self, row: str | None) -> None:
        if shown := self._models.get(row or ""):
            self._marks ^= {shown.model.key}
            self.render_rows()

    def _marks_note(self) -> list[Content]:
        if not self._marks:
            return []
        hidden = len(self._marks - {each.model.key for each in self._models.values()})
        words = f"{len(self._marks)} marked" + (f" ({hidden} hidden)" if hidden else "")
        return [Content(words) + Content.styled(" [x]", "@click=clear_marks")]

    def _why_empty(self, snapshot: Snapshot) -> Content | None:
        """Why there are no rows; None when there are."""
        if self._models:
            return None
        if snapshot.models:
            text = self.filter_bar.filter.text
            return line(("no model matches the filter ", Tone.MUTED), (text, Tone.PLAIN))
        if snapshot.server.state is not ServerState.UP:
            return line(("no models seen yet", Tone.MUTED))
        words = "{model.register} registers an archive, {model.archive} builds one."
        way_on = keys_of(self).expand(words) if self._can_register else ""
        return line(
            ("No models are registered.\n", Tone.PLAIN), *self._store_words(), (way_on, Tone.MUTED)
        )

    def _store_words(self) -> list[Span]:
        """Which archives could be served, and how."""
        names = self._archives
        if not names or not self._can_register:
            return []
        more = f" and {len(names) - NAMED_ARCHIVES} more" if len(names) > NAMED_ARCHIVES else ""
        named = ", ".join(names[:NAMED_ARCHIVES])
        key = keys_of(self).by_id("model.store").shown
        return [
            (f"{plural(len(names), 'archive')} in the model store: {named}{more}\n", Tone.MUTED),
            (f"{key} lists them, enter there serves one.\n", Tone.PLAIN),
        ]


def _longest_name(rows: Sequence[ShownModel]) -> int:
    names = {shown.model.key.name for shown in rows}
    longest = max(map(len, names), default=0)
    # Few characters take two cells, so that only the longest few need to be measured.
    return max((cell_len(name) for name in names if 2 * len(name) >= longest), default=0)
