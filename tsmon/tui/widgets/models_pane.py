"""Pane 1: every version of every model, with its workers and what its requests cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import DataTable, Input

from tsmon.telemetry.health.verdicts import ModelHealth
from tsmon.telemetry.snapshot import (
    ModelKey,
    ModelStatus,
    ServerState,
    Snapshot,
)
from tsmon.telemetry.traffic import Missing, Usage
from tsmon.tui.format import ABSENT, memory, milliseconds, number
from tsmon.tui.keyed import keys_of
from tsmon.tui.keymap import PaneName
from tsmon.tui.numbers import tip
from tsmon.tui.tones import Tone, line
from tsmon.tui.widgets.live_table import Cell, Column, LiveTable, Row
from tsmon.tui.widgets.pane import Pane
from tsmon.tui.widgets.words import Words

COLUMNS = (
    Column("name", "MODEL", 0),
    Column("version", "VERSION", 7),
    Column("workers", "WORKERS", 7),
    Column("state", "STATE", 10, needs=66),
    Column("rate", "REQ/S", 5, right=True),
    Column("inference", "INFER", 7, right=True),
    Column("queue", "QUEUE", 7, right=True),
    Column("pending", "WAITING", 7, right=True, needs=79),
    Column("memory", "MEMORY", 8, right=True, needs=88),
    Column("batch", "BATCH", 5, right=True, needs=94),
)


_HEALTH = {
    ModelHealth.READY: ("●", "ready", Tone.GOOD),
    ModelHealth.UNKNOWN: ("?", "unknown", Tone.MUTED),
    ModelHealth.STARTING: ("◌", "starting", Tone.WARNING),
    ModelHealth.NO_WORKERS: ("○", "no workers", Tone.MUTED),
    ModelHealth.DEGRADED: ("!", "degraded", Tone.WARNING),
    ModelHealth.OVERLOADED: ("!", "overloaded", Tone.BAD),
    ModelHealth.RETRYING: ("✗", "retrying", Tone.BAD),
    ModelHealth.STUCK: ("✗", "stuck", Tone.BAD),
    ModelHealth.GIVEN_UP: ("✗", "given up", Tone.BAD),
    ModelHealth.UNREGISTERING: ("◌", "removing", Tone.MUTED),
}


class Order(Enum):
    """What the rows are sorted by."""

    NAME = "name"
    RATE = "requests/s"
    INFERENCE = "inference"
    QUEUE = "queue"
    WORKERS = "workers"

    @property
    def following(self) -> Order:
        """The next order, after the last one the first."""
        orders = list(Order)
        return orders[(orders.index(self) + 1) % len(orders)]


_BY_NUMBER: dict[Order, Callable[[ModelStatus], float | Missing]] = {
    Order.RATE: lambda model: _of_interval(model, lambda usage: usage.per_second),
    Order.INFERENCE: lambda model: _of_interval(model, lambda usage: usage.inference_ms),
    Order.QUEUE: lambda model: _of_interval(model, lambda usage: usage.queue_ms),
    Order.WORKERS: lambda model: float(model.ready),
}


class ModelsPane(Pane):
    """The list that all the other panes follow."""

    NAME = PaneName.MODELS

    class Selected(Message):
        """The cursor is on another version, or on none."""

        def __init__(self, key: ModelKey | None) -> None:
            super().__init__()
            self.key = key

    HEADER_ORDERS: ClassVar[dict[str, Order]] = {
        "name": Order.NAME,
        "workers": Order.WORKERS,
        "rate": Order.RATE,
        "inference": Order.INFERENCE,
        "queue": Order.QUEUE,
    }

    def __init__(self) -> None:
        super().__init__()
        self._models: dict[str, ModelStatus] = {}
        self._snapshot: Snapshot | None = None
        self._can_register = True
        self._order = Order.NAME
        self._wanted: str | None = None

    def compose(self) -> ComposeResult:
        """A filter that shows when it is asked for, the table, and words for an empty one."""
        yield Input(placeholder="part of a name", id="models-filter", compact=True)
        yield LiveTable(COLUMNS, id="models-table")
        yield Words(id="models-empty")

    def on_mount(self) -> None:
        """Start without a filter; explain the columns to the mouse."""
        self._filter.display = False
        self.table.explain = lambda column: tip(self.NAME, column.label)

    @property
    def table(self) -> LiveTable:
        """The rows."""
        return self.query_one(LiveTable)

    @property
    def _filter(self) -> Input:
        return self.query_one(Input)

    def show(self, snapshot: Snapshot, *, can_register: bool = True) -> None:
        """Render a tick."""
        self._snapshot = snapshot
        self._can_register = can_register
        needle = self._filter.value.strip().lower()
        models = [model for model in snapshot.models if needle in str(model.key).lower()]
        self._models = {str(model.key): model for model in arrange(models, self._order)}
        self.table.show([_row(model, snapshot.stale) for model in self._models.values()])
        if self._wanted in self._models:
            self.table.go_to(self._wanted)
            self._wanted = None
        self.query_one("#models-empty", Words).say(self._why_empty(snapshot, needle))
        self.foot("" if self._order is Order.NAME else f"by {self._order.value}")

    def select(self, key: ModelKey) -> None:
        """Put the cursor on a version, now or as soon as it is there."""
        self._wanted = str(key)
        self._show_again()

    def sort(self, order: Order | None = None) -> None:
        """Sort by another column, the next one if none is given."""
        self._order = order or self._order.following
        self._show_again()

    def open_filter(self) -> None:
        """Ask for the letters to filter by."""
        self._filter.display = True
        self._filter.focus()

    def filter_by(self, text: str) -> None:
        """Filter by these letters; without any, show all models."""
        if not text:
            self.close_filter()
            return
        self._filter.display = True
        self._filter.value = text
        self.table.focus()

    def close_filter(self) -> bool:
        """Show all models again; whether there was a filter."""
        if not self._filter.display:
            return False
        self._filter.display = False
        self._filter.value = ""
        self.table.focus()
        return True

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while it is typed."""
        event.stop()
        self._show_again()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to the rows; an empty filter goes away."""
        event.stop()
        if event.value.strip():
            self.table.focus()
        else:
            self.close_filter()

    def on_live_table_moved(self, event: LiveTable.Moved) -> None:
        """Tell which version the cursor is on."""
        event.stop()
        model = self._models.get(event.key or "")
        self.post_message(self.Selected(model.key if model else None))

    def on_data_table_header_selected(self, event: DataTable.HeaderSelected) -> None:
        """Sort by a column whose title is clicked."""
        event.stop()
        order = self.HEADER_ORDERS.get(str(event.column_key.value))
        if order:
            self.sort(order)

    def _show_again(self) -> None:
        if self._snapshot:
            self.show(self._snapshot, can_register=self._can_register)

    def _why_empty(self, snapshot: Snapshot, needle: str) -> Content | None:
        """Why there are no rows; None when there are."""
        if self._models:
            return None
        if snapshot.models:
            return line(("no model has ", Tone.MUTED), (needle, Tone.PLAIN))
        if snapshot.server.state is not ServerState.UP:
            return line(("no models seen yet", Tone.MUTED))
        words = "{model.register} registers an archive, {model.archive} makes one."
        way_on = keys_of(self).spell(words) if self._can_register else ""
        return line(("No models are registered.\n", Tone.PLAIN), (way_on, Tone.MUTED))


def arrange(models: Sequence[ModelStatus], order: Order) -> list[ModelStatus]:
    """The models in an order; by name as they come, by a number the largest first.

    Unknown numbers are last.
    """
    value = _BY_NUMBER.get(order)
    if value is None:
        return list(models)

    def rank(model: ModelStatus) -> float:
        known = value(model)
        return 1.0 if isinstance(known, Missing) else -known

    return sorted(models, key=rank)


def _of_interval(model: ModelStatus, read: Callable[[Usage], float | Missing]) -> float | Missing:
    interval = model.traffic.interval
    return interval if isinstance(interval, Missing) else read(interval)


def _row(model: ModelStatus, stale: bool) -> Row:
    muted = stale or model.gone
    described = model.described
    glyph, word, tone = _state(model)
    sizes = [worker.memory_bytes for worker in model.workers]
    known = [size for size in sizes if size is not None]
    texts = (
        model.key.name,
        f"{model.key.version} ★" if model.is_default else model.key.version,
        _workers(model, glyph, word),
        word,
        number(_of_interval(model, lambda usage: usage.per_second)),
        milliseconds(_of_interval(model, lambda usage: usage.inference_ms)),
        milliseconds(_of_interval(model, lambda usage: usage.queue_ms)),
        str(described.queue.pending) if described.queue else ABSENT,
        memory(sum(known)) if known else ABSENT,
        str(described.batch_size),
    )
    tones = [Tone.MUTED if muted else Tone.PLAIN] * len(texts)
    if not muted:
        tones[2] = tones[3] = tone
    return Row(str(model.key), tuple(map(Cell, texts, tones)))


def _workers(model: ModelStatus, glyph: str, word: str) -> str:
    """Ready and wanted workers; where only metrics are known, how many those tell of."""
    if model.gone:
        return f"{glyph} {word}"
    if model.verdict.health is ModelHealth.UNKNOWN:
        return f"{glyph} {len(model.workers) or ABSENT}"
    return f"{glyph} {model.ready}/{model.wanted}"


def _state(model: ModelStatus) -> tuple[str, str, Tone]:
    """A glyph, a word and a tone for the workers of a version."""
    if model.gone:
        return "✗", "gone", Tone.MUTED
    return _HEALTH[model.verdict.health]
