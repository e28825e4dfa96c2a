"""Which containers have a TorchServe for this machine."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.docker_stand_in import StandIn, install
from tests.fake.loopback import beside
from tsmon.serving.contained import ContainedServer, contained_servers
from tsmon.torchserve.addresses import Addresses

NOWHERE = Addresses("http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3")


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    return install(tmp_path / "engine", monkeypatch)


def published(addresses: Addresses) -> dict[str, object]:
    urls = (addresses.inference, addresses.management, addresses.metrics)
    ports = {
        f"{inside}/tcp": [{"HostIp": "0.0.0.0", "HostPort": str(urlsplit(url).port)}]
        for inside, url in zip((8080, 8081, 8082), urls, strict=True)
    }
    return {"State": {"Status": "running"}, "NetworkSettings": {"Ports": ports}}


def test_those_that_answer_as_one(engine: StandIn) -> None:
    with beside() as answering:
        addresses = answering.fake.addresses
        engine.have("server", **published(addresses))
        engine.have("silent", **published(NOWHERE))
        engine.have("other", State={"Status": "running"})

        assert contained_servers() == [ContainedServer("server", addresses)]


def test_ports_of_grpc_are_known_where_they_are_published(engine: StandIn) -> None:
    with beside() as answering:
        facts = published(answering.fake.addresses)
        ports = {f"{port}/tcp": [{"HostPort": str(port + 1000)}] for port in (7070, 7071)}
        facts["NetworkSettings"]["Ports"].update(ports)  # type: ignore[index]
        engine.have("server", **facts)

        (found,) = contained_servers()
    assert found.grpc is not None
    assert found.grpc.inference == "grpc://127.0.0.1:8070"
    assert found.grpc.management == "grpc://127.0.0.1:8071"


def test_none_where_docker_cannot_be_asked(engine: StandIn) -> None:
    engine.refuse("ps", "Cannot connect to the Docker daemon. Is the docker daemon running?")

    assert contained_servers() == []
