"""The fake behind real sockets, for what does not go through httpx."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from threading import Thread
from typing import Any

import httpx

from tests.fake.server import FakeTorchServe
from tsmon.torchserve.addresses import Addresses


class Loopback:
    """A fake that listens on free ports of the loopback address."""

    def __init__(
        self, *, in_a_row: bool = False, ports: Sequence[int] = (), **settings: Any
    ) -> None:
        """`settings` are those of `FakeTorchServe`; `in_a_row` has the ports follow each other.

        `ports` are those of inference, management and metrics, by default free ones.
        """
        self._sockets = _in_a_row() if in_a_row else [_listening(port) for port in ports or [0] * 3]
        urls = [f"http://127.0.0.1:{each.getsockname()[1]}" for each in self._sockets]
        self.fake = FakeTorchServe(addresses=Addresses(*urls), **settings)
        self._transport = self.fake.transport()
        self._servers: list[asyncio.Server] = []
        self._writers: set[asyncio.StreamWriter] = set()
        self.accepted = 0
        """Connections so far."""

    async def listen(self) -> None:
        for each, url in zip(self._sockets, self._urls(), strict=True):
            self._servers.append(await asyncio.start_server(self._talker(url), sock=each))

    def die(self) -> None:
        """Break all connections and accept no others."""
        for server in self._servers:
            server.close()
        for writer in self._writers:
            writer.transport.abort()

    def _urls(self) -> tuple[str, str, str]:
        addresses = self.fake.addresses
        return addresses.inference, addresses.management, addresses.metrics

    def _talker(self, url: str) -> Any:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._writers.add(writer)
            self.accepted += 1
            try:
                while (request := await _read(reader, url)) is not None:
                    response = await self._transport.handle_async_request(request)
                    writer.write(_bytes(response))
                    if response.status_code >= 400:  # as TorchServe does
                        break
            except (httpx.TransportError, ConnectionError):
                pass
            finally:
                self._writers.discard(writer)
                writer.close()

        return talk


def _listening(port: int = 0) -> socket.socket:
    return socket.create_server(("127.0.0.1", port))


def _in_a_row() -> list[socket.socket]:
    """As TorchServe's own ports: management above inference, metrics above management."""
    while True:
        sockets = [_listening()]
        first = sockets[0].getsockname()[1]
        try:
            sockets += [_listening(first + more) for more in (1, 2)]
        except (OSError, OverflowError):  # somebody has one of them
            for each in sockets:
                each.close()
        else:
            return sockets


async def _read(reader: asyncio.StreamReader, url: str) -> httpx.Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.rstrip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = [tuple(line.split(": ", 1)) for line in lines]
    length = int(httpx.Headers(headers).get("content-length", 0))  # type: ignore[arg-type]
    body = await reader.readexactly(length)
    return httpx.Request(method, url + path, headers=headers, content=body)  # type: ignore[arg-type]


def _bytes(response: httpx.Response) -> bytes:
    headers = dict(response.headers) | {"content-length": str(len(response.content))}
    if response.status_code >= 400:
        headers["connection"] = "close"
    lines = [f"HTTP/1.1 {response.status_code} {response.reason_phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + response.content


@asynccontextmanager
async def on_loopback(**settings: Any) -> AsyncIterator[Loopback]:
    """A fake that listens on the test's own event loop."""
    loopback = Loopback(**settings)
    await loopback.listen()
    try:
        yield loopback
    finally:
        loopback.die()


@contextmanager
def beside(**settings: Any) -> Iterator[Loopback]:
    """A fake that listens on a loop in a thread of its own, for a test without one."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()
    loopback = Loopback(**settings)
    asyncio.run_coroutine_threadsafe(loopback.listen(), loop).result()
    try:
        yield loopback
    finally:
        loop.call_soon_threadsafe(loopback.die)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
