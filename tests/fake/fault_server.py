"""The fake behind real sockets of its own loop, with a fault in force or none.

A `Fault` says what happens to a connection: how it is listened, what happens once it is accepted,
and how the fake's answer gets out. `wire_faults` and `content_faults` have those that there are, by
name; without one in force this is the fake, which the contract tests hold to reality.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from threading import Thread
from typing import Any, TypeVar

import httpx

from tests.fake.server import FakeTorchServe
from tsmon.torchserve.addresses import Addresses

STOP_S = 5.0
LOOPBACK = "127.0.0.1"
PORTS = ("inference", "management", "metrics")
T = TypeVar("T")


class Talk:
    """One connection of a client, as a fault gets hold of it."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, healed: asyncio.Event
    ) -> None:
        self.reader = reader
        self._writer = writer
        self._healed = healed

    def is_struck_until(self, healed: asyncio.Event) -> None:
        """A fault that came after the connection gets hold of it."""
        self._healed = healed

    async def send(self, *parts: bytes) -> None:
        """Send, at the client's pace."""
        for part in parts:
            self._writer.write(part)
            await self._writer.drain()

    async def trickle(self, data: bytes, every_s: float) -> None:
        """Send a byte now and then, until the fault is over."""
        for byte in data:
            await self.send(bytes([byte]))
            if await self.is_healed(every_s):
                return

    async def is_healed(self, within_s: float) -> bool:
        """Whether the fault ends in this time."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._healed.wait(), within_s)
        return self._healed.is_set()

    async def hang(self) -> None:
        """Say no more until the fault is over."""
        await self._healed.wait()

    def reset(self) -> None:
        """Break the connection, so that the client gets an RST and no end of file."""
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    def close(self) -> None:
        """End it as it is done in peace."""
        self._writer.close()


Accepted = Callable[[Talk], Awaitable[None]]
Answering = Callable[[Talk, httpx.Request, httpx.Response], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong."""

    answering: Answering | None = None
    """Sends the answer in place of the server."""
    accepted: Accepted | None = None
    """Has the connection before any request is read."""
    listening: str = ""
    """How the ports are listened at: a key of `_LISTENING`, or a name of a certificate."""
    where: str = ".*"
    """A pattern of the paths it strikes."""
    ports: tuple[str, ...] = PORTS
    """The ports it strikes."""
    closes: bool = True
    """Whether the connection ends behind the answer."""
    breaks: bool = True
    """Whether connections that there are break when it begins."""

    def strikes(self, path: str) -> bool:
        return re.fullmatch(self.where, path) is not None


