"""Which rows of a fleet are shown, and in which order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from tsmon.fleet.snapshot import Figures, FleetSnapshot, ModelRow, ServerRow
from tsmon.telemetry.signs import Sign
from tsmon.telemetry.traffic import Missing

Number = float | Missing | None


class Order(Enum):
    """What the rows are sorted by; equal ones keep the order of the configuration."""

    WORST = "worst"
    NAME = "name"
    RATE = "requests/s"
    INFERENCE = "inference"
    QUEUE = "queue"
    ERRORS = "errors/s"

    @property
    def following(self) -> Order:
        """The next order, after the last one the first."""
        orders = list(Order)
        return orders[(orders.index(self) + 1) % len(orders)]


@dataclass(frozen=True, slots=True)
class FleetLine:
    """One line of the table: a server, or below it one of its models."""

    server: ServerRow
    model: ModelRow | None = None

    @property
    def key(self) -> str:
        """What tells it from all others."""
        return (
            f"{self.server.target.key} {self.model.key}" if self.model else self.server.target.key
        )

    @property
    def figures(self) -> Figures:
        """What is known of it."""
        return self.model.figures if self.model else self.server.figures

    @property
    def errors_per_second(self) -> float | None:
        """Known of servers alone."""
        return None if self.model else self.server.errors_per_second


_FIGURES: dict[Order, Callable[[Figures], Number]] = {
    Order.RATE: lambda figures: figures.per_second,
    Order.INFERENCE: lambda figures: figures.inference_ms,
    Order.QUEUE: lambda figures: figures.queue_ms,
}


def lines(
    snapshot: FleetSnapshot,
    order: Order = Order.WORST,
    *,
    passes: Callable[[str], bool] = lambda _: True,
    models: bool = True,
) -> list[FleetLine]:
    """The servers, each followed by its models, as far as their words pass.

    A server of which a model passes is shown for it.
    """
    shown = []
    for server in sorted(snapshot.servers, key=lambda row: _server_rank(row, order)):
        below = [
            FleetLine(server, model)
            for model in sorted(server.models, key=lambda row: _model_rank(row, order))
            if passes(f"{_words(server)} {model.key} {model.figures.sign.word}")
        ]
        if below or passes(f"{_words(server)} {server.figures.sign.word}"):
            shown.append(FleetLine(server))
            shown += below if models else []
    return shown


def troubles(snapshot: FleetSnapshot) -> list[tuple[Sign, int]]:
    """The verdicts that need somebody and how many servers have each, the worst first."""
    worst_first = sorted(snapshot.servers, key=lambda row: row.figures.badness, reverse=True)
    signs = [row.figures.sign for row in worst_first]
    return list(Counter(sign for sign in signs if sign.needs_somebody).items())


def _words(server: ServerRow) -> str:
    target = server.target
    labels = " ".join(f"{name}={text}" for name, text in target.labels.items())
    mode = "read-only" if target.settings.read_only else ""
    return f"{target.name} {target.settings.url} {target.origin} {labels} {mode}"


def _server_rank(row: ServerRow, order: Order) -> tuple[object, ...]:
    if order is Order.NAME:
        return (row.target.name.lower(),)
    if order is Order.ERRORS:
        return _largest_first(row.errors_per_second)
    return _figures_rank(row.figures, order)


def _model_rank(row: ModelRow, order: Order) -> tuple[object, ...]:
    if order is Order.NAME:
        return (row.key.name.lower(), row.key.version)
    return _figures_rank(row.figures, order)


def _figures_rank(figures: Figures, order: Order) -> tuple[object, ...]:
    if order in _FIGURES:
        return _largest_first(_FIGURES[order](figures))
    grade, severity = figures.badness
    return -grade, -severity


def _largest_first(number: Number) -> tuple[object, ...]:
    """Unknown numbers come last."""
    return (1, 0.0) if number is None or isinstance(number, Missing) else (0, -number)
