"""What is read of a container's facts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.docker_stand_in import NAME, SERVING, StandIn, install
from tsmon.docker.containers import (
    ContainerProcess,
    find_container,
    processes,
    read_container,
    running_containers,
)
from tsmon.docker.engine import DockerError


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    return install(tmp_path / "engine", monkeypatch)


def published(**facts: Any) -> dict[int, str]:
    found = read_container({"State": {"Status": "running"}, "Config": {}, **facts})
    return dict(found.published)


def at(host: str, port: str) -> list[dict[str, str]]:
    return [{"HostIp": host, "HostPort": port}]


def test_a_port_published_everywhere_is_reached_on_this_machine() -> None:
    ports = {
        "8080/tcp": [*at("0.0.0.0", "80"), *at("::", "80")],
        "8081/tcp": at("10.0.0.5", "81"),
        "8081/udp": at("127.0.0.1", "82"),
        "8082/tcp": None,
    }

    assert published(NetworkSettings={"Ports": ports}) == {
        8080: "127.0.0.1:80",
        8081: "10.0.0.5:81",
    }


def test_of_a_stopped_one_the_ports_are_those_it_will_have() -> None:
    asked = {"8081/tcp": at("127.0.0.1", "9181"), "8082/tcp": at("", "")}

    assert published(NetworkSettings={"Ports": {}}, HostConfig={"PortBindings": asked}) == {
        8081: "127.0.0.1:9181"
    }


def test_one_that_never_ran_has_not_started(engine: StandIn) -> None:
    engine.have(State={"Status": "created", "StartedAt": "0001-01-01T00:00:00Z"})
    found = find_container(NAME)

    assert found is not None
    assert (found.started, found.running) == (None, False)


def test_there_is_none_of_that_name(engine: StandIn) -> None:
    assert find_container(NAME) is None


def test_that_docker_cannot_show_is_not_that_there_is_none(engine: StandIn) -> None:
    engine.refuse("inspect", "Error response from daemon: no space left on device")

    with pytest.raises(DockerError, match="no space left"):
        find_container(NAME)


def test_those_that_run_by_the_port_they_have_here(engine: StandIn) -> None:
    assert running_containers() == []
    for name, port in (("one", "8081"), ("two", "18081")):
        engine.have(
            name,
            State={"Status": "running"},
            NetworkSettings={"Ports": {"8081/tcp": at("127.0.0.1", port)}},
        )
    engine.have("three", State={"Status": "exited"})

    assert {each.name for each in running_containers()} == {"one", "two"}
    assert [each.name for each in running_containers(publishing=8081)] == ["one"]


def test_processes_with_their_memory(engine: StandIn) -> None:
    engine.run(engine.home)

    found = processes(NAME)

    assert len(found) == len(SERVING.splitlines())
    assert found[2] == ContainerProcess(43, 1_024_000, "tail -f /dev/null")
