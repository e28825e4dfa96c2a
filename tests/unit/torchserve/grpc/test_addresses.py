"""Where the two gRPC APIs are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tsmon.config.schema import ServerSettings
from tsmon.fleet.access import Access, FindServer
from tsmon.serving.servers_here import RunningServer
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.errors import InvalidArgument
from tsmon.torchserve.grpc.schemes import is_grpc


def nobody(*_urls: str) -> None:
    return None


def pair(management: str = "", find: FindServer = nobody, **settings: object) -> tuple[str, str]:
    named = ServerSettings(**settings)  # type: ignore[arg-type]
    addresses = Access(named, nobody, management, find=find).grpc_addresses
    return addresses.inference, addresses.management


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, ("grpc://127.0.0.1:7070", "grpc://127.0.0.1:7071")),
        ({"url": "http://gpu:8081"}, ("grpc://gpu:7070", "grpc://gpu:7071")),
        ({"url": "https://gpu:8444"}, ("grpcs://gpu:7070", "grpcs://gpu:7071")),
        ({"url": "grpc://gpu"}, ("grpc://gpu:7070", "grpc://gpu:7071")),
        ({"url": "grpcs://gpu:9071"}, ("grpcs://gpu:9070", "grpcs://gpu:9071")),
        ({"url": "GRPC://[::1]:9071"}, ("grpc://[::1]:9070", "grpc://[::1]:9071")),
        (
            {"url": "gpu:8081", "grpc_inference_url": "grpcs://edge"},
            ("grpcs://edge:7070", "grpc://gpu:7071"),
        ),
        (
            {"url": "gpu:8081", "grpc_management_url": "edge:1"},
            ("grpc://gpu:7070", "grpc://edge:1"),
        ),
        ({"management": "grpc://gpu:7171"}, ("grpc://gpu:7170", "grpc://gpu:7171")),
    ],
)
def test_one_address_tells_the_other(settings: dict[str, str], expected: tuple[str, str]) -> None:
    assert pair(**settings) == expected  # type: ignore[arg-type]


def test_a_server_of_this_machine_tells_its_ports() -> None:
    http = Addresses.from_server("127.0.0.1:18081")
    own = Addresses("grpc://127.0.0.1:4711", "grpc://127.0.0.1:4712")
    found = RunningServer(7, 0.0, http, Path("key_file.json"), own)
    assert pair(find=lambda *_: found, url="127.0.0.1:18081") == (own.inference, own.management)


@pytest.mark.parametrize(
    "url", ["grpc://", "grpc://a b", "grpc://host:0", "grpc://host:99999", "grpc://host/ts"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidArgument):
        pair(url=url)


@pytest.mark.parametrize("text", ["http://x", "grpc.example.com", "x:7071", "", None])
def test_the_scheme_alone_makes_an_address_one_of_grpc(text: str | None) -> None:
    assert not is_grpc(text)
