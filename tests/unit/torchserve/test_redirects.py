"""No client follows a redirection: whoever is sent on would bring its key along."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from PIL import Image

import tsmon
from tests.secrecy import hand_out
from tsmon.digits.images import DigitImage
from tsmon.load.run.plan import RunPlan
from tsmon.load.run.run import complete_run
from tsmon.telemetry.prometheus.client import Prometheus
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.errors import TorchServeError
from tsmon.torchserve.tokens import KeyKind, KeyRing

KEY = "Zm9vYmFy"


class Listener:
    """Listens on a port, answers every request the same, and keeps what came."""

    def __init__(self) -> None:
        self.answer = b""
        self.heads: list[str] = []
        self.url = ""

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with_body = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            if found := with_body.search(head):
                await reader.readexactly(int(found[1]))
            self.heads.append(head.decode())
            writer.write(self.answer)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    listener = Listener()
    server = await asyncio.start_server(listener.talk, "127.0.0.1")
    listener.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield listener


async def _models(client: TorchServe, _: Path) -> None:
    await client.management.models()


async def _scale(client: TorchServe, _: Path) -> None:
    await client.management.scale("mnist", 2)


async def _refresh(client: TorchServe, _: Path) -> None:
    await client.management.refresh_token(KeyKind.MANAGEMENT)


async def _predict(client: TorchServe, _: Path) -> None:
    await client.inference.predict("mnist", b"image")


async def _metrics(client: TorchServe, _: Path) -> None:
    await client.metrics.scrape()


async def _run(client: TorchServe, folder: Path) -> None:
    Image.new("L", (28, 28)).save(folder / "a.7.png")
    plan = RunPlan(model="mnist", payloads=(DigitImage(folder / "a.7.png", "7"),), count=2)
    report = await complete_run(client, plan)
    assert (report.answered, report.failed) == (0, 2)


async def _prometheus(client: TorchServe, _: Path) -> None:
    url = client.addresses.metrics.replace("://", f"://me:{KEY}@")
    async with Prometheus(url) as prometheus:
        await prometheus.query("up")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("ask", [_models, _scale, _refresh, _predict, _metrics, _run, _prometheus])
async def test_a_redirection_is_not_followed(
    ask: Callable[[TorchServe, Path], Awaitable[None]], status: int, tmp_path: Path
) -> None:
    key_file = tmp_path / "key_file.json"
    entries = ", ".join(f'"{kind}": {{"key": "{hand_out(KEY, key_file)}"}}' for kind in KeyKind)
    key_file.write_text(f"{{{entries}}}")
    async with listening() as theirs, listening() as ours:
        ours.answer = (
            f"HTTP/1.1 {status} Found\r\nlocation: {theirs.url}/elsewhere\r\n"
            "content-length: 0\r\nconnection: close\r\n\r\n"
        ).encode()
        addresses = Addresses(ours.url, ours.url, ours.url)
        async with TorchServe(addresses, KeyRing(key_file, addresses)) as client:
            try:
                await ask(client, tmp_path)
            except TorchServeError as error:
                assert KEY not in f"{error} {error.hint}"

    assert ours.heads
    assert not theirs.heads


def test_every_http_client_of_tsmon_leaves_proxies_and_redirections_alone() -> None:
    """The next one, too: it says so where it is made, and none is told to follow."""
    sources = {file: file.read_text() for file in Path(tsmon.__file__).parent.rglob("*.py")}
    made = [
        call
        for text in sources.values()
        for call in re.findall(r"httpx\.(?:Async)?Client\([^)]*\)", text)
    ]

    assert made
    assert all("trust_env=False" in call for call in made)
    for text in sources.values():
        assert "follow_redirects" not in text
        assert not re.search(r"httpx\.(get|post|put|request|stream)\(|urlopen\(", text)
    assert httpx.Client(trust_env=False).follow_redirects is False
