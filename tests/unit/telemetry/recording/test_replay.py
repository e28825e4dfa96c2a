"""A recording is looked at by reading around the moment, and shows what reading all of it would."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace

from benchmarks.replay import STARTED, Server
from tsmon.conditions import parse_condition
from tsmon.telemetry.history import KeptHistory
from tsmon.telemetry.limits.limit import Limit
from tsmon.telemetry.limits.watch import LimitWatch
from tsmon.telemetry.logs.request_report import LastReading, RequestReport
from tsmon.telemetry.logs.time_buckets import add_counts, pack_counts, unpack_counts
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.recording.reader import Recording
from tsmon.telemetry.recording.replay import (
    MOST_POINTS,
    RecordedHistory,
    RecordedPast,
    find_events,
)
from tsmon.telemetry.recording.writer import Writer
from tsmon.telemetry.scrape import Scrape
from tsmon.telemetry.snapshot import ModelKey, ServerState, Snapshot
from tsmon.telemetry.traffic import Usage
from tsmon.torchserve.errors import Unreachable

TICKS = 1000
MODELS = 2
AWAY = range(500, 520)
KEY = ModelKey("model-00", "1.0")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("replay") / "server.tsmon"
    server = Server(MODELS)
    with closing(Writer(path, "local")) as writer:
        for second in range(TICKS):
            if second == AWAY.stop:
                server = Server(MODELS, seed=2)  # its counters begin again
            seen = server.observe(second, 1)
            if second in AWAY:
                gone = Unreachable("connection refused")
                seen = type(seen)(seen.at, None, gone, gone)
            writer.write(seen)
    return path


@pytest.fixture(scope="module")
def every(file: Path) -> list[Snapshot]:
    """The snapshots by reading all of it."""
    with closing(Recording(file)) as recording:
        monitor = Monitor(recording, remembers=False)
        return [monitor.digest(observation) for _, observation in recording.observations()]


@pytest.fixture
def recording(file: Path) -> Iterator[Recording]:
    with closing(Recording(file)) as opened:
        yield opened


@pytest.mark.parametrize("index", [0, 1, 4, 59, 300, 301, 499, 505, 521, 530, 830, 999])
def test_a_moment_is_shown_as_if_all_before_it_had_been_read(
    index: int, recording: Recording, every: list[Snapshot]
) -> None:
    shown, expected = RecordedPast(recording)[index], every[index]
    assert shown.at == expected.at
    assert shown.server.state is expected.server.state
    assert shown.metrics.mode == expected.metrics.mode
    for model, other in zip(shown.models, expected.models, strict=True):
        assert (model.key, model.gone, model.described) == (other.key, other.gone, other.described)
        assert model.verdict == other.verdict
        if not shown.stale:
            assert model.requests == other.requests
            assert model.traffic == other.traffic


def test_going_on_from_a_moment_shows_the_same_as_jumping_there(
    recording: Recording, every: list[Snapshot]
) -> None:
    past = RecordedPast(recording)
    for index in range(700, 740, 3):
        assert past[index].models == every[index].models
    assert past[701] is past[701]
    assert past[-1].models == every[-1].models


def test_charts_show_the_points_that_reading_all_of_it_gives(
    recording: Recording, file: Path
) -> None:
    whole, monitor = KeptHistory(64 << 20), Monitor(recording, remembers=False)
    for _, observation in recording.observations():
        scraped = isinstance(observation.scrape, Scrape)
        whole.record(monitor.digest(observation), scraped=scraped)
    history = RecordedHistory(recording)
    for last, seconds in ((200, 120.0), (230, 120.0), (530, 60.0), (100, 60.0)):
        end = recording.at(last)
        found, expected = history.points(KEY, seconds, end), whole.points(KEY, seconds, end)
        assert [point.at for point in found] == [point.at for point in expected]
        for one, other in zip(found[1:], expected[1:], strict=True):
            assert one.per_second == pytest.approx(other.per_second)
            assert one.inference_ms == pytest.approx(other.inference_ms)
            assert (one.waiting, len(one.memory)) == (other.waiting, len(other.memory))
            assert (one.inference is None) is (other.inference is None)
            if one.inference and other.inference:
                assert one.inference.p99 == pytest.approx(other.inference.p99)
    assert history.points(ModelKey("none", "1.0"), 120.0, recording.at(200)) == []


def test_of_many_ticks_charts_show_some_and_no_request_is_lost(
    recording: Recording, every: list[Snapshot]
) -> None:
    end = recording.at(AWAY.start - 1)
    points = RecordedHistory(recording).points(KEY, 1e6, end)
    assert MOST_POINTS / 2 < len(points) <= MOST_POINTS
    counted = sum(
        (point.per_second or 0) * point.at.since(before.at) for before, point in pairwise(points)
    )
    last = points[-1].at
    model = next(each for each in every if each.at == last).model(KEY)
    first = next(each for each in every if each.at == points[0].at).model(KEY)
    assert model is not None
    assert first is not None
    total, begin = model.traffic.since_start, first.traffic.since_start
    assert isinstance(total, Usage)
    assert isinstance(begin, Usage)
    assert counted == pytest.approx(total.arrived - begin.arrived)


def test_opening_reads_no_tick_and_looking_reads_few(file: Path) -> None:
    with closing(Recording(file)) as recording:
        said: list[str] = []
        recording._database._connection.set_trace_callback(said.append)
        past, history = RecordedPast(recording), RecordedHistory(recording)
        assert said == []
        assert past[900].server.state is ServerState.UP
        assert sum("FROM description" in each for each in said) < 40
        assert sum("FROM counter" in each for each in said) < 80
        said.clear()
        history.points(KEY, 120.0, past.at(900))
        assert sum("FROM counter" in each for each in said) < 130


async def test_the_search_for_events_finds_what_happened(recording: Recording) -> None:
    monitor = Monitor(recording, remembers=False)
    shares = [share async for share in find_events(recording, monitor)]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    kinds = [event.kind.value for event in monitor.events.events]
    assert kinds == ["server away", "server back", "counters reset"]


def test_a_damaged_tick_says_so(tmp_path: Path) -> None:
    copy = tmp_path / "damaged.tsmon"
    with closing(Writer(copy, "local")) as writer:
        for second in range(3):
            writer.write(Server(1).observe(second, 1))
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("UPDATE tick SET server_version = 7 WHERE id = 2")
        connection.execute("UPDATE tick SET metrics_mode = x'00' WHERE id = 2")
    with closing(Recording(copy)) as recording:
        past = RecordedPast(recording)
        assert "is damaged" in str(past[1].server.problem)
        assert past[2].server.state is ServerState.UP


def test_a_time_is_found_among_the_ticks(recording: Recording) -> None:
    past = RecordedPast(recording)
    assert len(past) == TICKS
    assert past.times[123] == STARTED + 123
    assert past.index_at(past.moments[123] + 0.5) == 123


def test_of_many_ticks_no_counted_time_is_lost(tmp_path: Path) -> None:
    path, ticks, server = tmp_path / "busy.tsmon", 2 * MOST_POINTS + 1, Server(1)
    last = LastReading(1.0, 3, 0, times=pack_counts({60: 2, 90: 1}))
    with closing(Writer(path, "local")) as writer:
        for second in range(ticks):
            seen = server.observe(second, 1)
            writer.write(replace(seen, reports={KEY: RequestReport({}, {}, {200: 1}, last=last)}))
    with closing(Recording(path)) as recording:
        points = RecordedHistory(recording).points(KEY, 1e6, recording.at(ticks - 1))
    assert len(points) <= MOST_POINTS
    counted = unpack_counts(add_counts(point.times for point in points[1:]))
    between = 3 * (len(points) - 1)
    assert counted == {60: 2 * between, 90: between}


async def test_limits_are_decided_as_they_were(file: Path) -> None:
    limits = [
        Limit("busy", parse_condition("rate > 1/s for 5 s"), 5.0),
        Limit("full", parse_condition("queue > 2 for 2 s"), 2.0),
    ]
    with closing(Recording(file)) as recording:
        monitor = Monitor(recording, remembers=False, limits=LimitWatch(limits))
        then = [monitor.digest(observation) for _, observation in recording.observations()]
    with closing(Recording(file)) as recording:
        past = RecordedPast(recording)
        past.limits = LimitWatch(limits, remembers=True)
        searching = Monitor(recording, remembers=False, limits=past.limits)
        async for _ in find_events(recording, searching):
            pass
        for index in (3, 50, 499, 505, 519, 530, 700, TICKS - 1):
            for seen, was in zip(past[index].models, then[index].models, strict=True):
                assert [each.exceeded for each in seen.limits] == [
                    each.exceeded for each in was.limits
                ]
        assert searching.events.events == monitor.events.events
    assert any(model.exceeded for snapshot in then for model in snapshot.models)
