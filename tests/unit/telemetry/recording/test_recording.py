"""What is recorded is what is read back; old ticks are thinned without losing a sum."""

from __future__ import annotations

import sqlite3
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.fake import FakeTorchServe
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.logs.percentiles import Percentiles
from tsmon.telemetry.logs.request_report import (
    LastReading,
    RequestPhase,
    RequestReport,
    WorkerShare,
)
from tsmon.telemetry.logs.time_buckets import pack_counts
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.recording.reader import Recording
from tsmon.telemetry.recording.recorder import RecordedSource
from tsmon.telemetry.recording.schema import APPLICATION_ID, RecordingError
from tsmon.telemetry.recording.writer import Writer
from tsmon.telemetry.scrape import Counters, MetricsMode, Scrape, SeriesKey
from tsmon.telemetry.snapshot import ModelKey, ProcessUsage, ServerState
from tsmon.telemetry.source import Observation
from tsmon.telemetry.traffic import Usage
from tsmon.torchserve.errors import Unreachable
from tsmon.torchserve.management import Registration

MNIST = SeriesKey("mnist", "default")
START = 1_700_000_000.0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "server.tsmon"


LAST = LastReading(
    1.5,
    requests=4,
    failed=1,
    profile={RequestPhase.INFERENCE: Percentiles(3, 5.0, 8.0, 9.0, 9.5)},
    workers={"9000": WorkerShare(3, 14.5)},
    times=pack_counts({54: 2, 60: 1}),
)


def counted(second: float, requests: float) -> Observation:
    """A server without models whose counter stands there."""
    at = Instant(second, datetime.fromtimestamp(START + second, UTC))
    series = {MNIST: Counters(requests, requests * 1000, requests * 10)}
    return Observation(at, None, (), Scrape(at, MetricsMode.PROMETHEUS, series))


async def test_a_recording_is_private_and_keeps_no_secret_of_an_archives_url(file: Path) -> None:
    server = FakeTorchServe()
    server.archive("mnist", url="https://me:Pa55word@s3/m.mar?X-Amz-Signature=Pa55word")
    async with server.client() as client:
        await client.management.register(Registration(next(iter(server.store))))
        source = RecordedSource(LiveSource(client), file)
        await Monitor(source).tick()
        beside = [*file.parent.glob("server.tsmon*")]
        written = b"".join(each.read_bytes() for each in beside)
        modes = {stat.S_IMODE(each.stat().st_mode) for each in beside}
        source.close()

    assert b"https://***@s3/m.mar?***" in written
    assert b"Pa55word" not in written
    assert modes == {0o600}


async def test_snapshots_of_a_recording_are_those_of_the_live_server(file: Path) -> None:
    server = FakeTorchServe()
    server.load("mnist", workers=2)
    live = []
    async with server.client() as client:
        source = RecordedSource(LiveSource(client), file)
        monitor = Monitor(source)
        for step in range(6):
            if step == 3:
                server.kill()
            if step == 5:
                server.start()
            if step < 3:
                server.serve("mnist", n=step, inference_ms=8.0, queue_ms=1.0)
            live.append(await monitor.tick())
        source.close()

    recording = Recording(file)
    again = Monitor(LiveSource(client))
    replayed = [again.digest(recording.observation(n)) for n in range(len(recording.ticks))]

    assert [s.server.state for s in replayed] == [s.server.state for s in live]
    assert [s.server.lives for s in replayed] == [s.server.lives for s in live]
    for one, other in zip(live, replayed, strict=True):
        assert [m.key for m in other.models] == [m.key for m in one.models]
        assert [m.gone for m in other.models] == [m.gone for m in one.models]
        for before, after in zip(one.models, other.models, strict=True):
            assert after.described == before.described
            if isinstance(before.traffic.interval, Usage):
                assert isinstance(after.traffic.interval, Usage)
                assert after.traffic.interval.arrived == before.traffic.interval.arrived
                assert after.traffic.interval.seconds == pytest.approx(
                    before.traffic.interval.seconds, abs=1e-3
                )
            else:
                assert after.traffic.interval == before.traffic.interval


def test_processes_and_request_reports_come_back(file: Path) -> None:
    key = ModelKey("mnist", "1.0")
    minute = {RequestPhase.TOTAL: Percentiles(3, 5.0, 8.0, 9.0, 9.5)}
    observation = replace(
        counted(1, 3),
        processes={412: ProcessUsage(700_000_000, 38.0, START)},
        reports={key: RequestReport(minute, minute, {200: 3, 503: 1}, last=LAST)},
    )
    Writer(file, "local").write(observation)

    read = Recording(file).observation(0)

    assert read.processes == observation.processes
    assert read.reports == observation.reports


def test_a_server_that_was_away_is_away_again(file: Path) -> None:
    away = Unreachable("connection refused", "start one")
    Writer(file, "local").write(replace(counted(0, 0), models=away, scrape=away))

    recording = Recording(file)
    snapshot = Monitor(_Unasked()).digest(recording.observation(0))

    assert snapshot.server.state is ServerState.AWAY
    assert snapshot.server.problem is not None
    assert (str(snapshot.server.problem), snapshot.server.problem.hint) == (
        "connection refused",
        "start one",
    )


def test_thinning_keeps_every_sum_and_both_sides_of_a_restart(file: Path) -> None:
    writer = Writer(file, "local")
    for second in range(100):
        requests = second if second < 55 else second - 55  # it restarts at 55
        writer.write(counted(float(second), float(requests)))

    writer.thin(now=START + 100 + 3600)

    recording = Recording(file)
    kept = [round(tick.time - START) for tick in recording.ticks]
    assert len(kept) < 20
    assert {54, 55} <= set(kept)
    sums = [_sum(recording.observation(n)) for n in range(len(kept))]
    assert sums == [s if s < 55 else s - 55 for s in kept]


def test_a_second_session_goes_on_in_the_same_file(file: Path) -> None:
    Writer(file, "local").write(counted(0, 1))
    Writer(file, "local").write(counted(7, 2))

    assert [tick.session for tick in Recording(file).ticks] == [1, 2]


def test_what_was_written_can_be_read_while_the_writer_goes_on(file: Path) -> None:
    writer = Writer(file, "local")
    writer.write(counted(0, 1))

    assert len(Recording(file).ticks) == 1
    writer.write(counted(1, 2))
    assert len(Recording(file).ticks) == 2


def test_another_database_is_left_alone(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE mine (x)")

    with pytest.raises(RecordingError, match="not a tsmon recording"):
        Writer(file, "local")
    with pytest.raises(RecordingError, match="not a tsmon recording"):
        Recording(file)


def test_a_file_that_is_no_database_or_not_there_is_said_so(file: Path) -> None:
    with pytest.raises(RecordingError, match="there is no recording"):
        Recording(file)
    file.write_text("notes")
    with pytest.raises(RecordingError, match="not a database"):
        Recording(file)


class _Unasked:
    label = "recorded"

    async def observe(self, focus: ModelKey | None) -> Observation:
        raise AssertionError("a recording is not asked")


def _sum(observation: Observation) -> float:
    assert isinstance(observation.scrape, Scrape)
    return observation.scrape.series[MNIST].requests


def test_a_recording_that_was_begun_a_moment_ago_has_no_tick_yet(file: Path) -> None:
    connection = sqlite3.connect(file)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.close()
    with pytest.raises(RecordingError, match="has no ticks yet"):
        Recording(file)
