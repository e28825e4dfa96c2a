"""A listener that answers byte by byte, or without an end, whatever it is asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


async def silent(writer: asyncio.StreamWriter) -> None:
    """Take the request and say nothing."""
    await asyncio.Event().wait()


def trickling(first: bytes, pause_s: float) -> Answer:
    """Say `first`, then a byte each `pause_s`, for ever."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(pause_s)

    return answer


def trickling_head(pause_s: float) -> Answer:
    """The head of an answer that never ends."""
    return trickling(HEAD + b"x-more: ", pause_s)


def trickling_body(pause_s: float) -> Answer:
    """A body that never ends, byte by byte."""
    return trickling(HEAD + b"content-length: 1000000\r\n\r\n", pause_s)


async def endless_body(writer: asyncio.StreamWriter) -> None:
    """A body as fast as it is taken, for ever."""
    writer.write(HEAD + b"transfer-encoding: chunked\r\n\r\n")
    part = b"10000\r\n" + b"[" * 0x10000 + b"\r\n"
    while True:
        writer.write(part)
        await writer.drain()


class SlowServer:
    """Answers each request on a port of the loopback address the same way, which can be changed."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.arrived = asyncio.Event()
        """Whether there was a request."""
        self.url = ""
        self._talks: set[asyncio.Task[None]] = set()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while await reader.readuntil(b"\r\n\r\n"):
                self.arrived.set()
                await self.answer(writer)
        writer.close()

    def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Have a task talk to a client."""
        task = asyncio.create_task(self._talk(reader, writer))
        self._talks.add(task)
        task.add_done_callback(self._talks.discard)

    async def stop(self) -> None:
        """End all talks."""
        talks = list(self._talks)
        for task in talks:
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


def saying(body: bytes) -> Answer:
    """A whole answer at once."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + f"content-length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()

    return answer


@asynccontextmanager
async def slow_server(answer: Answer) -> AsyncIterator[SlowServer]:
    """One that listens on the test's own event loop."""
    server = SlowServer(answer)
    listener = await asyncio.start_server(server.take, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listener.close()
        await server.stop()
