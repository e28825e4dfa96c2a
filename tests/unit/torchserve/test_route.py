"""The ways to a server: path prefixes, headers, tokens, client certificates, proxies, sockets."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.curl import Curl
from tsmon.torchserve.errors import InvalidArgument, Unreachable
from tsmon.torchserve.route import Route
from tsmon.torchserve.tokens import KeyRing
from tsmon.untrusted.secrets import masked

_ANSWER = b'{"models": []}'


class Gate:
    """What stands before a server: it keeps the heads of requests, and answers an empty list."""

    def __init__(self) -> None:
        self.heads: list[str] = []

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head.decode())
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n" % len(_ANSWER))
        writer.write(b"Connection: close\r\n\r\n" + _ANSWER)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def listening(**settings: Any) -> AsyncIterator[tuple[Gate, int]]:
    gate = Gate()
    async with await asyncio.start_server(gate.talk, "127.0.0.1", 0, **settings) as server:
        yield gate, server.sockets[0].getsockname()[1]


async def ask(url: str, route: Route) -> None:
    async with TorchServe(Addresses.from_server(url), route=route) as client:
        assert await client.management.models() == ()


async def test_a_path_comes_before_those_of_the_api() -> None:
    async with listening() as (gate, port):
        await ask(f"http://127.0.0.1:{port}/ts/", Route())

    assert gate.heads[0].startswith("GET /ts/models?")


async def test_headers_and_the_token_of_a_file_are_sent(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("first-token\n")
    route = Route(headers={"Host": "ts.internal", "X-Team": "blue"}, bearer_file=str(token))
    async with listening() as (gate, port):
        addresses = Addresses(*[f"http://127.0.0.1:{port}"] * 3)
        async with TorchServe(addresses, route=route) as client:
            await client.management.models()
            token.write_text("second-token\n")
            await client.management.models()

    first, second = gate.heads
    assert first.lower().count("host:") == 1
    assert "host: ts.internal" in first.lower()
    assert "x-team: blue" in first.lower()
    assert "Bearer first-token" in first
    assert "Bearer second-token" in second
    assert "second-token" not in masked("Bearer second-token")


async def test_a_request_to_a_proxy_names_the_server() -> None:
    async with listening() as (gate, port):
        route = Route(proxy=f"http://127.0.0.1:{port}")
        await ask("http://torchserve.invalid:8081", route)

    assert gate.heads[0].startswith("GET http://torchserve.invalid:8081/models?")


async def test_a_unix_socket_takes_the_place_of_host_and_port(tmp_path: Path) -> None:
    gate, path = Gate(), tmp_path / "ts.sock"
    async with await asyncio.start_unix_server(gate.talk, path):
        await ask(f"unix:{path}", Route())
        with pytest.raises(Unreachable):
            await ask(f"unix:{path}.none", Route())

    assert gate.heads[0].startswith("GET /models?")


def _openssl(folder: Path, *args: str) -> None:
    subprocess.run(["openssl", *args], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate for 127.0.0.1 with its key, which does for both sides."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command")
    files = ("-keyout", "own.key", "-out", "own.pem", "-days", "2")
    name = ("-subj", "/CN=own", "-addext", "subjectAltName=IP:127.0.0.1")
    _openssl(tmp_path, "req", "-x509", "-newkey", "rsa:2048", "-nodes", *files, *name)
    return tmp_path / "own.pem"


async def test_a_client_certificate_is_shown_to_who_asks_for_it(certificate: Path) -> None:
    key = str(certificate.with_suffix(".key"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(certificate))
    context.load_cert_chain(certificate, key)
    context.verify_mode = ssl.CERT_REQUIRED
    async with listening(ssl=context) as (gate, port):
        url = f"https://127.0.0.1:{port}/ts"
        await ask(url, Route(str(certificate), str(certificate), key))
        with pytest.raises(Unreachable) as caught:
            await ask(url, Route(str(certificate)))

    assert len(gate.heads) == 1
    assert "client_cert" in caught.value.hint


def test_a_key_with_a_password_is_refused_instead_of_asking_the_terminal(
    certificate: Path,
) -> None:
    folder = certificate.parent
    _openssl(folder, "rsa", "-aes128", "-passout", "pass:word", "-in", "own.key", "-out", "locked")

    with pytest.raises(InvalidArgument) as caught:
        _ = Route(client_cert=str(certificate), client_key=str(folder / "locked")).tls
    assert "cannot use the client certificate" in caught.value.message
    assert "no password" in caught.value.hint


@pytest.mark.parametrize(
    "settings",
    [{"proxy": "socks9://me:secret@host"}, {"headers": {"X-A": "two\nlines"}}],
    ids=["no such proxy", "a header with a line feed"],
)
def test_what_cannot_be_used_is_refused_without_its_secrets(settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument) as caught:
        Route(**settings)
    assert "secret" not in caught.value.message


def test_a_password_is_read_from_its_file_and_never_shown(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("open sesame\n")
    route = Route(username="ali", password_file=str(file))

    assert route.authorization() == {"Authorization": "Basic YWxpOm9wZW4gc2VzYW1l"}
    assert "sesame" not in masked("YWxpOm9wZW4gc2VzYW1l open sesame")
    assert "YWxp" not in masked("Basic YWxpOm9wZW4gc2VzYW1l")

    file.unlink()
    with pytest.raises(InvalidArgument, match="cannot read"):
        route.authorization()


def test_curl_goes_the_same_way_and_shows_no_secret() -> None:
    route = Route(
        client_cert="/a.pem",
        headers={"X-Team": "blue", "X-Api-Key": "verysecret"},
        bearer_file="/run/token",
        proxy="http://me:secret@proxy:3128",
    )
    line = Curl(Addresses.from_server("https://gpu/ts"), KeyRing(), route).describe("m", "1.0")

    assert line == (
        "curl -sS --cert /a.pem --proxy 'http://***@proxy:3128' -H 'X-Team: blue' "
        'https://gpu/ts/models/m/1.0 -H "Authorization: Bearer $(cat /run/token)"'
    )
    socket = Curl(Addresses.from_server("unix:/run/ts.sock"), KeyRing()).metrics()
    assert socket == "curl -sS --unix-socket /run/ts.sock http://localhost/metrics"
