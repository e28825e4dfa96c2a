"""The order of the rows and what a filter leaves of them."""

from __future__ import annotations

from typing import Any

import pytest

from tsmon.config.schema import ServerSettings
from tsmon.fleet.arrange import Order, fleet_lines, troubles
from tsmon.fleet.grouping import narrowed
from tsmon.fleet.snapshot import Figures, FleetSnapshot, ModelRow, ServerRow
from tsmon.fleet.targets import FleetTarget, Origin
from tsmon.telemetry.health.verdicts import ModelHealth
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.snapshot import ModelKey, ServerState
from tsmon.telemetry.status_signs import MODEL_SIGNS
from tsmon.telemetry.traffic import Missing, Usage
from tsmon.tui.state.filters import parse_filter


def figures(health: ModelHealth = ModelHealth.READY, rate: float | None = None) -> Figures:
    traffic = Missing.NO_COUNTERS if rate is None else Usage(1.0, rate, rate, rate * 5000, 0.0)
    return Figures(MODEL_SIGNS[health], "evidence", health.severity, 1, 1, traffic)


def server(
    name: str,
    health: ModelHealth = ModelHealth.READY,
    rate: float | None = None,
    models: tuple[str, ...] = (),
    read_only: bool = False,
) -> ServerRow:
    settings = ServerSettings(read_only=read_only)
    target = FleetTarget(name, settings, Origin.CONFIG, {"env": f"env-of-{name}"})
    rows = tuple(ModelRow(ModelKey(model, "1.0"), figures(health, rate)) for model in models)
    return ServerRow(target, ServerState.UP, figures(health, rate), rows)


def shown(*servers: ServerRow, order: Order = Order.WORST, **how: Any) -> list[str]:
    found = fleet_lines(FleetSnapshot(Instant.now(), servers), order, **how)
    return [line.model.key.name if line.model else line.server.target.name for line in found]


def test_the_worst_come_first_and_equals_stay_as_they_came() -> None:
    rows = (
        server("fine"),
        server("stuck", ModelHealth.STUCK),
        server("degraded", ModelHealth.DEGRADED),
        server("lost", ModelHealth.GIVEN_UP),
        server("also-fine"),
    )

    assert shown(*rows) == ["lost", "stuck", "degraded", "fine", "also-fine"]


@pytest.mark.parametrize("order", [Order.RATE, Order.INFERENCE, Order.QUEUE])
def test_numbers_are_sorted_largest_first_and_unknown_ones_last(order: Order) -> None:
    rows = (server("unknown"), server("busy", rate=9))

    assert shown(*rows, order=order) == ["busy", "unknown"]


def test_every_order_is_reached_and_then_the_first_again() -> None:
    order = Order.WORST
    seen = []
    for _ in Order:
        seen.append(order)
        order = order.following
    assert (seen, order) == (list(Order), Order.WORST)


def test_models_stand_below_their_server_or_are_left_out() -> None:
    rows = (server("b", models=("x", "y")), server("a", models=("z",)))

    assert shown(*rows, order=Order.NAME) == ["a", "z", "b", "x", "y"]
    assert shown(*rows, order=Order.NAME, models=False) == ["a", "b"]


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("one", ["one", "mnist", "cifar"]),
        ("MNIST", ["one", "mnist", "two", "mnist"]),
        ("env-of-two", ["two", "mnist"]),
        ("!mnist", ["one", "cifar", "two"]),
        ("~^t", ["two", "mnist"]),
        ("read-only", ["two", "mnist"]),
        ("nothing", []),
    ],
)
def test_a_filter_leaves_the_rows_that_pass_it(words: str, left: list[str]) -> None:
    rows = (
        server("one", models=("mnist", "cifar")),
        server("two", models=("mnist",), read_only=True),
    )

    kept = narrowed(FleetSnapshot(Instant.now(), rows), parse_filter(words).passes)
    assert shown(*kept.servers) == left


def test_troubles_are_counted_by_their_word() -> None:
    rows = (
        server("a"),
        server("b", ModelHealth.DEGRADED),
        server("c", ModelHealth.STUCK),
        server("d", ModelHealth.DEGRADED),
        server("e", ModelHealth.NO_WORKERS),
    )

    counted = troubles(FleetSnapshot(Instant.now(), rows))

    assert [(sign.word, count) for sign, count in counted] == [("stuck", 1), ("degraded", 2)]


@pytest.mark.parametrize("order", list(Order))
def test_reversed_the_rows_are_the_other_way_round_and_the_unknown_last(order: Order) -> None:
    rows = (
        server("gpu-10", ModelHealth.STUCK, 1.0),
        server("gpu-9", ModelHealth.READY, 5.0),
    )
    unknown = server("gpu-11", ModelHealth.DEGRADED)

    forth = shown(*rows, order=order)
    back = shown(*rows, order=order, reverse=True)

    if order in (Order.RATE, Order.NAME, Order.WORST):
        assert back == forth[::-1]
    if order in (Order.RATE, Order.INFERENCE, Order.QUEUE):
        for reverse in (False, True):
            assert shown(unknown, *rows, order=order, reverse=reverse)[-1] == "gpu-11"


def test_names_are_in_the_order_that_people_count_in() -> None:
    rows = [server(name) for name in ("gpu-10", "gpu-9", "7", "GPU-8")]

    assert shown(*rows, order=Order.NAME) == ["7", "GPU-8", "gpu-9", "gpu-10"]
