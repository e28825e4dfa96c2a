"""Runs as JSON files: written, read back, and no more of them than are to be kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given

from tests.unit.load.run.test_report import PLAN, increments
from tests.unit.load.run.test_server_side import FULL, report, side
from tsmon.load.run import kept
from tsmon.load.run.increment import Increment
from tsmon.load.run.kept import RunNotKept, keep_run, kept_runs, runs_folder
from tsmon.load.run.record import past_run, run_record
from tsmon.load.run.report import Tally

STARTED = datetime(2026, 11, 30, 12, 0, 0, 250_000, UTC)


@given(increments)
def test_what_is_read_back_is_what_the_run_gave(increment: Increment) -> None:
    assume(increment.at_s > 1e-6)  # no run is over sooner
    tally = Tally(PLAN)
    tally.add(increment)
    found = tally.report()

    read = past_run(json.loads(json.dumps(run_record(found, STARTED))))

    assert (read.started, read.latency, read.histogram) == (
        STARTED,
        found.latency,
        found.histogram,
    )
    assert read.causes == found.causes
    assert (read.sent, read.failed, read.throughput) == (
        found.sent,
        found.failed,
        found.throughput,
    )


@pytest.mark.parametrize(
    "change",
    [
        {"latency": None},
        {"histogram": {"first": -1, "counts": [1]}},
        {"histogram": {"first": 0, "counts": ["x"]}},
        {"causes": [{"kind": "boredom", "code": None, "words": "", "count": 1}]},
        {"started": "yesterday"},
        {"sent": "many"},
    ],
)
def test_what_is_no_run_is_said_to_be_none(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        past_run(run_record(report(3), STARTED) | change)
    with pytest.raises(ValueError):
        past_run([])


def test_the_newest_is_first_and_what_is_no_run_is_left_out(tmp_path: Path) -> None:
    run = report(60, {FULL: 40})
    for hours in range(3):
        keep_run(run_record(run, STARTED + timedelta(hours=hours), side(100, run)), tmp_path)
    (runs_folder(tmp_path) / "other.json").write_text("[]")

    assert [each.started.hour for each in kept_runs(tmp_path)] == [14, 13, 12]


def test_the_oldest_goes_when_there_are_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "MOST_KEPT", 2)
    for hours in range(3):
        keep_run(run_record(report(3), STARTED + timedelta(hours=hours)), tmp_path)
    assert [each.started.hour for each in kept_runs(tmp_path)] == [14, 13]


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(RunNotKept, match="cannot write"):
        keep_run(run_record(report(3), STARTED), tmp_path)
