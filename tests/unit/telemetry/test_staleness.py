"""What is old is never shown as the state of the server, whatever hangs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from tests.fake import FakeTorchServe
from tests.unit.telemetry.scrapes import at
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.snapshot import ServerState, ServerStatus, Snapshot
from tsmon.telemetry.staleness import as_of, patience_s
from tsmon.telemetry.status_signs import SERVER_SIGNS, Grade
from tsmon.torchserve.errors import Unreachable
from tsmon.torchserve.waiting import under_way

UP = Snapshot(at(0), ServerStatus("server", ServerState.UP, last_answer=at(0)))


@pytest.mark.parametrize("period_s", [0.2, 1.0, 5.0, 60.0])
def test_the_state_is_stale_once_the_answer_is_three_periods_old(period_s: float) -> None:
    patience = patience_s(period_s)
    assert patience == 3 * max(period_s, 1.0)
    assert as_of(UP, at(patience), patience) is UP
    stale = as_of(UP, at(patience + 0.1), patience)
    assert stale.server.state is ServerState.STALE
    assert stale.stale
    assert stale.at.since(UP.server.last_answer or at(0)) > patience
    assert SERVER_SIGNS[stale.server.state].grade > Grade.GOOD


def test_it_says_since_when_and_what_is_waited_for() -> None:
    moment = Instant(0.0, datetime(2026, 11, 22, 12, 0, tzinfo=UTC))
    up = replace(UP, server=replace(UP.server, last_answer=moment))
    with under_way("GET /models", "http://server"):
        stale = as_of(up, Instant(9.0, moment.wall), 3.0)
    told = str(stale.server.problem)
    assert f"{moment.wall.astimezone():%H:%M:%S}" in told


@pytest.mark.parametrize("state", [state for state in ServerState if state is not ServerState.UP])
def test_a_state_that_is_a_problem_already_stays(state: ServerState) -> None:
    problem = Unreachable("away")
    away = replace(UP, server=replace(UP.server, state=state, problem=problem))
    assert as_of(away, at(1000), 3.0) is away


async def test_a_fresh_answer_is_up_again() -> None:
    server = FakeTorchServe()
    async with server.client() as client:
        monitor = Monitor(LiveSource(client))
        first = await monitor.tick()
        later = Instant(first.at.monotonic + 10, first.at.wall)
        assert as_of(first, later, 3.0).server.state is ServerState.STALE
        second = await monitor.tick()
        assert as_of(second, Instant.now(), 3.0) is second
