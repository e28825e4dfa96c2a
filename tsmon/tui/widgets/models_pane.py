"""Pane 1: every version of every model, with its workers and what its requests cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content
from textual.message import Message

from tsmon.telemetry.activity import Doing, activity_of
from tsmon.telemetry.health.verdicts import ModelHealth
from tsmon.telemetry.logs.request_report import RequestPhase
from tsmon.telemetry.snapshot import (
    ModelKey,
    ModelStatus,
    ServerState,
    Snapshot,
)
from tsmon.tui.keymap import PaneName
from tsmon.tui.keymap.active import keys_of
from tsmon.tui.text.activity import spell_model
from tsmon.tui.text.model_state import old_words, sign_of, state_of
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.tui.widgets.columns import Cell, TableRow
from tsmon.tui.widgets.table_pane import SortColumn, TablePane
from tsmon.tui.widgets.words import Words
from tsmon.units import ABSENT, byte_size, milliseconds, number, percent

if TYPE_CHECKING:
    from tsmon.telemetry.traffic import UsageOrMissing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from tsmon.tui.widgets.live_table import LiveTable
    from tsmon.tui.widgets.long_table import LongTable

ABOVE_WORK = 100
"""How far a verdict sorts above whatever a model does that is well."""


def _now(model: ModelStatus) -> Span:
    """What it does, or what is wrong with it."""
    if model.gone or model.verdict.health not in (ModelHealth.READY, ModelHealth.UNKNOWN):
        glyph, word, tone = state_of(model)
        return f"{glyph} {word}", tone
    return spell_model(activity_of(model))


def _need(model: ModelStatus) -> float:
    """How much somebody should look at it: first the verdicts, the worst of them the largest."""
    if model.gone or model.verdict.health not in (ModelHealth.READY, ModelHealth.UNKNOWN):
        sign = sign_of(model)
        return ABOVE_WORK * (1 + sign.grade) + model.verdict.health.severity
    return list(Doing).index(activity_of(model).doing)


def _p95(model: ModelStatus) -> float | None:
    """What 95 of 100 requests of the last minute did not exceed, from the log files."""
    found = model.percentiles(RequestPhase.INFERENCE)
    return found.p95 if found else None


def _usage(model: ModelStatus) -> UsageOrMissing:
    return model.traffic.interval


def _errors(model: ModelStatus) -> float | None:
    return model.requests.errors_per_second if model.requests else None


COLUMNS: tuple[SortColumn[ModelStatus], ...] = (
    SortColumn("name", "MODEL", 0, value=lambda model: str(model.key)),
    SortColumn("version", "VERSION", 7, value=lambda model: model.key.version),
    SortColumn("workers", "WORKERS", 7, value=lambda model: model.ready, largest_first=True),
    SortColumn("now", "NOW", 10, value=_need, largest_first=True),
    SortColumn(
        "rate", "REQ/S", 5, right=True, rank=1,
        value=lambda model: _usage(model).per_second, largest_first=True,
    ),
    SortColumn("errors", "ERR/S", 5, right=True, rank=6, value=_errors, largest_first=True),
    SortColumn(
        "inference", "INFER", 7, right=True, rank=2,
        value=lambda model: _usage(model).inference_ms, largest_first=True,
    ),
    SortColumn(
        "queue", "QUEUE", 7, right=True, rank=3,
        value=lambda model: _usage(model).queue_ms, largest_first=True,
    ),
    SortColumn(
        "share", "%QUEUE", 6, right=True, rank=4,
        value=lambda model: activity_of(model).share, largest_first=True,
    ),
    SortColumn("p95", "P95", 7, right=True, rank=5, value=_p95, largest_first=True),
    SortColumn(
        "pending", "WAITING", 7, right=True, rank=7,
        value=lambda model: model.pending, largest_first=True,
    ),
    SortColumn(
        "memory", "MEMORY", 8, right=True, rank=8,
        value=lambda model: model.memory_bytes, largest_first=True,
    ),
    SortColumn(
        "batch", "BATCH", 5, right=True, rank=9,
        value=lambda model: model.described.batch_size, largest_first=True,
    ),
    SortColumn(
        "archive", "ARCHIVE", 24, right=True, rank=10, value=lambda model: model.described.url
    ),
)  # fmt: skip
FIRST_WORDS = "waiting for the server's first answer …"
_IDS = [column.id for column in COLUMNS]
_WORKERS, _NOW, _ERRORS = map(_IDS.index, ("workers", "now", "errors"))


class ModelsPane(TablePane[ModelStatus]):
    """The list that all the other panes follow, and the marks on its rows."""

    NAME = PaneName.MODELS

    class Selected(Message):
        """The cursor is on another version, or on none."""

        def __init__(self, key: ModelKey | None) -> None:
            super().__init__()
            self.key = key

    class Opened(Message):
        """The version under the cursor is to be seen in depth."""

    def __init__(self) -> None:
        super().__init__(COLUMNS)
        self._models: dict[str, ModelStatus] = {}
        self._snapshot: Snapshot | None = None
        self._can_register = True
        self._wanted: str | None = None
        self._marks: set[ModelKey] = set()

    def compose(self) -> ComposeResult:
        """The table, and words for an empty one."""
        yield from self.compose_table()
        yield Words(id="models-empty")

    def on_mount(self) -> None:
        """Tell what is waited for, until there is an answer."""
        self.query_one("#models-empty", Words).say(line((FIRST_WORDS, Tone.MUTED)))

    def words_of(self, item: ModelStatus) -> str:
        """Name, version and state."""
        return f"{item.key} {state_of(item)[1]}"

    def show(self, snapshot: Snapshot, *, can_register: bool = True) -> None:
        """Render a tick."""
        self._snapshot = snapshot
        self._can_register = can_register
        if self._marks:
            self._marks &= {model.key for model in snapshot.models}
        self._models = {str(model.key): model for model in self.pick_rows(snapshot.models)}
        self.table.show_keys(
            list(self._models),
            lambda key: _row(snapshot, self._models[key]),
            {"name": _longest_name(self._shown)},
        )
        self.table.show_marks(map(str, self._marks))
        if self._wanted in self._models:
            self.table.go_to(self._wanted)
            self._wanted = None
        self.query_one("#models-empty", Words).say(self._why_empty(snapshot))
        old = old_words(snapshot)
        self.tell_foot(*([Content(old)] if old else []), *self._marks_note())

    def render_rows(self) -> None:
        """Show the last tick anew."""
        if self._snapshot:
            self.show(self._snapshot, can_register=self._can_register)

    def select(self, key: ModelKey) -> None:
        """Put the cursor on a version, now or as soon as it is there."""
        self._wanted = str(key)
        self.render_rows()

    def on_live_table_moved(self, event: LiveTable.Moved) -> None:
        """Tell which version the cursor is on."""
        event.stop()
        model = self._models.get(event.key or "")
        self.post_message(self.Selected(model.key if model else None))

    def on_long_table_opened(self, event: LongTable.Opened) -> None:
        """Enter, or a click on the row that is selected already."""
        event.stop()
        self.post_message(self.Opened())

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
        shown = {model.key for model in self._models.values()}
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
        if model := self._models.get(row or ""):
            self._marks ^= {model.key}
            self.render_rows()

    def _marks_note(self) -> list[Content]:
        if not self._marks:
            return []
        hidden = len(self._marks - {model.key for model in self._models.values()})
        words = f"{len(self._marks)} marked" + (f" ({hidden} hidden)" if hidden else "")
        return [Content(words) + Content.styled(" [x]", "@click=clear_marks")]

    def _why_empty(self, snapshot: Snapshot) -> Content | None:
        """Why there are no rows; None when there are."""
        if self._models:
            return None
        if snapshot.models:
            text = self.filter_bar.filter.text
            return line(("no model passes the filter ", Tone.MUTED), (text, Tone.PLAIN))
        if snapshot.server.state is not ServerState.UP:
            return line(("no models seen yet", Tone.MUTED))
        words = "{model.register} registers an archive, {model.archive} makes one."
        way_on = keys_of(self).spell(words) if self._can_register else ""
        return line(("No models are registered.\n", Tone.PLAIN), (way_on, Tone.MUTED))


def _longest_name(models: Sequence[ModelStatus]) -> int:
    names = {model.key.name for model in models}
    longest = max(map(len, names), default=0)
    # Few characters take two cells, so that only the longest few need to be measured.
    return max((cell_len(name) for name in names if 2 * len(name) >= longest), default=0)


def _row(snapshot: Snapshot, model: ModelStatus) -> TableRow:
    muted = snapshot.stale or model.gone
    errors, pending = snapshot.errors_per_second(model), model.pending
    interval = model.traffic.interval
    glyph, _, tone = state_of(model)
    now, now_tone = _now(model)
    if snapshot.stale and not model.gone:
        glyph, now = "?", "? unknown"
    texts = (
        model.key.name,
        f"{model.key.version} ★" if model.is_default else model.key.version,
        _workers(model, glyph),
        now,
        number(interval.per_second),
        number(errors),
        milliseconds(interval.inference_ms),
        milliseconds(interval.queue_ms),
        percent(activity_of(model).share),
        milliseconds(None if snapshot.stale else _p95(model)),
        ABSENT if pending is None or snapshot.stale else str(pending),
        byte_size(model.memory_bytes),
        _batch(model),
        model.described.url or ABSENT,
    )
    tones = [Tone.MUTED if muted else Tone.PLAIN] * len(texts)
    if not muted:
        tones[_WORKERS], tones[_NOW] = tone, now_tone
        if errors:
            tones[_ERRORS] = Tone.BAD
    return TableRow(str(model.key), tuple(map(Cell, texts, tones)))


def _batch(model: ModelStatus) -> str:
    unread = model.verdict.health is ModelHealth.UNREAD or "batchSize" in model.described.unread
    return ABSENT if unread else str(model.described.batch_size)


def _workers(model: ModelStatus, glyph: str) -> str:
    """Ready and wanted workers; where only metrics are known, how many those tell of."""
    if model.gone:
        return ABSENT
    if model.verdict.health is ModelHealth.UNREAD:
        return f"{glyph} {ABSENT}"
    if not model.told:
        return f"{glyph} {len(model.workers) or ABSENT}"
    return f"{glyph} {model.ready}/{model.wanted}"
