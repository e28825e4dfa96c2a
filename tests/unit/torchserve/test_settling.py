"""Where the APIs of a server are of which one port was named."""

from __future__ import annotations

import json
from collections.abc import Mapping

import httpx
import pytest

from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.errors import NotFound, TorchServeError, Unreachable

INFERENCE = ("/ping", "/predictions/{model_name}")
MANAGEMENT = ("/models", "/models/{model_name}", "/metrics")
METRICS = ("/metrics",)
ALL = (*INFERENCE, *MANAGEMENT)


class Ports(httpx.AsyncBaseTransport):
    """Ports of a host, each with the paths that it serves; all others refuse."""

    def __init__(self, ports: Mapping[int, tuple[str, ...]]) -> None:
        self.ports = ports
        self.asked: list[tuple[int, str]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        port, path = request.url.port or 80, request.url.path
        self.asked.append((port, path))
        if port not in self.ports:
            raise httpx.ConnectError("connection refused")
        if path == "/api-description":
            document = {
                "info": {"title": "TorchServe APIs", "version": "0.12.0"},
                "paths": {path: {} for path in self.ports[port]},
            }
            return httpx.Response(200, text=json.dumps(document))
        if path == "/ping":
            return httpx.Response(200, text='{"status": "Healthy"}')
        if path == "/metrics":
            return httpx.Response(200, text="")
        if path == "/models/m/all":
            error = {"code": 404, "type": "ResourceNotFoundException", "message": "not found"}
            return httpx.Response(404, text=json.dumps(error))
        if path == "/models/m":
            return httpx.Response(200, text='[{"modelName": "m", "modelVersion": "1.0"}]')
        return httpx.Response(200, text='{"models": []}')


def client_of(ports: Ports, port: int) -> TorchServe:
    return TorchServe(Addresses.from_server(f"ts:{port}"), transport=ports, guessed=True)


@pytest.mark.parametrize(
    ("ports", "named", "inference", "management", "metrics"),
    [
        ({9000: INFERENCE, 9001: MANAGEMENT, 9002: METRICS}, 9001, 9000, 9001, 9002),
        ({9000: INFERENCE, 9001: MANAGEMENT, 9002: METRICS}, 9000, 9000, 9001, 9002),
        ({9000: INFERENCE, 9001: MANAGEMENT, 9002: METRICS}, 9002, 9000, 9001, 9002),
        ({8085: ALL}, 8085, 8085, 8085, 8085),
        ({8085: ALL, 8082: METRICS}, 8085, 8085, 8085, 8082),
        ({8085: ALL, 8086: METRICS}, 8085, 8085, 8085, 8086),
    ],
    ids=["management", "inference", "metrics", "all", "KServe", "metrics beside"],
)
async def test_the_port_says_what_it_serves(
    ports: dict[int, tuple[str, ...]], named: int, inference: int, management: int, metrics: int
) -> None:
    there = Ports(ports)
    async with client_of(there, named) as client:
        assert await client.inference.ping() == "Healthy"
        await client.metrics.scrape()
        await client.management.models()

    expected = Addresses(
        f"http://ts:{inference}", f"http://ts:{management}", f"http://ts:{metrics}"
    )
    assert client.addresses == expected
    assert {(inference, "/ping"), (metrics, "/metrics"), (management, "/models")} <= {*there.asked}


async def test_it_is_asked_once_and_while_it_is_away_not_with_every_request() -> None:
    there = Ports({})
    async with client_of(there, 9001) as client:
        for _ in range(3):
            with pytest.raises(Unreachable):
                await client.inference.ping()
    assert there.asked.count((9001, "/api-description")) == 1


async def test_what_cannot_be_seen_on_a_shared_port_is_known_and_said() -> None:
    async with client_of(Ports({8085: ALL}), 8085) as client:
        assert not client.management.shows_defaults_only
        assert [each.version for each in await client.management.describe_all("m")] == ["1.0"]
        assert client.management.shows_defaults_only


async def test_a_version_that_is_not_found_there_gets_the_reason() -> None:
    async with client_of(Ports({8085: ALL}), 8085) as client:
        with pytest.raises(TorchServeError) as caught:
            await client.management.describe("m", "all")
    assert isinstance(caught.value, NotFound)
    assert "share a port" in caught.value.hint
