"""A server of the fleet whose answer is old is not up."""

from __future__ import annotations

from msgspec.structs import replace

from tests.unit.telemetry.scrapes import at
from tsmon.config.schema import ServerSettings
from tsmon.fleet.snapshot import aged, row_of
from tsmon.fleet.targets import FleetTarget
from tsmon.telemetry.snapshot import ServerState, ServerStatus, Snapshot
from tsmon.telemetry.status_signs import Grade

TARGET = FleetTarget("box", ServerSettings())
UP = Snapshot(at(0), ServerStatus("box", ServerState.UP, last_answer=at(0)))


def test_it_is_stale_after_three_periods_and_not_before() -> None:
    row = row_of(TARGET, UP)
    assert aged(row, at(15), 5.0) is row
    stale = aged(row, at(15.1), 5.0)
    assert (stale.is_up, stale.state) == (False, ServerState.STALE)
    assert stale.figures.sign.grade >= Grade.WARNING
    assert "15 s" in stale.figures.evidence


def test_one_that_is_away_stays_away() -> None:
    away = replace(UP, server=replace(UP.server, state=ServerState.AWAY))
    row = row_of(TARGET, away)
    assert aged(row, at(1000), 5.0) is row
