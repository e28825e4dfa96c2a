"""A connection's faults: what the caller sees, and what becomes of its requests."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import httpx
import pytest

from tests.fake import FakeTorchServe
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.connection import Connection
from tsmon.torchserve.errors import (
    ApiError,
    KeyProblem,
    NotTorchServe,
    TimedOut,
    TokenRefused,
    TorchServeError,
    Unreachable,
)
from tsmon.torchserve.tokens import KeyKind, KeyRing


@pytest.fixture
def server() -> FakeTorchServe:
    return FakeTorchServe()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (httpx.ConnectError, Unreachable),
        (httpx.ConnectTimeout, Unreachable),
        (httpx.RemoteProtocolError, Unreachable),
        (httpx.ReadError, Unreachable),
        (httpx.ReadTimeout, TimedOut),
        (httpx.WriteTimeout, TimedOut),
        (httpx.PoolTimeout, TimedOut),
        (httpx.DecodingError, NotTorchServe),
    ],
)
async def test_what_goes_wrong_on_the_way_is_one_of_our_errors(
    server: FakeTorchServe, fault: type[httpx.RequestError], error: type[TorchServeError]
) -> None:
    server.fail("/models", fault)
    async with server.client() as client:
        with pytest.raises(TorchServeError) as raised:
            await client.management.models()
    assert type(raised.value) is error


async def test_server_that_is_not_there_is_named_with_what_to_do(server: FakeTorchServe) -> None:
    server.kill()
    async with server.client() as client:
        with pytest.raises(Unreachable) as error:
            await client.management.models()
    assert str(error.value) == (
        "no TorchServe is answering at http://127.0.0.1:8081: connection refused"
    )
    assert "tsmon serve start" in error.value.hint


async def test_time_out_names_the_request_and_how_long_it_waited(server: FakeTorchServe) -> None:
    server.fail("/models", httpx.ReadTimeout)
    async with server.client() as client:
        with pytest.raises(TimedOut, match=r"GET /models got no answer within 5 s"):
            await client.management.models()


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>Grafana</html>"),
        httpx.Response(200, json=["neither", "models"]),
        httpx.Response(200, content=b"\xff\xfe"),
        httpx.Response(200),
    ],
    ids=["html", "list", "bytes", "empty"],
)
async def test_answer_that_no_torchserve_gives_is_said_to_be_none(
    server: FakeTorchServe, answer: httpx.Response
) -> None:
    server.fail("/", answer)
    async with server.client() as client:
        with pytest.raises(NotTorchServe):
            await client.management.models()
        with pytest.raises(NotTorchServe):
            await client.management.describe("mnist")
        with pytest.raises(NotTorchServe):
            await client.management.scale("mnist", 1)
        with pytest.raises(NotTorchServe):
            await client.inference.ping()


async def test_redirection_is_not_followed_but_named(server: FakeTorchServe) -> None:
    server.fail("/", httpx.Response(302, headers={"location": "https://elsewhere/"}))
    async with server.client() as client:
        with pytest.raises(NotTorchServe, match="redirects to https://elsewhere/"):
            await client.inference.predict("mnist", b"")
        with pytest.raises(NotTorchServe, match="redirects to https://elsewhere/"):
            await client.metrics.scrape()


async def test_error_of_a_proxy_keeps_its_code_and_its_words(server: FakeTorchServe) -> None:
    server.fail("/models", httpx.Response(502, text="bad gateway\n"))
    async with server.client() as client:
        with pytest.raises(ApiError, match="bad gateway") as error:
            await client.management.models()
    assert error.value.code == 502


async def test_body_larger_than_the_server_takes_is_explained(server: FakeTorchServe) -> None:
    server.fail("/predictions", httpx.Response(413))
    async with server.client() as client:
        with pytest.raises(ApiError, match="max_request_size"):
            await client.inference.predict("mnist", b"large")


async def test_request_whose_caller_goes_away_is_answered_all_the_same(
    server: FakeTorchServe,
) -> None:
    answered: list[bytes] = []

    def digit(body: bytes) -> int:
        answered.append(body)
        return 7

    server.load("mnist", digit=digit)
    hold = server.hold("/predictions")
    async with server.client() as client:
        caller = asyncio.create_task(client.inference.predict("mnist", b"seven"))
        await hold.arrival()
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        assert answered == []
        hold.release()
    assert answered == [b"seven"]  # closing the client waited for it


async def test_closing_does_not_wait_for_a_server_that_never_answers(
    server: FakeTorchServe,
) -> None:
    hold = server.hold("/models")
    connection = Connection(server.addresses.management, KeyRing(), transport=server.transport())
    request = asyncio.create_task(connection.request("GET", "/models", timeout_s=60))
    await hold.arrival()
    await connection.close(grace_s=0)
    with pytest.raises(asyncio.CancelledError):
        await request


async def test_server_that_dies_with_a_request_under_way_is_unreachable(
    server: FakeTorchServe,
) -> None:
    hold = server.hold("/models")
    async with server.client() as client:
        request = asyncio.create_task(client.management.models())
        await hold.arrival()
        server.kill()
        with pytest.raises(Unreachable, match="disconnected"):
            await request


async def test_key_that_is_void_on_arrival_is_read_again_and_the_request_repeated(
    tmp_path: Path,
) -> None:
    key_file = tmp_path / "key_file.json"
    server = FakeTorchServe(key_file=key_file)
    hold = server.hold("/models")
    async with server.client() as client:
        request = asyncio.create_task(client.management.models())
        await hold.arrival()
        before = key_file.stat()
        server.keys.renew("management")
        # Within one tick of the file system's clock: only the refusal tells of the change.
        os.utime(key_file, ns=(before.st_atime_ns, before.st_mtime_ns))
        hold.release()
        assert await request == ()
    assert server.sent() == ["GET /models"] * 2


async def test_refused_key_is_not_sent_again_when_the_file_has_no_other(tmp_path: Path) -> None:
    server = FakeTorchServe(key_file=tmp_path / "key_file.json")
    server.fail("/models", _REFUSAL)
    async with server.client() as client:
        with pytest.raises(TokenRefused):
            await client.management.models()
    assert server.sent() == ["GET /models"]


async def test_key_that_is_refused_twice_is_not_tried_for_ever(tmp_path: Path) -> None:
    server = FakeTorchServe(key_file=tmp_path / "key_file.json")
    hold = server.hold("/models")
    async with server.client() as client:
        request = asyncio.create_task(client.management.models())
        await hold.arrival()
        server.keys.renew("management")
        server.keys.expire("management")
        hold.release()
        with pytest.raises(TokenRefused) as error:
            await request
    assert error.value.problem is KeyProblem.EXPIRED
    assert server.sent() == ["GET /models"] * 2


async def test_each_api_gets_its_own_key(tmp_path: Path) -> None:
    server = FakeTorchServe(key_file=tmp_path / "key_file.json")
    server.load("mnist")
    keys = KeyRing(tmp_path / "key_file.json")
    async with server.client() as client:
        await client.management.models()
        await client.inference.predict("mnist", b"")
        await client.metrics.scrape()
        await client.management.api_description()
    sent = [request.headers.get("Authorization") for request in server.requests]
    management, inference = (
        keys.headers(kind, server.addresses.management)["Authorization"]
        for kind in (KeyKind.MANAGEMENT, KeyKind.INFERENCE)
    )
    assert sent == [management, inference, None, None]


async def test_a_client_of_another_server_sends_no_key_and_says_why(tmp_path: Path) -> None:
    elsewhere = Addresses.from_server("evil:8081")
    server = FakeTorchServe(key_file=tmp_path / "key_file.json", addresses=elsewhere)
    ring = KeyRing(server.keys.path, Addresses.from_server("prod:8081"))
    async with TorchServe(elsewhere, ring, transport=server.transport()) as client:
        with pytest.raises(TokenRefused) as error:
            await client.management.models()
        with pytest.raises(TokenRefused):
            await client.inference.ping()
    assert "was given for prod:8081" in error.value.hint
    assert all("Authorization" not in request.headers for request in server.requests)


_REFUSAL = httpx.Response(
    400, json={"code": 400, "type": "InvalidKeyException", "message": "Token Authorization failed."}
)


@pytest.mark.parametrize("charset", ["hex", "rot13", "utf-16", "idna", "no-such"])
async def test_a_scrape_is_utf_8_whatever_charset_the_answer_claims(
    server: FakeTorchServe, charset: str
) -> None:
    headers = {"content-type": f"text/html; charset={charset}"}
    answer = httpx.Response(200, content=b"caf\xc3\xa9 \xff", headers=headers)
    server.fail("/metrics", answer)
    async with server.client() as client:
        assert await client.metrics.scrape() == "caf\u00e9 \ufffd"


@pytest.mark.parametrize("body", [b"[" * 100_000, b"\xff\x00", b'{"models": ' + b"9" * 5000])
async def test_an_answer_that_json_cannot_hold_is_no_torchserve(
    server: FakeTorchServe, body: bytes
) -> None:
    server.fail("/models", httpx.Response(200, content=body))
    async with server.client() as client:
        with pytest.raises(NotTorchServe, match="not with JSON"):
            await client.management.models()


@pytest.mark.parametrize("body", [b"[" * 100_000, b"\x1b[2J<html>\n\nBad gateway" + b"x" * 10**6])
async def test_the_words_of_a_proxy_are_one_line_fit_for_a_screen(
    server: FakeTorchServe, body: bytes
) -> None:
    server.fail("/models", httpx.Response(502, content=body))
    async with server.client() as client:
        with pytest.raises(ApiError) as error:
            await client.management.models()
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 600
