from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import psutil
import pytest
from msgspec.structs import replace

from tsmon.serving.errors import BadConfiguration, PortTaken
from tsmon.serving.ports import Ports, check_free, free_ports, parse_ports


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_free_ports_are_distinct_and_free() -> None:
    ports = free_ports()

    assert len(set(ports.bound)) == 5
    check_free(ports)


@pytest.mark.parametrize(
    "api", ["inference", "management", "metrics", "grpc_inference", "grpc_management"]
)
def test_a_taken_port_names_its_owner(api: str, listener: socket.socket) -> None:
    port = listener.getsockname()[1]

    with pytest.raises(PortTaken) as caught:
        check_free(replace(free_ports(), **{api: port}))

    assert caught.value.address == f"127.0.0.1:{port}"
    assert caught.value.pid == os.getpid()
    assert caught.value.process == psutil.Process().name()
    assert str(os.getpid()) in caught.value.message


def test_a_listener_on_all_addresses_takes_the_port_too() -> None:
    with socket.create_server(("0.0.0.0", 0)) as server, pytest.raises(PortTaken):
        check_free(replace(free_ports(), metrics=server.getsockname()[1]))


def test_lingering_connections_of_the_last_server_are_no_hindrance(
    listener: socket.socket,
) -> None:
    address = listener.getsockname()
    with socket.create_connection(address):
        accepted, _ = listener.accept()
        accepted.close()  # the side that closes first keeps the port in TIME_WAIT
    listener.close()

    check_free(replace(free_ports(), inference=address[1]))


def test_an_owner_that_the_system_hides_is_left_out(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(kind: str) -> None:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil, "net_connections", refuse)

    with pytest.raises(PortTaken) as caught:
        check_free(replace(free_ports(), inference=listener.getsockname()[1]))

    assert caught.value.pid is None
    assert caught.value.message.endswith("is taken")


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_what_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(BadConfiguration, match=f"Not a port: {port}"):
        Ports(inference=port)


def test_one_port_for_two_purposes_is_refused() -> None:
    with pytest.raises(BadConfiguration, match="twice"):
        Ports(inference=8081)


def test_ports_as_a_person_writes_them() -> None:
    assert parse_ports("default") == Ports()
    assert parse_ports("9080").bound[:3] == (9080, 9081, 9082)
    assert parse_ports("1, 2,3").bound[:3] == (1, 2, 3)
    assert parse_ports("1,2,3,4,5").bound == (1, 2, 3, 4, 5)
    assert len({*parse_ports("free").bound}) == 5


@pytest.mark.parametrize("text", ["", "any", "1,2", "1,2,3,4", "0", "70000", "1,1,1", "1234567"])
def test_what_is_no_ports(text: str) -> None:
    with pytest.raises(BadConfiguration):
        parse_ports(text)
