"""The page of load runs: listed, marked, compared, added from a file."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.fake import FakeTorchServe
from tests.tui.seat import watching
from tests.unit.load.run.test_server_side import FULL, REFUSED, report
from tsmon.load.run.kept import keep_run
from tsmon.load.run.record import run_record
from tsmon.tui.app.app import MonitorOptions

STARTED = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


@pytest.fixture
def home(options: MonitorOptions) -> Path:
    """A home with two runs: a good one, and later one that was refused 40 times."""
    assert options.server_home is not None
    keep_run(run_record(report(100), STARTED), options.server_home)
    later = run_record(report(60, {FULL: 40}), STARTED + timedelta(hours=1))
    keep_run(later, options.server_home)
    return options.server_home


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 30), (220, 60)])
@pytest.mark.usefixtures("home")
async def test_two_marked_runs_stand_beside_each_other_the_earlier_first(
    fake: FakeTorchServe, options: MonitorOptions, size: tuple[int, int]
) -> None:
    fake.load("mnist")
    async with watching(fake, options, size=size) as seat:
        await seat.sees("● ")
        await seat.press("B")
        await seat.sees("2 runs", "mnist", "40.0%")
        await seat.press("space", "space")
        await seat.sees("2 marked")
        await seat.press("enter")
        await seat.sees("Two runs", "-40%", "p95", "12.0 ms", "same")
        await seat.press("y")
        assert "✗ 503 queue full" in seat.app.clipboard
        assert "12–13 ms" in seat.app.clipboard
        await seat.press("escape", "escape")
        await seat.sees("mnist", "● ")


@pytest.mark.usefixtures("home")
async def test_one_run_is_shown_alone_and_a_third_mark_takes_the_place_of_the_first(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    keep_run(run_record(report(7), STARTED - timedelta(hours=1)), options.server_home)
    async with watching(fake, options) as seat:
        await seat.sees("● ")
        await seat.press("B")
        await seat.sees("3 runs")
        await seat.press("enter")
        await seat.sees("Run", "40.0%")
        await seat.misses("Two runs")
        await seat.press("escape", "space", "space", "space")
        await seat.sees("2 marked")
        await seat.press("enter")
        await seat.sees("Two runs", "+1,329%")


async def test_a_file_of_the_command_is_one_of_the_runs(
    fake: FakeTorchServe, options: MonitorOptions, tmp_path: Path
) -> None:
    fake.load("mnist")
    file = tmp_path / "run.json"
    file.write_text(json.dumps(run_record(report(50, {REFUSED: 50}), STARTED)))
    async with watching(fake, options) as seat:
        await seat.sees("● ")
        await seat.press("B")
        await seat.sees("no load run is kept yet", "L starts one")
        await seat.press("f")
        await seat.sees("Add a run")
        await seat.write(str(tmp_path / "none.json"))
        await seat.press("enter")
        await seat.sees("cannot read")
        await seat.write(str(file))
        await seat.press("enter")
        await seat.sees("1 run", "50.0%")
        await seat.press("enter")
        await seat.sees("✗ connection refused")
