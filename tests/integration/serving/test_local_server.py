"""The life of a real TorchServe."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest
from msgspec.structs import replace

from tests.integration.serving.conftest import MakeServer
from tsmon.logs.last_lines import last_lines
from tsmon.serving.archive import build_archive, digit_archive_spec
from tsmon.serving.errors import AlreadyRunning, HomeBusy, NotRunning, PortTaken, StartFailed
from tsmon.serving.home import LogKind, log_path
from tsmon.serving.launch import StartProgress
from tsmon.serving.local_server import LocalServer, State
from tsmon.serving.plan import ServerPlan
from tsmon.serving.ports import free_ports
from tsmon.serving.processes import find_all, has_ended
from tsmon.serving.record import ServerRecord

pytestmark = pytest.mark.integration


def wait_until(holds: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def register_digits(record: ServerRecord, workers: int) -> None:
    build_archive(digit_archive_spec(record.model_store, force=True))
    assert record.key_file is not None
    key = json.loads(record.key_file.read_text())["management"]["key"]
    response = httpx.post(
        f"{record.management}/models",
        params={"url": "mnist.mar", "initial_workers": workers, "synchronous": True},
        headers={"Authorization": f"Bearer {key}"},
        timeout=120,
    )
    assert response.status_code == 200, response.text


def test_a_whole_life(server: LocalServer, plan: ServerPlan, temp_dirs: Path) -> None:
    phases: list[str] = []

    def on_progress(progress: StartProgress) -> None:
        if progress.phase not in phases:
            phases.append(progress.phase)

    record = server.start(plan, on_progress)

    assert phases[0].startswith("starting Java")
    assert phases[1:] == [f"waiting for {record.management}"]
    for address in (record.inference, record.management, record.metrics):
        assert "TorchServe" in httpx.get(f"{address}/api-description").text
    status = server.status()
    assert status.state is State.RUNNING
    assert status.server == record
    assert status.memory > 50e6
    assert record.temp_dir
    running = find_all(record.temp_dir)
    assert [process.pid for process in running] == [record.pid]

    assert server.stop() == record

    assert server.status().state is State.STOPPED
    assert all(map(has_ended, running))
    assert not list(temp_dirs.iterdir())
    assert not server.home.key_file.exists()
    with pytest.raises(NotRunning):
        server.stop()


def test_workers_get_one_thread_and_end_with_the_server(
    server: LocalServer, plan: ServerPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    record = server.start(plan)
    register_digits(record, workers=2)

    status = server.status()
    workers = [psutil.Process(pid) for pid in status.worker_memory]
    assert len(workers) == 2
    for worker in workers:
        assert worker.environ()["OMP_NUM_THREADS"] == "1"
        assert worker.environ()["MKL_NUM_THREADS"] == "1"

    server.stop()

    assert all(map(has_ended, workers))


def test_a_second_start_is_refused(server: LocalServer, plan: ServerPlan) -> None:
    record = server.start(plan)

    with pytest.raises(AlreadyRunning) as caught:
        server.start(replace(plan, ports=free_ports()))

    assert caught.value.management == record.management
    assert server.status().server == record


def test_two_servers_side_by_side(make_server: MakeServer, plan: ServerPlan) -> None:
    first, second = make_server("first"), make_server("second")

    one = first.start(plan)
    other = second.start(replace(plan, ports=free_ports()))
    register_digits(one, workers=1)
    register_digits(other, workers=1)
    first.stop()

    assert second.status().state is State.RUNNING
    assert len(second.status().worker_memory) == 1


def test_of_two_starts_at_once_one_wins(server: LocalServer, plan: ServerPlan) -> None:
    lost: list[Exception] = []

    def start() -> None:
        try:
            server.start(plan)
        except (HomeBusy, AlreadyRunning) as error:
            lost.append(error)

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(lost) == 1
    assert server.status().state is State.RUNNING


@pytest.mark.parametrize("api", ["management", "grpc_management"])
def test_a_taken_port(server: LocalServer, plan: ServerPlan, api: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        taken = replace(plan, ports=replace(plan.ports, **{api: port}))

        with pytest.raises(PortTaken, match=f"{port} is taken.*pid {os.getpid()}"):
            server.start(taken)

    assert server.status().state is State.STOPPED


def test_a_port_that_is_taken_in_the_last_moment(
    server: LocalServer, plan: ServerPlan, temp_dirs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tsmon.serving.local_server.check_free", lambda *_: None)
    with (
        socket.create_server(("127.0.0.1", plan.ports.management)),
        pytest.raises(StartFailed, match="Failed to bind") as caught,
    ):
        server.start(plan)

    assert "--ports free" in caught.value.hint
    assert not list(temp_dirs.iterdir())


def test_a_broken_configuration_shows_what_torchserve_said(
    server: LocalServer, plan: ServerPlan, temp_dirs: Path
) -> None:
    broken = replace(plan, extra={"max_request_size": "$$NO_SUCH_VARIABLE$$"})

    with pytest.raises(StartFailed, match=r"Invalid configuration.*NO_SUCH") as caught:
        server.start(broken)

    assert str(server.home.config) in caught.value.hint
    assert any("Invalid configuration" in line for line in caught.value.log_lines)
    assert server.status().state is State.STOPPED
    assert not list(temp_dirs.iterdir())


def test_a_start_that_takes_too_long_is_given_up(
    server: LocalServer, plan: ServerPlan, temp_dirs: Path
) -> None:
    with pytest.raises(StartFailed, match=r"did not answer .* within 0\.2 s"):
        server.start(replace(plan, start_seconds=0.2))

    assert server.status().state is State.STOPPED
    assert not list(temp_dirs.iterdir())


def test_a_progress_callback_can_give_up(
    server: LocalServer, plan: ServerPlan, temp_dirs: Path
) -> None:
    class GivenUpError(Exception):
        pass

    def on_progress(progress: StartProgress) -> None:
        if progress.phase.startswith("waiting"):
            raise GivenUpError

    with pytest.raises(GivenUpError):
        server.start(plan, on_progress)

    assert server.status().state is State.STOPPED
    assert not list(temp_dirs.iterdir())


def test_ctrl_c_during_the_start_leaves_nothing(
    server: LocalServer, plan: ServerPlan, temp_dirs: Path
) -> None:
    ports = plan.ports
    code = f"""
