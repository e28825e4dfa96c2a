"""The logs of a container: where they are, how they come over, and what is said if they do not."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.docker_stand_in import NAME, StandIn, install
from tsmon.logs import container_copy
from tsmon.logs.container_copy import ContainerCopy
from tsmon.logs.containers import NoContainerLogs, copied, find_folder
from tsmon.logs.discovery import find_logs
from tsmon.logs.follower import FileFollower
from tsmon.logs.places import Container
from tsmon.telemetry.logs import place_follower
from tsmon.telemetry.logs.place_follower import PlaceFollower
from tsmon.telemetry.logs.request_report import TimesKey

CONTAINER = Container(NAME)
PATIENCE_S = 20.0
LINE = (
    b"2026-11-22T13:45:34,211 [INFO ] W-9003-mnist_1.0 ACCESS_LOG - "
    b'/127.0.0.1:49344 "POST /predictions/mnist HTTP/1.1" 200 4\n'
)


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    return install(tmp_path / "engine", monkeypatch)


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    """The directory of the server in the container, with its logs."""
    (tmp_path / "server" / "logs").mkdir(parents=True)
    (tmp_path / "server" / "logs" / "ts_log.log").write_bytes(LINE * 3)
    return tmp_path / "server"


def append(inside: Path, text: bytes) -> None:
    with (inside / "logs" / "ts_log.log").open("ab") as file:
        file.write(text)


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_folder_is_the_one_in_the_servers_directory(docker: StandIn, inside: Path) -> None:
    docker.run(inside)

    assert find_folder(CONTAINER).inside == str(inside / "logs")
    assert find_folder(Container(NAME, "/elsewhere")).inside == "/elsewhere"


def test_a_mounted_folder_is_read_where_it_is_mounted_from(docker: StandIn, inside: Path) -> None:
    docker.run(Path("/home/model-server"), mounted=inside)

    logs = PlaceFollower(CONTAINER)
    logs.read()

    assert logs.folder is not None
    assert logs.folder.folder == inside / "logs"
    assert docker.pids() == []
    logs.close()


def test_a_copy_has_what_was_there_and_what_comes(docker: StandIn, inside: Path) -> None:
    docker.run(inside)
    copy = ContainerCopy(find_folder(CONTAINER))

    assert (copy.folder / "ts_log.log").read_bytes() == LINE * 3
    append(inside, LINE)
    until(lambda: (copy.folder / "ts_log.log").read_bytes() == LINE * 4)

    processes = [psutil.Process(pid) for pid in docker.pids() if psutil.pid_exists(pid)]
    assert processes
    copy.close()
    until(lambda: not any(process.is_running() for process in processes))
    assert not copy.folder.exists()


def test_a_copy_is_bounded_and_loses_no_line(
    docker: StandIn, inside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container_copy, "COPY_BYTES", 20_000)
    monkeypatch.setattr(container_copy, "_BLOCK", 5_000)
    docker.run(inside)
    copy = ContainerCopy(find_folder(CONTAINER))
    file = FileFollower(copy.folder / "ts_log.log")
    read: list[bytes] = []
    lines = [b"line %06d %s" % (number, b"x" * 50) for number in range(2000)]

    for start in range(0, len(lines), 100):
        append(inside, b"".join(line + b"\n" for line in lines[start : start + 100]))
        until(lambda: read.extend(file.read()) or len(read) >= start + 100)  # type: ignore[func-returns-value]  # noqa: B023
        assert sum(path.stat().st_size for path in copy.folder.iterdir()) < 60_000

    assert read == lines
    file.close()
    copy.close()


def test_logs_of_a_container_are_followed_through_its_absence(
    docker: StandIn, inside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place_follower, "RETRY_S", 0.0)
    logs = PlaceFollower(CONTAINER)

    def requests() -> int:
        logs.read()
        times = logs.folder.server_log.times if logs.folder else None
        return times.statuses([TimesKey("mnist", "1.0")], -1.0)[200] if times else 0

    logs.read()
    assert logs.folder is None
    assert logs.problem == "the logs of container ts cannot be read: No such container: ts"
    docker.run(inside)
    assert requests() == 0
    append(inside, LINE * 2)
    until(lambda: requests() == 2)
    assert logs.problem == ""

    docker.remove()
    until(lambda: bool(requests() == 0 and logs.problem))
    assert "No such container: ts" in logs.problem
    append(inside, LINE)
    docker.run(inside)
    until(lambda: requests() == 0 and logs.problem == "")
    append(inside, LINE)
    until(lambda: requests() == 1)
    logs.close()


def test_a_command_copies_the_ends_of_the_files_and_leaves_none(
    docker: StandIn, inside: Path
) -> None:
    docker.run(inside)

    with copied(find_folder(CONTAINER), ("ts_log.log", "ts_metrics.log"), len(LINE)) as folder:
        assert [path.name for path in folder.iterdir()] == ["ts_log.log"]
        assert (folder / "ts_log.log").read_bytes() == LINE

    assert not folder.exists()


def test_logs_are_found_by_the_port_that_a_container_has_here(docker: StandIn) -> None:
    ports = {"8081/tcp": [{"HostIp": "127.0.0.1", "HostPort": "19181"}]}
    docker.have(State={"Status": "running"}, NetworkSettings={"Ports": ports})

    assert find_logs("http://127.0.0.1:19181") == CONTAINER
    assert find_logs("http://127.0.0.1:8081") != CONTAINER
    docker.refuse("ps", "Cannot connect to the Docker daemon. Is the docker daemon running?")
    assert find_logs("http://127.0.0.1:19181") is None


def test_what_keeps_the_logs_away_is_said(
    docker: StandIn, inside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker.run(inside, running=False)
    with pytest.raises(NoContainerLogs, match="container ts is not running"):
        find_folder(CONTAINER)
    docker.run(inside / "nowhere")
    with pytest.raises(NoContainerLogs, match=r"no TorchServe logs in its .*/nowhere/logs"):
        ContainerCopy(find_folder(CONTAINER))
    monkeypatch.setenv("PATH", str(inside))
    with pytest.raises(NoContainerLogs, match="docker is not on this machine's PATH"):
        find_folder(CONTAINER)
