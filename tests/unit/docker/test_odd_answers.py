"""What docker says of one container, or of one process, costs no other."""

from __future__ import annotations

import json

import pytest

from tsmon.docker import containers
from tsmon.docker.engine import DockerError

SOUND = {
    "Id": "1",
    "Name": "/sound",
    "State": {"Status": "running", "StartedAt": "2026-11-22T13:00:00Z"},
    "Config": {"Image": "torchserve"},
    "NetworkSettings": {"Ports": {"8081/tcp": [{"HostIp": "", "HostPort": "8081"}]}},
}
ODD: list[object] = [
    {},
    [],
    "x",
    None,
    {"State": 5, "Config": {}},
    {"State": {"Status": "up"}, "Config": None},
]
PORTS = {"many/tcp": [{"HostPort": "1"}], "9" * 5000 + "/tcp": [{"HostPort": "2"}]}


def answering(monkeypatch: pytest.MonkeyPatch, inspect: bytes, top: bytes = b"") -> None:
    said = {"ps": b"1\n2\n", "inspect": inspect, "top": top}
    monkeypatch.setattr(containers, "run_docker", lambda verb, *_, **__: said[verb])


@pytest.mark.parametrize("odd", ODD)
def test_a_container_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch, odd: object) -> None:
    answering(monkeypatch, json.dumps([odd, SOUND]).encode())
    assert [each.name for each in containers.running_containers()] == ["sound"]


def test_a_port_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    ports = {"Ports": PORTS | SOUND["NetworkSettings"]["Ports"]}  # type: ignore[index]
    answering(monkeypatch, json.dumps([SOUND | {"NetworkSettings": ports}]).encode())
    (found,) = containers.running_containers()
    assert found.published == {8081: "127.0.0.1:8081"}


@pytest.mark.parametrize("answer", [b"", b"\xff", b"[" * 100_000, b"<html>"])
def test_no_json_is_an_error_of_docker(monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    answering(monkeypatch, answer)
    with pytest.raises(DockerError):
        containers.running_containers()


def test_a_process_without_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = ["PID RSS ARGS", "x 1 java", "1 y java", "9" * 5000 + " 1 java", "7 2 java -jar"]
    answering(monkeypatch, b"[]", "\n".join(rows).encode())
    (found,) = containers.processes("sound")
    assert (found.pid, found.memory) == (7, 2048)
