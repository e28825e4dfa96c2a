"""What became of workers is searched for back to their beginning."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.unit.telemetry.logs.real_lines import model_lines, server_lines
from tsmon.logs import backwards, last_lines, rolled
from tsmon.logs.time_zone import LogZone
from tsmon.telemetry.logs import server_log_follower
from tsmon.telemetry.logs.causes import read_cause
from tsmon.telemetry.logs.folder_follower import FolderFollower
from tsmon.telemetry.logs.one_shot import read_worker_states
from tsmon.telemetry.logs.server_log_follower import ServerLogFollower

NO_TIME = 0.0
BACKLOG = 2_000
TRAFFIC = (
    b"2026-11-22T14:20:01,000 [INFO ] W-9001-busy_1.0 ACCESS_LOG - "
    b'/127.0.0.1:1 "PUT /predictions/busy HTTP/1.1" 200 4'
)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of some kilobytes are large ones."""
    monkeypatch.setattr(server_log_follower, "BACKLOG", BACKLOG)
    monkeypatch.setattr(backwards, "STEP_BYTES", 3_000)
    monkeypatch.setattr(rolled, "STEP_BYTES", 3_000)


def write(folder: Path, *lines: bytes) -> None:
    with (folder / "ts_log.log").open("ab") as file:
        file.writelines(line + b"\n" for line in lines)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A worker that failed to load, and much traffic of another model since."""
    write(tmp_path, *server_lines("crash_loop"), *[TRAFFIC] * 200)
    return tmp_path


def test_a_death_before_much_traffic_is_found_step_by_step(folder: Path) -> None:
    whole = ServerLogFollower(folder.parent / "none")
    whole.worker_states.read(server_lines("crash_loop"))
    follower = ServerLogFollower(folder)
    follower.read(NO_TIME)
    assert "9000" not in follower.worker_states

    follower.search_back(["9000"])
    assert follower.searching["9000"].startswith("searching ts_log.log back: 0 of 1 MiB")
    steps = 1
    while follower.searching:
        follower.search_back([])
        steps += 1

    assert steps > 5
    assert follower.worker_states["9000"] == whole.worker_states["9000"]


def test_what_is_written_during_the_search_comes_after_what_is_found(folder: Path) -> None:
    follower = ServerLogFollower(folder)
    follower.read(NO_TIME)
    follower.search_back(["9000"])
    write(
        folder,
        b"2026-11-22T14:30:00,000 [DEBUG] W-9000-absent_1.0 org.pytorch.serve.wlm.WorkerThread - "
        b"W-9000-absent_1.0 State change WORKER_STARTED -> WORKER_MODEL_LOADED",
    )
    follower.read(NO_TIME)
    while follower.searching:
        follower.search_back([])

    assert follower.worker_states["9000"].deaths == 3
    assert not follower.worker_states["9000"].is_down


def test_it_ends_where_the_worker_began_and_at_the_servers_start(tmp_path: Path) -> None:
    started = (b"2026-11-22T14:00:00,000 [INFO ] main org.pytorch.serve.ModelServer - ",)
    write(tmp_path, *[TRAFFIC] * 200, *started, b"Torchserve version: 0.12.0", *[TRAFFIC] * 50)
    follower = ServerLogFollower(tmp_path)
    follower.read(NO_TIME)

    steps = 0
    follower.search_back(["9000"])
    while follower.searching:
        follower.search_back([])
        steps += 1

    assert steps < 3
    assert not follower.worker_states


@pytest.mark.parametrize("ids", [[], ["9000"]])
def test_nothing_is_searched_that_the_end_of_the_log_shows(tmp_path: Path, ids: list[str]) -> None:
    write(tmp_path, *[TRAFFIC] * 200, *server_lines("crash_loop")[-20:])
    if ids:  # its beginning is in what is read at first
        write(tmp_path, *server_lines("crash_loop")[6:10])
    follower = ServerLogFollower(tmp_path)
    follower.read(NO_TIME)
    follower.search_back(ids)

    assert not follower.searching


def roll(folder: Path, name: str = "ts_log", *, day: str = "22-Nov") -> None:
    """Pack a log file as TorchServe does."""
    path = folder / f"{name}.log"
    (folder / f"{name}.{day}.log.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.write_bytes(b"")


@pytest.mark.parametrize("lines", [1, 200])
def test_what_was_rolled_away_is_searched_as_well(folder: Path, lines: int) -> None:
    roll(folder)
    write(folder, *[TRAFFIC] * lines)
    follower = ServerLogFollower(folder)
    follower.read(NO_TIME)

    follower.search_back(["9000"])
    seen = set()
    while follower.searching:
        seen.add(follower.searching["9000"])
        follower.search_back([])

    assert "searching ts_log.22-Nov.log.gz: 0 MiB" in seen
    assert follower.worker_states["9000"].deaths == 3


def test_the_cause_may_be_in_the_files_that_were_rolled_away(folder: Path) -> None:
    (folder / "model_log.log").write_bytes(b"\n".join(model_lines("crash_loop")) + b"\n")
    roll(folder)
    roll(folder, "model_log")

    cause = read_cause(folder, model="absent", version="1.0")

    assert cause is not None
    assert cause.message == "ModuleNotFoundError: No module named 'absent_entry'"


@pytest.mark.parametrize(
    "content", [b"", b"no archive", gzip.compress(b"cut short " * 99, mtime=0)[:-12]]
)
def test_a_rolled_file_that_cannot_be_unpacked_ends_the_search(
    tmp_path: Path, content: bytes
) -> None:
    write(tmp_path, TRAFFIC)
    (tmp_path / "ts_log.22-Nov.log.gz").write_bytes(content)

    assert not read_worker_states(tmp_path, unready=["9000"]).states


@pytest.mark.parametrize("name", ["ts_log", "access_log"])
def test_a_log_that_shows_no_workers_is_not_searched(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.log").write_bytes(b'{"message":"a"}\n' * 300)
    follower = ServerLogFollower(tmp_path)
    follower.read(NO_TIME)
    follower.search_back(["9000"])

    assert not follower.searching


def test_only_workers_that_were_not_ready_at_first_are_searched_for(folder: Path) -> None:
    follower = FolderFollower(folder, LogZone())
    follower.read([])
    follower.read(["9000"])

    assert not follower.searching
    follower.close()


def test_a_command_searches_at_once(folder: Path) -> None:
    assert "9000" not in read_worker_states(folder).states
    assert read_worker_states(folder, unready=["9000"]).states["9000"].deaths == 3


def test_the_cause_of_an_early_death_is_found_and_another_models_is_not(folder: Path) -> None:
    printed = b"2026-11-22T14:20:01,000 [INFO ] W-9001-busy_1.0-stdout MODEL_LOG - hello"
    lines = [*model_lines("crash_loop"), *[printed] * 200]
    (folder / "model_log.log").write_bytes(b"\n".join(lines) + b"\n")

    cause = read_cause(folder, model="absent", version="1.0", most_bytes=BACKLOG)

    assert cause is not None
    assert cause.message == "ModuleNotFoundError: No module named 'absent_entry'"
    assert read_cause(folder, model="busy", version="1.0", most_bytes=BACKLOG) is None


def test_sifting_goes_through_a_whole_file(folder: Path) -> None:
    found = last_lines.sifted_lines(folder / "ts_log.log", lambda line: b"-absent_" in line)

    assert found == [line for line in server_lines("crash_loop") if b"-absent_" in line]
    assert last_lines.sifted_lines(folder / "none.log", lambda line: True) == []
