"""What needs attention, and what may fix it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from tsmon.telemetry.health.verdicts import ModelHealth, ModelVerdict
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.logs.causes import Cause
from tsmon.telemetry.logs.known_exceptions import CauseKind
from tsmon.telemetry.logs.request_report import RequestReport
from tsmon.telemetry.snapshot import Gone, ModelStatus, ServerState, ServerStatus, Snapshot
from tsmon.telemetry.traffic import Missing, Traffic
from tsmon.torchserve.records import ModelVersion
from tsmon.tui.state.troubles import (
    Trouble,
    failed_lately,
    find_troubles,
    fixes,
    needs_attention,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def model(
    name: str, health: ModelHealth = ModelHealth.READY, statuses: Mapping[int, int] | None = None
) -> ModelStatus:
    report = RequestReport({}, {}, statuses) if statuses is not None else None
    return ModelStatus(
        ModelVersion(name, "1.0"), True, Traffic.missing(Missing.NO_TRAFFIC), (),
        ModelVerdict(health, ""), report,
    )  # fmt: skip


def snapshot(*models: ModelStatus, state: ServerState = ServerState.UP) -> Snapshot:
    return Snapshot(Instant(1.0, NOON), ServerStatus("x", state), models=models)


def test_the_worst_comes_first_and_what_is_well_is_left_out() -> None:
    models = (
        model("well"),
        model("slow", ModelHealth.DEGRADED),
        model("dead", ModelHealth.GIVEN_UP),
        replace(model("left"), gone=Gone.UNREGISTERED),
    )
    found = find_troubles(snapshot(*models))
    assert [each.key and each.key.name for each in found] == ["dead", "slow"]


def test_a_server_that_is_away_hides_what_its_models_were() -> None:
    away = snapshot(model("dead", ModelHealth.GIVEN_UP), state=ServerState.AWAY)
    assert find_troubles(away) == [Trouble(None)]
    assert fixes(away, Trouble(None)) == ("server.start", "server.doctor")


def test_what_a_server_that_answers_is_missing_comes_last() -> None:
    ill = snapshot(model("dead", ModelHealth.GIVEN_UP))
    limited = replace(ill, server=replace(ill.server, model_api=False))
    assert find_troubles(limited) == [*find_troubles(ill), Trouble(None)]
    assert fixes(limited, Trouble(None)) == ("server.doctor",)


def test_failures_of_five_minutes_are_remembered_though_it_is_well_now() -> None:
    failed, fine = model("mnist", statuses={200: 9, 503: 1}), model("mnist", statuses={200: 9})
    assert failed_lately(failed)
    assert not failed_lately(fine)
    assert not failed_lately(model("mnist"))
    assert not needs_attention(snapshot(failed), failed)


@pytest.mark.parametrize(
    ("kind", "first"),
    [
        (CauseKind.MISSING_FILE, "model.replace"),
        (CauseKind.OUT_OF_MEMORY, "workers.restart"),
    ],
)
def test_an_archive_that_cannot_load_is_replaced_and_a_bad_moment_is_tried_again(
    kind: CauseKind, first: str
) -> None:
    cause = Cause(kind, "x", (), "", "9000", "dead", "1.0", NOON)
    dead = replace(model("dead", ModelHealth.GIVEN_UP), cause=cause)
    assert fixes(snapshot(dead), Trouble(dead.key))[0] == first


@pytest.mark.parametrize("health", ModelHealth)
def test_each_verdict_has_fixes_or_none(health: ModelHealth) -> None:
    each = model("mnist", health)
    found = fixes(snapshot(each), Trouble(each.key))
    assert len(set(found)) == len(found)
