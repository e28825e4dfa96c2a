"""Which rows of a fleet are shown, and in which order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.ordering import Value, arrange

if TYPE_CHECKING:
    from tsmon.fleet.snapshot import Figures, FleetSnapshot, ModelRow, ServerRow
    from tsmon.telemetry.status_signs import StatusSign


class Order(Enum):
    """What the rows are sorted by; equal ones keep the order of the configuration."""

    WORST = "worst"
    NAME = "name"
    WORKERS = "ready workers"
    RATE = "requests/s"
    INFERENCE = "inference"
    QUEUE = "queue"
    ERRORS = "errors/s"

    @property
    def following(self) -> Order:
        """The next order, after the last one the first."""
        orders = list(Order)
        return orders[(orders.index(self) + 1) % len(orders)]

    @property
    def largest_first(self) -> bool:
        """The direction that it is asked for at first: what is large is what one looks for."""
        return self is not Order.NAME


class FleetLine(Struct, frozen=True):
    """One line of the table: a server, or below it one of its models."""

    server: ServerRow
    model: ModelRow | None = None

    @property
    def key(self) -> str:
        """What distinguishes it from all others."""
        return (
            f"{self.server.target.key} {self.model.key}" if self.model else self.server.target.key
        )

    @property
    def figures(self) -> Figures:
        """What is known of it."""
        return self.model.figures if self.model else self.server.figures

    @property
    def is_read_only(self) -> bool:
        """Whether nothing may be changed on its server."""
        return self.server.target.settings.read_only

    @property
    def errors_per_second(self) -> float | None:
        """Known of servers alone."""
        return None if self.model else self.server.errors_per_second


_FIGURES: dict[Order, Callable[[Figures], Value]] = {
    Order.WORST: lambda figures: figures.badness,
    Order.WORKERS: lambda figures: figures.ready,
    Order.RATE: lambda figures: figures.per_second,
    Order.INFERENCE: lambda figures: figures.inference_ms,
    Order.QUEUE: lambda figures: figures.queue_ms,
}


def fleet_lines(
    snapshot: FleetSnapshot,
    order: Order = Order.WORST,
    *,
    reverse: bool = False,
    models: bool = True,
) -> list[FleetLine]:
    """The servers, each followed by its models.

    Unknown numbers come last, in `reverse` too.
    """
    largest_first = order.largest_first is not reverse
    shown = []
    servers = arrange(
        snapshot.servers, lambda row: _server_rank(row, order), descending=largest_first
    )
    for server in servers:
        shown.append(FleetLine(server))
        if models:
            below = arrange(
                server.models, lambda row: _model_rank(row, order), descending=largest_first
            )
            shown += [FleetLine(server, model) for model in below]
    return shown


def troubles(snapshot: FleetSnapshot) -> list[tuple[StatusSign, int]]:
    """The verdicts that need attention and how many servers have each, the worst first."""
    worst_first = sorted(snapshot.servers, key=lambda row: row.figures.badness, reverse=True)
    signs = [row.figures.sign for row in worst_first]
    return list(Counter(sign for sign in signs if sign.needs_attention).items())


def words_of(server: ServerRow) -> str:
    """What a filter of servers is about."""
    target = server.target
    labels = " ".join(f"{name}={text}" for name, text in target.labels.items())
    mode = "read-only" if target.settings.read_only else ""
    return f"{target.name} {target.settings.url} {target.origin} {labels} {mode}"


def _server_rank(row: ServerRow, order: Order) -> Value:
    if order is Order.NAME:
        return row.target.name
    if order is Order.ERRORS:
        return row.errors_per_second
    return _FIGURES[order](row.figures)


def _model_rank(row: ModelRow, order: Order) -> Value:
    if order is Order.NAME:
        return str(row.key)
    # Of errors only those of the whole server are known; its models are worst first.
    return _FIGURES.get(order, _FIGURES[Order.WORST])(row.figures)
