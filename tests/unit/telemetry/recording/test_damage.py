"""A damaged or hostile recording: what can be read is given, and one error tells of the rest."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.telemetry.recording.damaging import TICKS, write, zeroed
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.recording.reader import Recording
from tsmon.telemetry.recording.replay import RecordedHistory, RecordedPast, find_events
from tsmon.telemetry.recording.schema import RecordingError
from tsmon.telemetry.snapshot import ModelKey

WORDS = (
    *("there is no recording", "cannot read", "is damaged", "has no ticks", "is not a recording"),
    *("is empty", "is locked", "is a database, but", "has format", "which no tsmon recording has"),
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    file = tmp_path_factory.mktemp("recording") / "whole.tsmon"
    write(file)
    return file.read_bytes()


@pytest.fixture
def file(tmp_path: Path, whole: bytes) -> Path:
    path = tmp_path / "server.tsmon"
    path.write_bytes(whole)
    return path


def test_ticks_on_both_sides_of_a_damaged_page_are_read(tmp_path: Path) -> None:
    file = tmp_path / "long.tsmon"
    write(file, 600)
    with closing(sqlite3.connect(file)) as connection:
        leaves = (
            connection.execute(
                "SELECT pageno FROM dbstat WHERE name = 'tick' AND pagetype = 'leaf' ORDER BY path"
            ).fetchall()
            if _has_dbstat(connection)
            else []
        )
    if not leaves:
        pytest.skip("this SQLite cannot tell which page is which")
    zeroed(leaves[len(leaves) // 2][0] - 1)(file)

    recording = Recording(file)
    ids = [tick.id for tick in recording.ticks]

    assert ids[0] == 1
    assert ids[-1] == 600
    assert 300 < len(ids) < 600
    assert "is damaged" in str(recording.damage)


def _has_dbstat(connection: sqlite3.Connection) -> bool:
    with suppress(sqlite3.Error):
        connection.execute("SELECT 1 FROM dbstat LIMIT 1")
        return True
    return False


def test_a_file_that_another_program_keeps_locked_says_so(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tsmon.telemetry.recording.database.BUSY_S", 0.05)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(RecordingError, match="is locked by another program"):
            Recording(file)


READ = """
import os, sys
from pathlib import Path
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.recording.reader import Recording
from tsmon.telemetry.recording.schema import RecordingError
os.setuid(65534)
try:
    print(len(Recording(Path(sys.argv[1])).ticks))
except RecordingError as error:
    print(error, "|", error.hint)
"""


def read_as_nobody(file: Path) -> str:
    ended = subprocess.run(
        [sys.executable, "-c", READ, str(file)], capture_output=True, text=True, check=True
    )
    return ended.stdout.strip()


@pytest.fixture
def shared(whole: bytes) -> Iterator[Path]:
    """A recording in a folder that everybody can read and only its owner can write."""
    if os.getuid() != 0:
        pytest.skip("only root can become another user")
    with TemporaryDirectory() as folder:
        file = Path(folder) / "server.tsmon"
        file.write_bytes(whole)
        file.parent.chmod(0o755)
        yield file


def test_a_recording_in_a_folder_one_cannot_write_is_read(shared: Path) -> None:
    assert read_as_nobody(shared) == str(TICKS)


def test_a_recording_one_may_not_read_says_so(shared: Path) -> None:
    shared.chmod(0o600)
    assert "cannot read" in read_as_nobody(shared)
    assert "Permission denied" in read_as_nobody(shared)


def test_ticks_that_cannot_be_merged_are_said_to_be_missing(shared: Path) -> None:
    shared.with_name("server.tsmon-wal").write_bytes(b"x" * 5000)
    answer = read_as_nobody(shared)
    assert answer == str(TICKS) or "copy both files" in answer


def test_a_recording_is_not_changed_by_reading_it(file: Path, whole: bytes) -> None:
    with closing(Recording(file)) as recording:
        assert len(list(recording.observations())) == TICKS
    assert file.read_bytes() == whole


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
async def test_any_damaged_byte_gives_the_error_or_a_readable_result(
    data: st.DataObject, tmp_path: Path, whole: bytes
) -> None:
    content = bytearray(whole)
    start = data.draw(st.sampled_from([0, 4096, len(whole) // 2]))
    for _ in range(data.draw(st.integers(1, 20))):
        place = data.draw(st.integers(start, len(whole) - 1))
        content[place] = data.draw(st.integers(0, 255))
    file = tmp_path / "damaged.tsmon"
    file.write_bytes(content[: data.draw(st.sampled_from([len(whole), len(whole) * 2 // 3]))])

    try:
        with closing(Recording(file)) as recording:
            past, history = RecordedPast(recording), RecordedHistory(recording)
            for index in (0, len(past) - 1):
                assert past[index].server.label == recording.label
                for model in past[index].models:
                    assert len(history.points(model.key, 60, past.at(index))) <= len(past)
            monitor = Monitor(recording, remembers=False)
            async for done in find_events(recording, monitor):
                assert 0 < done <= 1
    except RecordingError as error:
        assert any(words in str(error) for words in WORDS)


async def test_a_whole_recording_has_no_damage(file: Path) -> None:
    with closing(Recording(file)) as recording:
        monitor = Monitor(recording, remembers=False)
        assert [done async for done in find_events(recording, monitor)][-1] == 1
        shown = RecordedPast(recording)[-1]
        assert recording.damage is None
    assert shown.model(ModelKey("mnist", "1.0")) is not None
    assert shown.server.problem is None
