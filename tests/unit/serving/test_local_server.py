"""What a home remembers of its server; real starts are in tests/integration/serving."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.unit.serving.conftest import StartProcess
from tsmon.serving import extras, local_server
from tsmon.serving.errors import (
    AlreadyRunning,
    BadConfiguration,
    BadHome,
    HomeBusy,
    MissingExtra,
    NotRunning,
    PortTaken,
    StartFailed,
)
from tsmon.serving.local_server import LocalServer, State
from tsmon.serving.plan import ServerPlan
from tsmon.serving.ports import free_ports
from tsmon.serving.record import ServerRecord
from tsmon.serving.running import find_running


@pytest.fixture
def server(tmp_path: Path) -> LocalServer:
    server = LocalServer(tmp_path / "home")
    server.home.create()
    return server


@pytest.fixture
def plan(tmp_path: Path) -> ServerPlan:
    return ServerPlan(model_store=tmp_path, ports=free_ports())


@pytest.fixture
def record(server: LocalServer, temp_dir: Path) -> ServerRecord:
    """The record of a server that got ready."""
    record = ServerRecord(
        pid=1,
        temp_dir=temp_dir,
        inference="http://127.0.0.1:1",
        management="http://127.0.0.1:2",
        metrics="http://127.0.0.1:3",
        model_store=temp_dir,
        key_file=server.home.key_file,
        started_at=time.time() - 60,
        version="0.12.0",
        ready=True,
    )
    record.save(server.home.record)
    server.home.key_file.touch()
    return record


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Starts fail at the launch, so that what comes before and after can be seen."""

    class NoLaunch:
        def __init__(self, *arguments: object) -> None:
            pass

        def run(self) -> None:
            raise StartFailed("no launch", "")

    monkeypatch.setattr(local_server, "Launch", NoLaunch)


def test_a_home_without_a_record_is_stopped(server: LocalServer) -> None:
    assert server.status().state is State.STOPPED
    assert find_running(server.home) is None


def test_a_home_that_was_never_made_is_stopped(tmp_path: Path) -> None:
    server = LocalServer(tmp_path / "never")

    assert server.status().state is State.STOPPED
    with pytest.raises(NotRunning):
        server.stop()
    assert not server.home.path.exists()


def test_a_running_server(
    server: LocalServer, record: ServerRecord, start_server: StartProcess
) -> None:
    process = start_server()

    status = server.status()

    assert status.state is State.RUNNING
    assert status.server == replace(record, pid=process.pid)
    assert status.uptime == pytest.approx(60, abs=5)
    assert status.memory > 0
    assert find_running(server.home) == record


def test_a_server_whose_start_was_killed_is_starting_for_ever(
    server: LocalServer, record: ServerRecord, start_server: StartProcess
) -> None:
    replace(record, ready=False).save(server.home.record)
    start_server()

    assert server.status().state is State.STARTING
    assert find_running(server.home) is None


@pytest.mark.usefixtures("record")
def test_a_server_that_is_gone_has_died(server: LocalServer) -> None:
    """Though there is a process with its pid: 1, of the system."""
    assert server.status().state is State.DIED
    assert find_running(server.home) is None


def test_between_record_and_process_it_is_starting(
    server: LocalServer, record: ServerRecord
) -> None:
    replace(record, pid=None, ready=False).save(server.home.record)

    assert server.status().state is State.DIED
    with server.home.locked():
        assert server.status().state is State.STARTING


def test_stop_cleans_up_after_a_server_that_died(
    server: LocalServer, record: ServerRecord, start_worker: StartProcess
) -> None:
    orphan = start_worker()

    server.stop()

    assert orphan.wait(5) == -9
    assert record.temp_dir and not record.temp_dir.exists()
    assert not server.home.key_file.exists()
    assert server.status().state is State.STOPPED


def test_stop_ends_the_server(
    server: LocalServer, record: ServerRecord, start_server: StartProcess
) -> None:
    process = start_server()

    assert server.stop() == record

    assert process.wait(5) == -15
    with pytest.raises(NotRunning):
        server.stop()


@pytest.mark.usefixtures("record", "start_server")
def test_a_second_start_is_refused(
    server: LocalServer, start_server: StartProcess, plan: ServerPlan
) -> None:
    process = start_server()

    with pytest.raises(AlreadyRunning) as caught:
        server.start(plan)

    assert caught.value.pid == process.pid
    assert caught.value.management == "http://127.0.0.1:2"
    assert process.poll() is None


@pytest.mark.usefixtures("launched")
def test_a_start_cleans_up_after_a_server_that_died(
    server: LocalServer, record: ServerRecord, plan: ServerPlan
) -> None:
    with pytest.raises(StartFailed):
        server.start(plan)

    assert record.temp_dir and not record.temp_dir.exists()


@pytest.mark.usefixtures("launched")
def test_a_start_ends_what_a_killed_start_has_left(
    server: LocalServer, record: ServerRecord, start_server: StartProcess, plan: ServerPlan
) -> None:
    replace(record, ready=False).save(server.home.record)
    process = start_server()

    with pytest.raises(StartFailed):
        server.start(plan)

    assert process.wait(5) < 0


@pytest.mark.usefixtures("launched")
def test_a_failed_start_leaves_nothing(
    server: LocalServer,
    plan: ServerPlan,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    with pytest.raises(StartFailed):
        server.start(plan)

    assert not list(tmp_path.glob("tsmon-*"))
    assert server.status().state is State.STOPPED


def test_a_taken_port_is_noticed_before_anything_is_started(
    server: LocalServer, plan: ServerPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PortTaken("127.0.0.1:8080")

    monkeypatch.setattr(local_server, "check_free", refuse)

    with pytest.raises(PortTaken):
        server.start(plan)

    assert server.status().state is State.STOPPED


def test_a_model_store_that_is_not_there(server: LocalServer, plan: ServerPlan) -> None:
    with pytest.raises(BadConfiguration, match="No such folder"):
        server.start(replace(plan, model_store=plan.model_store / "no"))


def test_without_the_server_extra(
    server: LocalServer, plan: ServerPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)

    with pytest.raises(MissingExtra) as caught:
        server.start(plan)

    assert caught.value.packages == ("torchserve", "torch", "pyyaml", "numpy")


def test_a_home_that_cannot_be_made(plan: ServerPlan, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(BadHome, match="Not a directory"):
        LocalServer(tmp_path / "file" / "home").start(plan)


Action = Callable[[LocalServer, ServerPlan], object]


@pytest.mark.usefixtures("record")
@pytest.mark.parametrize(
    "action", [LocalServer.start, lambda server, plan: server.stop()], ids=["start", "stop"]
)
def test_while_another_one_starts_or_stops_it(
    server: LocalServer, plan: ServerPlan, action: Action
) -> None:
    with server.home.locked(), pytest.raises(HomeBusy):
        action(server, plan)


def test_who_dies_lets_go_of_the_home(server: LocalServer) -> None:
    lock_and_die = f"""
import os, pathlib
from tsmon.serving.home import Home
with Home(pathlib.Path({str(server.home.path)!r})).locked():
    os.kill(os.getpid(), 9)
"""
    assert subprocess.run([sys.executable, "-c", lock_and_die], check=False).returncode == -9

    with server.home.locked():
        pass
