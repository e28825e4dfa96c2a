"""Channels: TLS, deadlines, limits, and ports that are others."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from msgspec.structs import replace

from tests.fake import FakeTorchServe
from tests.fake.grpc_front import GrpcFront, grpc_front
from tests.faults.certificates import make_certificates
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.errors import (
    ApiError,
    InvalidArgument,
    NothingListens,
    NotTorchServe,
    TimedOut,
    TooLarge,
    TorchServeError,
    Unreachable,
)
from tsmon.torchserve.grpc import connection, inference, management_pb2
from tsmon.torchserve.grpc.client import GrpcTorchServe
from tsmon.torchserve.route import Route
from tsmon.torchserve.waiting import longest_wait


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with certificates: see `make_certificates`."""
    folder = tmp_path_factory.mktemp("certificates")
    make_certificates(folder)
    return folder


def credentials(folder: Path, name: str, *, asks: bool = False) -> grpc.ServerCredentials:
    pair = ((folder / f"{name}.key").read_bytes(), (folder / f"{name}.pem").read_bytes())
    authority = (folder / "authority.pem").read_bytes()
    return grpc.ssl_server_credentials([pair], authority if asks else None, asks)


async def pinged(addresses: Addresses, route: Route) -> str:
    async with GrpcTorchServe(addresses, route=route) as client:
        return await client.inference.ping()


@pytest.mark.parametrize(
    ("name", "verify"),
    [("good", "authority.pem"), ("good", False), ("self-signed", False), ("other host", False)],
)
async def test_a_certificate_that_counts_is_accepted(
    certificates: Path, name: str, verify: str | bool
) -> None:
    checked = str(certificates / verify) if isinstance(verify, str) else verify
    async with grpc_front(FakeTorchServe(), credentials(certificates, name)) as (_, addresses):
        assert await pinged(addresses, Route(checked)) == "Healthy"


@pytest.mark.parametrize("name", ["self-signed", "expired", "other host"])
async def test_one_that_does_not_is_refused(certificates: Path, name: str) -> None:
    route = Route(str(certificates / "authority.pem"))
    async with grpc_front(FakeTorchServe(), credentials(certificates, name)) as (_, addresses):
        with pytest.raises(Unreachable, match="certificate") as error:
            await pinged(addresses, route)
    assert "--insecure" in error.value.hint


async def test_a_client_certificate_is_shown_where_it_is_asked_for(certificates: Path) -> None:
    cert, key = str(certificates / "good.pem"), str(certificates / "good.key")
    route = Route(str(certificates / "authority.pem"))
    server = credentials(certificates, "good", asks=True)
    async with grpc_front(FakeTorchServe(), server) as (_, addresses):
        with pytest.raises(Unreachable):
            await pinged(addresses, route)
        shown = replace(route, client_cert=cert, client_key=key)
        assert await pinged(addresses, shown) == "Healthy"


async def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    addresses = Addresses("grpcs://127.0.0.1:1", "grpcs://127.0.0.1:1")
    with pytest.raises(InvalidArgument, match=r"cannot read the certificates in .*missing\.pem"):
        await pinged(addresses, Route(str(tmp_path / "missing.pem")))


async def test_a_proxy_is_refused_and_that_of_the_environment_ignored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("http_proxy", "https_proxy", "grpc_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with grpc_front(FakeTorchServe()) as (_, addresses):
        assert await pinged(addresses, Route()) == "Healthy"
        with pytest.raises(InvalidArgument, match="does not go through an HTTP proxy"):
            await pinged(addresses, Route(proxy="http://127.0.0.1:1"))


async def test_headers_and_the_token_of_a_proxy_go_along(tmp_path: Path) -> None:
    seen: dict[str, Any] = {}

    async def look(_call: str, context: Any) -> None:
        seen.update(context.invocation_metadata())

    (tmp_path / "token").write_text("of-a-proxy\n")
    route = Route(headers={"X-Team": "vision"}, bearer_file=str(tmp_path / "token"))
    async with grpc_front(FakeTorchServe()) as (front, addresses):
        front.before = look
        await pinged(addresses, route)
    assert (seen["x-team"], seen["authorization"]) == ("vision", "Bearer of-a-proxy")


@pytest.fixture
async def front() -> AsyncIterator[tuple[GrpcFront, GrpcTorchServe]]:
    async with (
        grpc_front(FakeTorchServe()) as (front, addresses),
        GrpcTorchServe(addresses) as client,
    ):
        yield front, client


async def test_a_call_without_an_answer_times_out(
    front: tuple[GrpcFront, GrpcTorchServe], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, client = front
    waited: list[str] = []

    async def hang(_call: str, _context: Any) -> None:
        wait = longest_wait(0.0)
        waited.append(wait.what if wait else "")
        await asyncio.Event().wait()

    server.before = hang
    monkeypatch.setattr(inference, "PING_TIMEOUT_S", 0.1)
    with pytest.raises(TimedOut, match="gRPC Ping got no whole answer within"):
        await client.inference.ping()
    assert waited == ["gRPC Ping"]
    assert longest_wait(0.0) is None


async def test_an_answer_that_is_too_large_is_not_read(
    front: tuple[GrpcFront, GrpcTorchServe], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, client = front
    monkeypatch.setattr(client.inference._grpc, "_most_bytes", 8)
    with pytest.raises(TooLarge):
        await client.inference.ping()


@pytest.mark.parametrize("answer", ["no JSON", "[" * 100_000, "[1]", '"x"'])
async def test_an_answer_of_another_shape_is_no_torchserves(
    front: tuple[GrpcFront, GrpcTorchServe], monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    _, client = front

    async def call(*_: object) -> object:
        return management_pb2.ManagementResponse(msg=answer)

    monkeypatch.setattr(connection.GrpcConnection, "call", call)
    with pytest.raises(NotTorchServe):
        await client.management.models()


async def test_words_of_the_server_are_one_harmless_line(
    front: tuple[GrpcFront, GrpcTorchServe],
) -> None:
    server, client = front

    async def strike(_call: str, context: Any) -> None:
        await context.abort(grpc.StatusCode.INTERNAL, "\x1b[2J\nred\u202e")

    server.before = strike
    with pytest.raises(ApiError) as error:
        await client.inference.ping()
    assert str(error.value).isprintable()


async def test_a_port_that_no_one_listens_at_is_said_to_be_that() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"grpc://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(NothingListens, match="connection refused"):
            await pinged(Addresses(url, url), Route())


async def test_a_port_of_http_is_said_to_be_one() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        url = f"grpc://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(TorchServeError) as error:
            await pinged(Addresses(url, url), Route())
    assert type(error.value) is NotTorchServe
    assert "7070" in error.value.hint


async def test_the_wrong_scheme_is_answered_with_the_right_one(certificates: Path) -> None:
    async with grpc_front(FakeTorchServe()) as (_, addresses):
        encrypted = addresses.inference.replace("grpc:", "grpcs:")
        with pytest.raises(Unreachable, match="it does not speak TLS") as plain:
            await pinged(Addresses(encrypted, encrypted), Route())
        assert plain.value.hint == f"use {addresses.inference}"
    async with grpc_front(FakeTorchServe(), credentials(certificates, "good")) as (_, addresses):
        unencrypted = addresses.inference.replace("grpcs:", "grpc:")
        with pytest.raises(Unreachable, match="Socket closed") as tls:
            await pinged(Addresses(unencrypted, unencrypted), Route())
        assert tls.value.hint == f"if that port is encrypted, use {addresses.inference}"
