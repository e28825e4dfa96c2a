"""record and replay, and events."""

from __future__ import annotations

import asyncio
import csv
import json
from contextlib import closing
from pathlib import Path

import pytest

from tests.fake import FakeTorchServe
from tests.unit.cli.conftest import Tsmon
from tsmon.cli.watch import watch_plainly
from tsmon.notify.notifier import Notifier
from tsmon.telemetry.limits.watch import LimitWatch
from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.recording.recorder import RecordedSource
from tsmon.telemetry.recording.schema import RecordingError
from tsmon.telemetry.recording.writer import Writer
from tsmon.telemetry.source import Observation


@pytest.fixture
def recording(tsmon: Tsmon, server: FakeTorchServe, tmp_path: Path) -> str:
    """Three ticks of a server with one model."""
    server.load("mnist")
    file = str(tmp_path / "server.tsmon")
    assert tsmon("record", file, "--count", "3", "--interval", "0.1").code == 0
    return file


def test_csv_has_the_columns_of_every_tick_not_only_of_the_first(
    tsmon: Tsmon, recording: str
) -> None:
    rows = list(csv.DictReader(tsmon("replay", recording, "--csv").stdout.splitlines()))

    assert [row["model"] for row in rows] == ["mnist"] * 3
    assert [row["interval_requests"] for row in rows] == ["0.0"] * 3
    assert rows[-1]["since_start_requests"] == "0.0"


def test_json_has_a_line_per_model_and_tick(tsmon: Tsmon, recording: str) -> None:
    lines = tsmon("replay", recording, "--json").stdout.splitlines()

    assert [json.loads(line)["server"] for line in lines] == ["up"] * 3


def test_a_time_without_ticks_is_said_so(tsmon: Tsmon, recording: str) -> None:
    ended = tsmon("replay", recording, "--csv", "--to", "2001-01-01")

    assert ended.code == 1
    assert "nothing was recorded in that time" in ended.stderr


def test_a_file_that_is_no_recording_is_left_alone(tsmon: Tsmon, tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("mine")

    ended = tsmon("record", str(notes), "--count", "1")

    assert ended.code == 1
    assert notes.read_text() == "mine"


def test_events_of_a_quiet_server_are_none(tsmon: Tsmon, server: FakeTorchServe) -> None:
    ended = tsmon("events", "--seconds", "0.3", "--interval", "0.1", "--json")

    assert (ended.code, ended.stdout) == (0, "")


def test_events_of_a_recording_are_those_that_happened_while_it_was_made(
    tsmon: Tsmon, server: FakeTorchServe, tmp_path: Path
) -> None:
    file = tmp_path / "server.tsmon"
    server.load("mnist")
    asyncio.run(record_a_crash(server, file))

    lines = tsmon("events", str(file)).stdout.splitlines()
    records = [
        json.loads(line) for line in tsmon("events", str(file), "--json").stdout.splitlines()
    ]

    assert [record["event"] for record in records] == [
        "worker died",
        "worker restarted",
        "worker ready",
        "token refreshed",
    ]
    assert [record["bad"] for record in records] == [True, False, False, False]
    assert ["mnist 1.0 worker 9000" in line for line in lines] == [True, True, True, False]
    assert lines[0].startswith(records[0]["time"][:4])
    assert len(tsmon("events", str(file), "--count", "2").stdout.splitlines()) == 2


def test_events_of_a_file_that_is_not_there_are_an_error(tsmon: Tsmon, tmp_path: Path) -> None:
    ended = tsmon("events", str(tmp_path / "none.tsmon"))

    assert ended.code == 1
    assert "there is no recording" in ended.stderr


async def record_a_crash(server: FakeTorchServe, file: Path) -> None:
    async with server.client() as client:
        with closing(RecordedSource(LiveSource(client), file)) as source:
            await source.observe(None)
            server.crash("mnist")
            await source.observe(None)
            server.release("mnist")
            await source.observe(None)
            server.keys.renew("management")
            await source.observe(None)


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every tick finds the disk full."""

    def write(writer: Writer, observation: Observation) -> None:
        raise RecordingError("cannot record", reason="database or disk is full")

    monkeypatch.setattr(Writer, "write", write)


@pytest.mark.usefixtures("full_disk")
def test_record_goes_on_over_a_full_disk_and_says_what_is_missing(
    tsmon: Tsmon, tmp_path: Path
) -> None:
    file = tmp_path / "server.tsmon"

    ended = tsmon("record", str(file), "--count", "3", "--interval", "0.1")

    assert ended.code == 1
    assert f"not recording into {file}: database or disk is full" in ended.stderr
    assert f"{file} is missing" in ended.stderr
    assert "(3 ticks): database or disk is full" in ended.stderr


@pytest.mark.usefixtures("full_disk")
def test_lines_without_a_screen_say_that_they_are_not_recorded(
    tsmon: Tsmon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def for_a_while(
        source: RecordedSource, interval: float, limits: LimitWatch, _: Notifier | None
    ) -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(watch_plainly(source, interval, limits), 0.7)

    monkeypatch.setattr("tsmon.cli.watch.watch_plainly", for_a_while)
    ended = tsmon("--plain", "--record", str(tmp_path / "server.tsmon"), "--period", "0.2")

    assert all(", not recorded, " in line for line in ended.stdout.splitlines())
    assert ended.stdout
    assert "not recorded: database or disk is full" in ended.stderr
    assert "is missing" in ended.stderr
