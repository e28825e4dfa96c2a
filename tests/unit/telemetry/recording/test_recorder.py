"""A recording that cannot be written is said to be broken, tried again, and never in the way."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.unit.telemetry.health import worlds
from tests.unit.telemetry.recording.damaging import observed
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.recording import recorder as recorder_module
from tsmon.telemetry.recording.reader import Recording
from tsmon.telemetry.recording.recorder import SLOW, RecordedSource
from tsmon.telemetry.recording.schema import RecordingError
from tsmon.telemetry.recording.writer import Writer
from tsmon.telemetry.scrape import Counters, MetricsMode, Scrape, SeriesKey
from tsmon.telemetry.snapshot import ModelKey, ProcessUsage
from tsmon.telemetry.source import Observation


class Counting:
    """A source whose ticks are numbered."""

    label = "local"

    def __init__(self) -> None:
        self.second = 0

    async def observe(self, focus: ModelKey | None) -> Observation:
        self.second += 1
        return observed(self.second)


class Clock:
    """The clock by which a recorder waits before it tries again."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "folder").mkdir()
    return tmp_path / "folder" / "server.tsmon"


def remove(file: Path) -> None:
    file.unlink()


def replace(file: Path, words: str) -> None:
    other = file.with_name("other")
    other.write_text(words)
    other.replace(file)


def read(file: Path) -> str:
    return file.read_text()


def ticks_in(file: Path) -> int:
    with closing(Recording(file)) as recording:
        assert recording.damage is None
        return len(recording.ticks)


def fill_disk(monkeypatch: pytest.MonkeyPatch, *, full: bool) -> None:
    """Have SQLite find no room for a further page, as on a full disk."""
    begin = Writer._write_tick

    def write_tick(writer: Writer, observation: Observation) -> None:
        (pages,) = writer._connection.execute("PRAGMA page_count").fetchone()
        writer._connection.execute(f"PRAGMA max_page_count = {pages if full else 1 << 30}")
        if full:  # a tick may fit into the last page
            writer._connection.execute("CREATE TABLE fills AS SELECT hex(zeroblob(9000))")
        begin(writer, observation)

    monkeypatch.setattr(Writer, "_write_tick", write_tick)


async def test_a_full_disk_marks_the_ticks_and_later_ones_are_recorded_again(
    file: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    with closing(RecordedSource(Counting(), file, clock)) as source:
        monitor = Monitor(source)
        assert (await monitor.tick()).not_recorded == ""
        with monkeypatch.context() as patch:
            fill_disk(patch, full=True)
            for _ in range(3):
                snapshot = await monitor.tick()
                assert snapshot.not_recorded == "database or disk is full"
                assert snapshot.models
        clock.now += 2
        assert (await monitor.tick()).not_recorded == ""
        assert source.missing.startswith(f"{file} is missing ")
        assert source.missing.endswith("(3 ticks): database or disk is full")

    assert ticks_in(file) == 2


async def test_it_is_tried_again_after_pauses_that_grow(
    file: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    tries: list[None] = []
    with closing(RecordedSource(Counting(), file, clock)) as source:
        monkeypatch.setattr(Writer, "write", _full(tries))
        for _ in range(200):
            assert (await source.observe(None)).not_recorded
            clock.now += 1

    assert 5 <= len(tries) <= 12
    assert source.missing.count("is missing") == 1
    assert "(200 ticks)" in source.missing


def _full(tries: list[None]) -> Callable[[Writer, Observation], None]:
    def write(writer: Writer, observation: Observation) -> None:
        tries.append(None)
        raise RecordingError("cannot record", reason="disk full")

    return write


async def test_a_file_that_is_deleted_is_begun_again(file: Path, clock: Clock) -> None:
    with closing(RecordedSource(Counting(), file, clock)) as source:
        await source.observe(None)
        remove(file)
        assert (await source.observe(None)).not_recorded == "the file was deleted"
        clock.now += 2
        assert (await source.observe(None)).not_recorded == ""
        assert "(1 tick): the file was deleted" in source.missing

    assert ticks_in(file) == 1


async def test_a_file_that_took_its_place_is_left_alone(file: Path, clock: Clock) -> None:
    with closing(RecordedSource(Counting(), file, clock)) as source:
        await source.observe(None)
        replace(file, "mine")
        for _ in range(3):
            assert (await source.observe(None)).not_recorded
            clock.now += 100

    assert read(file) == "mine"


async def test_a_folder_that_vanished_and_came_back_is_recorded_into(
    file: Path, clock: Clock
) -> None:
    with closing(RecordedSource(Counting(), file, clock)) as source:
        await source.observe(None)
        shutil.rmtree(file.parent)
        assert (await source.observe(None)).not_recorded
        clock.now += 2
        assert (await source.observe(None)).not_recorded == "No such file or directory"
        file.parent.mkdir()
        clock.now += 100
        assert (await source.observe(None)).not_recorded == ""

    assert ticks_in(file) == 1


async def test_a_file_that_another_recorder_locks_costs_ticks_and_no_more(
    file: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setattr("tsmon.telemetry.recording.schema.BUSY_S", 0.05)
    with closing(RecordedSource(Counting(), file, clock)) as source:
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert (await source.observe(None)).not_recorded == "database is locked"
            other.execute("ROLLBACK")
        clock.now += 2
        assert (await source.observe(None)).not_recorded == ""


async def test_a_disk_that_hangs_holds_no_tick_up(
    file: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setattr(recorder_module, "WRITE_PATIENCE_S", 0.01)
    answers = threading.Event()
    write = Writer.write

    def hang(writer: Writer, observation: Observation) -> None:
        answers.wait(30)
        write(writer, observation)

    monkeypatch.setattr(Writer, "write", hang)
    with closing(RecordedSource(Counting(), file, clock)) as source:
        try:
            first, second = await source.observe(None), await source.observe(None)
        finally:
            answers.set()

    assert (first.not_recorded, second.not_recorded) == ("", SLOW)
    assert ticks_in(file) == 1


async def test_values_beyond_what_sqlite_has_cost_no_tick(file: Path) -> None:
    at = worlds.at(1)
    series = {SeriesKey("m\ud800", "default"): Counters(10**400, 2**70, 1)}
    absurd = Observation(
        at,
        None,
        (),
        Scrape(at, MetricsMode.PROMETHEUS, series),
        processes={7: ProcessUsage(10**400, 1.0, 1.0)},
    )
    with closing(Writer(file, "local")) as writer:
        writer.write(absurd)

    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT model, inference_us FROM counter").fetchall() == [
            ("m?", float(2**70))
        ]


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_what_is_no_file_is_not_recorded_into(kind: str, tmp_path: Path) -> None:
    path = tmp_path / kind
    path.mkdir() if kind == "folder" else os.mkfifo(path)

    with pytest.raises(RecordingError, match="is not a regular file"):
        RecordedSource(Counting(), path)
