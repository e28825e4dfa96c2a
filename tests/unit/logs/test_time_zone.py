"""Stamps of logs that were written in another zone than this machine's."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.telemetry.logs.real_lines import server_lines
from tsmon.logs.time_zone import FARTHEST_OFFSET, QUARTER, LogZone, offset_of, parse_zone
from tsmon.telemetry.logs.folder_follower import FolderFollower
from tsmon.telemetry.logs.one_shot import read_worker_states
from tsmon.torchserve.errors import InvalidArgument

NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
INDIA = timezone(timedelta(hours=5, minutes=30))

MachineIn = Callable[[str], None]

offsets = st.integers(-FARTHEST_OFFSET // QUARTER, FARTHEST_OFFSET // QUARTER).map(
    lambda n: n * QUARTER
)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))


@pytest.fixture
def machine_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[MachineIn]:
    """Sets the zone of this machine."""

    def move(zone: str) -> None:
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield move
    monkeypatch.undo()
    time.tzset()


def logged(folder: Path, stamp: datetime, written: datetime, name: str = "ts_log.log") -> None:
    """A log whose last line has this stamp and was written at that moment."""
    words = stamp.isoformat(timespec="milliseconds").replace(".", ",")
    file = folder / name
    file.write_text(f"{words} [INFO ] main ACCESS_LOG - hello\nno stamp\n")
    os.utime(file, (written.timestamp(), written.timestamp()))


def looked(folder: Path, said: timezone | ZoneInfo | None = None) -> LogZone:
    zone = LogZone(said)
    zone.look(folder)
    return zone


@given(moments, offsets, st.timedeltas(timedelta(), timedelta(seconds=4)))
def test_the_offset_is_told_by_the_line_that_was_just_written(
    moment: datetime, offset: timedelta, late: timedelta
) -> None:
    stamp = moment.astimezone(timezone(offset)).replace(tzinfo=None)
    assert offset_of(stamp, moment + late) == offset


@given(moments, offsets, st.integers(10, 14 * 60))
def test_a_file_that_was_touched_later_tells_nothing(
    moment: datetime, offset: timedelta, seconds: int
) -> None:
    stamp = moment.astimezone(timezone(offset)).replace(tzinfo=None)
    assert offset_of(stamp, moment + timedelta(seconds=seconds)) is None


@given(moments, offsets)
def test_a_stamp_is_a_moment_and_back(moment: datetime, offset: timedelta) -> None:
    zone = LogZone(timezone(offset))
    assert zone.moment(zone.stamp(moment)) == moment


@pytest.mark.parametrize("machine", ["Europe/Berlin", "America/New_York", "Asia/Kolkata"])
def test_a_container_in_utc_is_recognised(
    tmp_path: Path, machine_in: MachineIn, machine: str
) -> None:
    machine_in(machine)
    logged(tmp_path, NOON.replace(tzinfo=None), NOON + timedelta(seconds=1))
    zone = looked(tmp_path)
    assert zone.name == "UTC"
    assert zone.moment(datetime(2026, 7, 1, 11, 30)) == NOON - timedelta(minutes=30)
    assert zone.here(datetime(2026, 7, 1, 12, 0)) == NOON.astimezone().replace(tzinfo=None)


def test_any_whole_quarter_of_an_hour_is_a_zone(tmp_path: Path, machine_in: MachineIn) -> None:
    machine_in("Europe/Berlin")
    logged(tmp_path, NOON.astimezone(INDIA).replace(tzinfo=None), NOON)
    assert looked(tmp_path).name == "UTC+05:30"


def test_a_log_of_this_zone_follows_its_daylight_saving_time(
    tmp_path: Path, machine_in: MachineIn
) -> None:
    machine_in("Europe/Berlin")
    logged(tmp_path, NOON.astimezone().replace(tzinfo=None), NOON)
    zone = looked(tmp_path)
    assert zone.name == ""
    assert zone.moment(datetime(2026, 1, 1, 12)) == datetime(2026, 1, 1, 11, tzinfo=UTC)
    assert zone.moment(datetime(2026, 7, 1, 12)) == datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert zone.stamp(NOON) == datetime(2026, 7, 1, 14)


def test_a_zone_that_was_said_wins_and_follows_its_daylight_saving_time(
    tmp_path: Path, machine_in: MachineIn
) -> None:
    machine_in("UTC")
    logged(tmp_path, NOON.replace(tzinfo=None), NOON)
    zone = looked(tmp_path, ZoneInfo("Europe/Berlin"))
    assert zone.name == "Europe/Berlin"
    assert zone.moment(datetime(2026, 1, 1, 12)) == datetime(2026, 1, 1, 11, tzinfo=UTC)
    assert zone.moment(datetime(2026, 7, 1, 12)) == datetime(2026, 7, 1, 10, tzinfo=UTC)


def test_without_evidence_it_is_this_machines_zone(tmp_path: Path, machine_in: MachineIn) -> None:
    machine_in("Asia/Kolkata")
    assert looked(tmp_path).name == ""
    (tmp_path / "ts_log.log").write_bytes(b"\xff\xfe no stamp\n9999-99-99T99:99:99,9 [")
    assert looked(tmp_path).name == ""
    logged(tmp_path, NOON.replace(tzinfo=None), NOON + timedelta(minutes=7))
    assert looked(tmp_path).name == ""


def test_the_access_log_tells_it_where_there_is_no_other(
    tmp_path: Path, machine_in: MachineIn
) -> None:
    machine_in("Asia/Kolkata")
    logged(tmp_path, NOON.replace(tzinfo=None), NOON, "access_log.log")
    assert looked(tmp_path).name == "UTC"


def test_lives_and_causes_are_told_in_this_machines_time(
    tmp_path: Path, machine_in: MachineIn
) -> None:
    lines = server_lines("crash_loop")
    (tmp_path / "ts_log.log").write_bytes(b"\n".join(lines) + b"\n")
    here = read_worker_states(tmp_path).states
    last = max(line[:23] for line in lines if line[:2] == b"20").decode().replace(",", ".")
    written = datetime.fromisoformat(last).replace(tzinfo=UTC).timestamp()
    os.utime(tmp_path / "ts_log.log", (written, written))
    machine_in("Asia/Kolkata")
    watch = FolderFollower(tmp_path)
    watch.read()
    ahead = timedelta(hours=5, minutes=30)
    assert watch.worker_states == read_worker_states(tmp_path).states
    assert watch.worker_states == {
        id_: life.with_times(lambda time: time + ahead) for id_, life in here.items()
    }
    assert any(life.last_death for life in here.values())
    watch.close()


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("UTC", 0),
        ("z", 0),
        ("+02:00", 120),
        ("UTC-5", -300),
        ("+0530", 330),
        ("Asia/Kolkata", 330),
    ],
)
def test_a_zone_is_read_as_people_write_it(text: str, offset: int) -> None:
    assert parse_zone(text).utcoffset(NOON.replace(tzinfo=None)) == timedelta(minutes=offset)


@pytest.mark.parametrize("text", ["", "Mars/Base", "+25:00", "../etc/passwd", "/etc/localtime"])
def test_what_is_no_zone_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match="time zone"):
        parse_zone(text)
