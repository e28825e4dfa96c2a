"""A fleet rolled up by labels and models."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tsmon.config.schema import ServerSettings
from tsmon.fleet.grouping import MODEL, grouped, groupings, member_of, narrowed
from tsmon.fleet.snapshot import Figures, FleetSnapshot, ModelRow, ServerRow
from tsmon.fleet.targets import FleetTarget, Origin
from tsmon.telemetry.health.verdicts import ModelHealth
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.snapshot import ModelKey, ServerState
from tsmon.telemetry.status_signs import MODEL_SIGNS
from tsmon.telemetry.traffic import Usage
from tsmon.units import known


def figures(health: ModelHealth, rate: float) -> Figures:
    traffic = Usage(1.0, rate, rate, rate * 5000, 0.0)
    return Figures(MODEL_SIGNS[health], "evidence", health.severity, 1, 2, traffic)


def server(
    name: str, health: ModelHealth = ModelHealth.READY, rate: float = 1.0, **labels: str
) -> ServerRow:
    target = FleetTarget(name, ServerSettings(), Origin.PROMETHEUS, {"pod": name, **labels})
    own = figures(health, rate)
    models = (ModelRow(ModelKey("digit", "1.0"), own),)
    return ServerRow(target, ServerState.UP, own, models, errors_per_second=rate / 10)


def fleet(*servers: ServerRow) -> FleetSnapshot:
    return FleetSnapshot(Instant.now(), servers)


PODS = fleet(
    server("one", cluster="a", job="x"),
    server("two", ModelHealth.STUCK, 4.0, cluster="b", job="x"),
    server("three", rate=2.0, cluster="a", job="x"),
)


def test_a_group_has_the_sums_of_its_servers_and_the_worst_verdict() -> None:
    by_name = {row.target.name: row for row in grouped(PODS, "cluster").servers}

    a, b = by_name["cluster=a"], by_name["cluster=b"]
    assert (a.figures.per_second, a.figures.ready, a.figures.wanted) == (3.0, 2, 4)
    assert a.errors_per_second == 0.1 + 0.2
    assert [model.key.name for model in a.models] == ["one", "three"]
    assert b.figures.sign.word == "stuck"
    assert "1 server, 1 up; two: evidence" in b.figures.evidence


def test_a_model_is_a_group_of_the_servers_that_have_it() -> None:
    (digit,) = grouped(PODS, MODEL).servers

    assert digit.target.name == "digit 1.0"
    assert digit.figures.per_second == 7.0
    assert digit.errors_per_second is None, "errors are counted by server"
    assert [model.key.name for model in digit.models] == ["two", "one", "three"], "worst first"


def test_servers_are_grouped_by_labels_that_some_share() -> None:
    assert groupings(PODS) == ("cluster", "job", "model")


def test_servers_without_the_label_are_a_group_as_well() -> None:
    rows = grouped(fleet(*PODS.servers, server("bare")), "cluster").servers
    assert {row.target.name for row in rows} == {"cluster=a", "cluster=b", "cluster=none"}


def test_a_row_below_a_group_is_its_server() -> None:
    (b,) = [row for row in grouped(PODS, "cluster").servers if row.target.name == "cluster=b"]
    found = member_of(PODS, b.models[0])
    assert found is PODS.servers[1]


def test_a_filter_of_models_keeps_their_servers() -> None:
    kept = narrowed(PODS, lambda words: "cluster=a" in words and "digit" in words)
    assert [row.target.name for row in kept.servers] == ["one", "three"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 1e6)), min_size=1, max_size=20))
def test_no_request_is_lost_or_counted_twice(pods: list[tuple[str, float]]) -> None:
    snapshot = fleet(
        *(server(f"pod-{n}", rate=rate, cluster=of) for n, (of, rate) in enumerate(pods))
    )
    for by in ("cluster", MODEL):
        rates = [known(row.figures.per_second) or 0.0 for row in grouped(snapshot, by).servers]
        assert abs(sum(rates) - sum(rate for _, rate in pods)) <= 1e-6 * (1 + sum(rates))
