"""Following a server's log folder from reading to reading."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.telemetry.logs.real_lines import server_lines
from tsmon.telemetry.logs import server_log_follower
from tsmon.telemetry.logs.server_log_follower import ServerLogFollower
from tsmon.telemetry.scrape import Counters, SeriesKey

SERIES = SeriesKey("mnist", "default")
NO_TIME = 0.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("ts_log.log", "access_log.log", "ts_metrics.log"):
        (tmp_path / name).touch()
    return tmp_path


def append(path: Path, *lines: bytes) -> None:
    with path.open("ab") as file:
        file.writelines(line + b"\n" for line in lines)


def answered(status: int = 200, second: int = 1) -> bytes:
    return (
        b"2026-11-22T13:00:%02d,000 [INFO ] W-9000-mnist_1.0 ACCESS_LOG - "
        b'/127.0.0.1:1 "PUT /predictions/mnist HTTP/1.1" %d 4' % (second, status)
    )


def counted(second: int = 1) -> bytes:
    return (
        b"2026-11-22T13:00:%02d,000 - ts_inference_requests_total.Count:1.0"
        b"|#model_name:mnist,model_version:default|#hostname:vm,timestamp:1" % second
    )


def banner(second: int) -> tuple[bytes, bytes]:
    start = b"2026-11-22T13:00:%02d,000 [INFO ] main org.pytorch.serve.ModelServer - " % second
    return start, b"Torchserve version: 0.12.0"


def statuses(follower: ServerLogFollower) -> dict[int, int]:
    return dict(follower.times.statuses(follower.times.keys(), since=-1.0))


def test_the_first_reading_knows_the_workers_and_counts_no_request(folder: Path) -> None:
    append(folder / "ts_log.log", *server_lines("crash_loop"), answered())
    follower = ServerLogFollower(folder)

    follower.read(NO_TIME)

    assert follower.worker_states
    assert statuses(follower) == {}


def test_requests_count_from_then_on(folder: Path) -> None:
    follower = ServerLogFollower(folder)
    follower.read(NO_TIME)
    append(folder / "ts_log.log", answered(), answered(503))

    follower.read(NO_TIME)

    assert statuses(follower) == {200: 1, 503: 1}
    assert follower.problem == ""


def test_counters_begin_anew_where_the_server_does(folder: Path) -> None:
    follower = ServerLogFollower(folder)
    follower.read(NO_TIME)
    append(folder / "ts_metrics.log", counted(1), counted(2))
    follower.read(NO_TIME)
    assert follower.counters.series == {SERIES: Counters(requests=2)}

    append(folder / "ts_log.log", *banner(second=9))
    append(folder / "ts_metrics.log", counted(3), counted(10))
    follower.read(NO_TIME)

    assert follower.counters.series == {SERIES: Counters(requests=1)}


def test_access_log_serves_until_there_is_a_ts_log(folder: Path) -> None:
    (folder / "ts_log.log").unlink()
    follower = ServerLogFollower(folder)
    follower.read(NO_TIME)
    line = b'2026-11-22T13:00:01,000 - /127.0.0.1:1 "PUT /predictions/mnist HTTP/1.1" 200 4'
    append(folder / "access_log.log", line)
    follower.read(NO_TIME)
    assert statuses(follower) == {200: 1}

    append(folder / "ts_log.log", answered())
    follower.read(NO_TIME)
    append(folder / "ts_log.log", answered())
    append(folder / "access_log.log", line)
    follower.read(NO_TIME)

    assert statuses(follower) == {200: 2}


def test_a_folder_without_logs_is_a_problem_that_passes(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    follower = ServerLogFollower(folder)
    follower.read(NO_TIME)
    assert follower.problem == f"there is no log folder {folder}"

    folder.mkdir()
    follower.read(NO_TIME)
    assert follower.problem == f"neither ts_log.log nor access_log.log is in {folder}"

    (folder / "ts_log.log").touch()
    follower.read(NO_TIME)
    assert follower.problem == ""


@pytest.mark.parametrize("at_once", [150, 400, 3000])
def test_in_how_many_pieces_a_log_is_read_makes_no_difference(
    folder: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    whole, pieces = ServerLogFollower(folder), ServerLogFollower(folder)
    for follower in (whole, pieces):
        follower.read(NO_TIME)
    chatter = [b"2026-11-22T13:00:01,000 [INFO ] W-1-m_1-stdout MODEL_LOG - hello"] * 5
    for name in ("crash_loop", "killed"):
        append(folder / "ts_log.log", *chatter, *server_lines(name), answered(), *chatter)

    whole.read(NO_TIME)
    monkeypatch.setattr(server_log_follower, "AT_ONCE", at_once)
    pieces.read(NO_TIME)

    assert statuses(pieces) == statuses(whole) != {}
    assert dict(pieces.worker_states) == dict(whole.worker_states)


def test_a_worker_that_ends_between_requests_is_seen(folder: Path) -> None:
    follower = ServerLogFollower(folder)
    append(folder / "ts_log.log", answered())
    for _ in range(3):
        follower.read(NO_TIME)
        append(folder / "ts_log.log", answered(), answered())

    append(folder / "ts_log.log", *server_lines("crash_loop"))
    follower.read(NO_TIME)

    assert any(state.is_down for state in follower.worker_states.values())


def test_lines_of_another_layout_show_nothing_and_are_no_counters(folder: Path) -> None:
    append(folder / "ts_log.log", b'{"thread":"W-9000-mnist_1.0","message":"Retry worker: 9000"}')
    append(
        folder / "ts_metrics.log", b"org.apache.logging.log4j.core.impl.MutableLogEvent@42086a87"
    )
    follower = ServerLogFollower(folder)

    follower.read(NO_TIME)

    assert follower.problem.startswith("ts_log.log is not read: its lines are JSON")
    assert follower.why_no_counters.startswith("ts_metrics.log is not read: ")
    assert not follower.counts


def test_stamps_with_a_space_are_read_as_well(folder: Path) -> None:
    def spaced(*lines: bytes) -> list[bytes]:
        return [line.replace(b"T", b" ", 1) if line[:2] == b"20" else line for line in lines]

    append(folder / "ts_log.log", *spaced(*server_lines("crash_loop")))
    follower = ServerLogFollower(folder)
    follower.read(NO_TIME)
    append(folder / "ts_log.log", *spaced(answered()))
    append(folder / "ts_metrics.log", *spaced(counted()))
    follower.read(NO_TIME)

    assert follower.problem == follower.why_no_counters == ""
    assert follower.worker_states
    assert statuses(follower) == {200: 1}
    assert follower.counters.series[SERIES] == Counters(1.0, 0.0, 0.0)


def test_access_log_shows_how_requests_ended_where_ts_log_does_not(folder: Path) -> None:
    waited = (
        b"2026-11-22 13:00:01,000 [DEBUG] W-9000-mnist_1.0 org.pytorch.serve.job.Job - "
        b"Waiting time ns: 323076, Backend time ns: 3095407"
    )
    ended = b'2026-11-22 13:00:01,000 - /127.0.0.1:1 "PUT /predictions/mnist HTTP/1.1" %d 4'
    follower = ServerLogFollower(folder)
    follower.read(NO_TIME)
    append(folder / "ts_log.log", waited)
    append(folder / "access_log.log", ended % 200, ended % 503)
    follower.read(NO_TIME)
    follower.read(NO_TIME)
    assert statuses(follower) == {200: 1, 503: 1}

    append(folder / "ts_log.log", answered())
    append(folder / "access_log.log", ended % 200)
    follower.read(NO_TIME)
    follower.read(NO_TIME)
    assert statuses(follower) == {200: 2, 503: 1}