from pathlib import Path
from tsmon.serving.local_server import LocalServer
from tsmon.serving.plan import ServerPlan
from tsmon.serving.ports import Ports
plan = ServerPlan(model_store=Path({str(plan.model_store)!r}), ports={ports!r})
LocalServer(Path({str(server.home.path)!r})).start(plan, lambda p: print(p.phase, flush=True))
"""
    environment = {**os.environ, "TMPDIR": str(temp_dirs)}
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as starting:
        assert starting.stdout is not None
        while "waiting" not in starting.stdout.readline():
            pass
        (temp_dir,) = temp_dirs.iterdir()
        assert find_all(temp_dir)
        starting.send_signal(signal.SIGINT)
        starting.communicate(timeout=30)

    assert starting.returncode == -signal.SIGINT
    assert find_all(temp_dir) == []
    assert not temp_dir.exists()
    assert server.status().state is State.STOPPED


def test_a_killed_server_has_died_and_can_be_started_again(
    server: LocalServer, plan: ServerPlan, temp_dirs: Path
) -> None:
    record = server.start(plan)
    register_digits(record, workers=1)
    assert record.pid is not None
    os.kill(record.pid, signal.SIGKILL)
    wait_until(lambda: server.status().state is State.DIED)

    again = server.start(plan)

    assert again.pid != record.pid
    assert record.temp_dir and find_all(record.temp_dir) == []
    assert list(temp_dirs.iterdir()) == [again.temp_dir]
    assert server.status().state is State.RUNNING


def test_without_tokens(server: LocalServer, plan: ServerPlan) -> None:
    record = server.start(replace(plan, token_auth=False))

    assert record.key_file is None
    assert httpx.get(f"{record.inference}/ping").json() == {"status": "Healthy"}


def test_a_home_and_a_store_with_difficult_names(
    make_server: MakeServer, plan: ServerPlan, folder: Path
) -> None:
    store = folder / "mödels #1"
    store.mkdir()
    server = make_server("my hömе")

    record = server.start(replace(plan, model_store=store))
    register_digits(record, workers=1)

    assert len(server.status().worker_memory) == 1


def test_the_console_log_stays_small(server: LocalServer, plan: ServerPlan) -> None:
    record = server.start(plan)
    before = server.home.console.stat().st_size
    access = log_path(server.home, LogKind.ACCESS)

    for _ in range(100):
        httpx.get(f"{record.management}/api-description")

    wait_until(lambda: len(last_lines(access, 1000)) >= 100)
    assert server.home.console.stat().st_size == before


def test_the_servers_own_lines_are_logged_once_and_its_errors_on_the_console_too(
    server: LocalServer, plan: ServerPlan
) -> None:
    record = server.start(plan)
    register_digits(record, workers=0)
    hang_up(plan.ports.management)

    def lines(part: str) -> list[str]:
        log = last_lines(log_path(server.home, LogKind.SERVER), 10_000)
        return [line for line in log if part in line]

    wait_until(lambda: bool(lines(" [ERROR] ")))
    assert len(lines("ModelManager - Model mnist loaded.")) == 1
    errors = set(lines(" [ERROR] "))
    wait_until(lambda: errors <= set(last_lines(server.home.console, 1000)))


def hang_up(port: int) -> None:
    """Reset a connection in the middle of a request, which TorchServe logs as an error."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sendall(b"GET /models")