class FaultServer:
    """A fake on three free ports of the loopback address."""

    def __init__(
        self,
        certificates: dict[str, ssl.SSLContext] | None = None,
        *,
        secure: bool = False,
        **settings: Any,
    ) -> None:
        """When `secure` it is https, by the one of the `certificates` that is called good.

        `settings` are those of `FakeTorchServe`.
        """
        self._certificates = certificates or {}
        self._secure = secure
        reserved = [_bound(0) for _ in PORTS]
        self._reserved = dict(zip(PORTS, reserved, strict=True))
        self._numbers = {name: sock.getsockname()[1] for name, sock in self._reserved.items()}
        scheme = "https" if self._secure else "http"
        urls = [f"{scheme}://{LOOPBACK}:{self._numbers[name]}" for name in PORTS]
        self.fake = FakeTorchServe(addresses=Addresses(*urls), **settings)
        self._urls = dict(zip(PORTS, urls, strict=True))
        self._transport = self.fake.transport()
        self._servers: dict[str, asyncio.Server] = {}
        self._open: dict[str, set[asyncio.StreamWriter]] = {name: set() for name in PORTS}
        self._stuffed: list[socket.socket] = []
        self._fault = Fault()
        self._healed = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def addresses(self) -> Addresses:
        return self.fake.addresses

    def port(self, name: str) -> int:
        """The number of one of `PORTS`."""
        return int(self._numbers[name])

    # From the thread of the server's own loop.

    async def start(self) -> None:
        """Listen."""
        self._loop = asyncio.get_running_loop()
        for name in PORTS:
            await self._listen(name, self._usual)

    async def begin(self, fault: Fault) -> None:
        """Let a fault begin, in place of the one before."""
        await self.end()
        self._healed = asyncio.Event()
        self._fault = fault
        for name in fault.ports:
            if fault.listening:
                await self._listen(name, fault.listening)
            if fault.breaks:
                self._break(name)

    async def end(self) -> None:
        """End the fault: connections it has hold of break."""
        fault, self._fault = self._fault, Fault()
        self._healed.set()
        while self._stuffed:
            self._stuffed.pop().close()
        for name in fault.ports:
            if fault.listening:
                await self._listen(name, self._usual)

    async def stop(self) -> None:
        """Break all connections and listen no more."""
        self._healed.set()
        for name in PORTS:
            self._close(name)
            self._break(name)
            self._reserved[name].close()
        for sock in self._stuffed:
            sock.close()

    # From any other thread.

    def inject(self, fault: Fault) -> None:
        """Let a fault begin, and wait until it has."""
        self._run(self.begin(fault))

    def heal(self) -> None:
        """End the fault."""
        self._run(self.end())

    def call(self, change: Callable[[FakeTorchServe], T]) -> T:
        """Do something to the fake in its own thread."""

        async def run() -> T:
            return change(self.fake)

        changed: T = self._run(run())
        return changed

    def _run(self, work: Any) -> Any:
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    @property
    def _usual(self) -> str:
        return "good" if self._secure else "plain"

    async def _listen(self, name: str, how: str) -> None:
        """Listen at a port in another way; in between it is reserved and refuses."""
        self._close(name)
        if how == "refused":
            return
        host = "::1" if how == "IPv6 only" else LOOPBACK
        number = self._numbers[name]
        sock = _bound(number, host)
        if how == "backlog full":
            self._stuffed += _stuffed(sock, number)
            return
        self._servers[name] = await asyncio.start_server(
            lambda reader, writer: self._talk(name, reader, writer),
            sock=sock,
            ssl=self._certificates.get(how),
        )

    def _close(self, name: str) -> None:
        server = self._servers.pop(name, None)
        if server is not None:
            server.close()

    def _break(self, name: str) -> None:
        for writer in list(self._open[name]):
            writer.transport.abort()

    async def _talk(
        self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._open[name].add(writer)
        talk = Talk(reader, writer, self._healed)
        try:
            if self._fault.accepted is not None and name in self._fault.ports:
                await self._fault.accepted(talk)
                return
            while await self._one(name, talk):
                pass
        except (httpx.TransportError, ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open[name].discard(writer)
            writer.close()

    async def _one(self, name: str, talk: Talk) -> bool:
        """Answer one request; whether the connection goes on."""
        request = await _read(talk.reader, self._urls[name])
        response = await self._transport.handle_async_request(request)
        fault = self._fault
        if fault.answering and name in fault.ports and fault.strikes(request.url.path):
            talk.is_struck_until(self._healed)
            await fault.answering(talk, request, response)
            return not fault.closes
        await talk.send(answer_bytes(response))
        return response.status_code < 400  # TorchServe closes behind an error


def _bound(number: int, host: str = LOOPBACK) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((host, number))
    return sock


def _stuffed(sock: socket.socket, number: int) -> list[socket.socket]:
    """Listen, accept nobody, and fill the queue of those who wait; further ones get no answer."""
    sock.listen(0)
    waiting = [sock]
    for _ in range(3):
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex((LOOPBACK, number))
        waiting.append(client)
    return waiting


async def _read(reader: asyncio.StreamReader, url: str) -> httpx.Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = httpx.Headers([(name, text) for name, _, text in (x.partition(": ") for x in lines)])
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return httpx.Request(method, url + path, headers=headers, content=body)


def head_bytes(response: httpx.Response, length: int | None = None) -> bytes:
    """An answer's status line and headers; the length is by default that of its content."""
    headers = {name: text for name, text in response.headers.items() if name != "content-length"}
    headers["content-length"] = str(len(response.content) if length is None else length)
    if response.status_code >= 400:
        headers["connection"] = "close"
    lines = [f"HTTP/1.1 {response.status_code} {response.reason_phrase}"]
    lines += [f"{name}: {text}" for name, text in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def answer_bytes(response: httpx.Response) -> bytes:
    """An answer as it goes over the wire."""
    return head_bytes(response) + response.content


@asynccontextmanager
async def serving(**settings: Any) -> AsyncIterator[FaultServer]:
    """A fault server on the loop of the test."""
    server = FaultServer(**settings)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@contextmanager
def fault_server(**settings: Any) -> Iterator[FaultServer]:
    """A fault server on a loop in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="fault server")
    thread.start()
    server = FaultServer(**settings)
    asyncio.run_coroutine_threadsafe(server.start(), loop).result()
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(_wind_up(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _wind_up(server: FaultServer) -> None:
    """Stop, and let no task of a connection be left."""
    await server.stop()
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    if tasks:
        await asyncio.wait(tasks, timeout=STOP_S)
