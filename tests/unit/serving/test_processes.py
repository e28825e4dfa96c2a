from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from tests.unit.serving.conftest import StartProcess
from tsmon.serving import processes
from tsmon.serving.errors import StopFailed
from tsmon.serving.processes import end_all, find_all, find_server, has_ended, memory_of


def test_the_server_is_found_by_its_folder(start_server: StartProcess, temp_dir: Path) -> None:
    server = start_server()

    found = find_server(temp_dir)

    assert found is not None
    assert found.pid == server.pid


def test_another_server_is_not_it(start_server: StartProcess, temp_dir: Path) -> None:
    start_server()

    assert find_server(temp_dir.with_name("tsmon-uni")) is None
    assert find_server(temp_dir / "deeper") is None


def test_who_only_looks_into_the_folder_does_not_belong(
    start_process: StartProcess, temp_dir: Path
) -> None:
    start_process(str(temp_dir))
    start_process(f"{temp_dir}/.model_server.pid")

    assert find_all(temp_dir) == []


def test_workers_belong_also_without_the_server(start_worker: StartProcess, temp_dir: Path) -> None:
    worker = start_worker()

    assert [process.pid for process in find_all(temp_dir)] == [worker.pid]


def test_a_dead_process_that_nobody_has_waited_for_has_ended(
    start_server: StartProcess, temp_dir: Path
) -> None:
    server = start_server()
    process = psutil.Process(server.pid)
    assert not has_ended(process)

    server.kill()
    psutil.wait_procs([process], timeout=0)
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        pass

    assert has_ended(process)
    assert find_server(temp_dir) is None


def test_all_of_a_server_is_ended(
    start_server: StartProcess, start_worker: StartProcess, temp_dir: Path
) -> None:
    server, worker = start_server(), start_worker()

    end_all(temp_dir, 5)

    assert server.wait(5) == -15
    assert worker.wait(5) == -9


def test_a_server_that_ignores_the_polite_request_is_killed(
    start_server: StartProcess, temp_dir: Path
) -> None:
    server = start_server(stubborn=True)

    end_all(temp_dir, 0.1)

    assert server.wait(5) == -9


def test_nothing_else_is_ended(start_process: StartProcess, temp_dir: Path) -> None:
    bystander = start_process(str(temp_dir))

    end_all(temp_dir, 0.1)

    assert bystander.poll() is None


def test_what_cannot_be_ended_is_said(
    start_worker: StartProcess, temp_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = start_worker()
    monkeypatch.setattr(processes, "_KILL_SECONDS", 0.05)
    monkeypatch.setattr(processes, "has_ended", lambda process: False)

    with pytest.raises(StopFailed, match=str(worker.pid)):
        end_all(temp_dir, 0)


def test_memory_is_of_those_that_run(start_server: StartProcess) -> None:
    server = start_server()
    process = psutil.Process(server.pid)

    assert memory_of([process])[server.pid] > 1_000_000

    server.kill()
    server.wait()
    assert memory_of([process]) == {}
