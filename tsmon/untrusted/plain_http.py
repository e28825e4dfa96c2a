"""HTTP/1.1 over plain connections, for a fifth of what httpx's own transport costs a request.

A fleet of a hundred servers is some two hundred requests a second, all but the parsing of which
would be spent in layers that serve HTTP/2, proxies and other event loops. TLS goes through httpx.
"""

from __future__ import annotations

import asyncio
import errno
import os
import re
import socket
import time
from collections import deque
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable

KEPT_S = 5.0
"""Seconds that a connection is kept without use."""
MOST_HEAD_BYTES = 2**17
"""Of the status line and all headers of an answer."""
MOST_UNREAD_BYTES = 2**20
"""Of a body, before its server has to wait until some of it was taken."""
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
"""Asking these twice changes nothing (RFC 9110, section 9.2.1)."""
DEFAULT_LIMITS = httpx.Limits(max_connections=100)
_ILLEGAL = (b"\r", b"\n", b"\0")

_Origin = tuple[str, int]


class PlainTransport(httpx.AsyncBaseTransport):
    """Keeps connections to plain addresses; hands TLS to httpx."""

    def __init__(
        self,
        *,
        verify: ssl.SSLContext | str | bool = True,
        limits: httpx.Limits | None = None,
        socket_path: str = "",
    ) -> None:
        """With `socket_path` all connections are to that unix socket."""
        self._verify = verify
        self._limits = limits or DEFAULT_LIMITS
        self._socket_path = socket_path
        self._slots = asyncio.Semaphore(self._limits.max_connections or 2**31)
        self._idle: dict[_Origin, list[_Connection]] = {}
        self._under_way: set[_Connection] = set()
        self._tls: httpx.AsyncHTTPTransport | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the answer's body is read by the code that asked.

        Raises:
            httpx.TransportError: as httpx's own transport does.
        """
        if request.url.scheme != "http":
            return await self._over_tls().handle_async_request(request)
        message = _message(request, await request.aread())
        limits = request.extensions.get("timeout", {})
        await _within(limits.get("pool"), self._slots.acquire(), httpx.PoolTimeout)
        try:
            connection = await self._asked(request, message)
        except BaseException:
            self._slots.release()
            raise
        return httpx.Response(
            connection.status,
            headers=connection.headers,
            stream=_Body(connection, limits.get("read"), self._release),
            request=request,
        )

    async def aclose(self) -> None:
        """Close all connections."""
        for connections in (self._under_way, *self._idle.values()):
            for connection in connections:
                connection.close()
        self._idle.clear()
        if self._tls is not None:
            await self._tls.aclose()

    async def _asked(self, request: httpx.Request, message: bytes) -> _Connection:
        """A connection over which the request was sent, and the head of its answer came."""
        limits = request.extensions.get("timeout", {})
        while kept := self._kept(_origin(request)):
            try:
                return await self._ask(kept, message, limits)
            except (httpx.ReadError, httpx.RemoteProtocolError):
                # A server may close a kept connection while the next request is on its way
                # (RFC 9112, section 9.3.1); that says nothing of the request.
                if kept.has_heard or request.method not in SAFE_METHODS:
                    raise
        opened = await self._open(_origin(request), limits.get("connect"))
        return await self._ask(opened, message, limits)

    async def _ask(
        self, connection: _Connection, message: bytes, limits: dict[str, float | None]
    ) -> _Connection:
        self._under_way.add(connection)
        try:
            await _within(limits.get("write"), connection.send(message), httpx.WriteTimeout)
            while not connection.has_head:
                await _within(limits.get("read"), connection.more(), httpx.ReadTimeout)
        except BaseException:
            self._under_way.discard(connection)
            connection.close()
            raise
        return connection

    def _kept(self, origin: _Origin) -> _Connection | None:
        """A connection of an earlier request that seems to be open still."""
        kept = self._idle.get(origin, [])
        while kept:
            connection = kept.pop()
            if connection.is_idle and time.monotonic() - connection.since < KEPT_S:
                connection.begin()
                return connection
            connection.close()
        return None

    async def _open(self, origin: _Origin, timeout_s: float | None) -> _Connection:
        loop = asyncio.get_running_loop()
        opening: Awaitable[tuple[asyncio.BaseTransport, _Connection]]
        if self._socket_path:
            opening = loop.create_unix_connection(_Connection, self._socket_path)
        else:
            opening = loop.create_connection(_Connection, *origin, happy_eyeballs_delay=0.25)
        made: _Connection
        try:
            _, made = await _within(timeout_s, opening, httpx.ConnectTimeout)
        except socket.gaierror as error:
            raise httpx.ConnectError(str(error)) from None
        except OSError as error:
            raise httpx.ConnectError(_why_not(error)) from None
        made.origin = origin
        return made

    def _release(self, connection: _Connection) -> None:
        """Keep a connection whose answer was read to its end, and no other."""
        if connection not in self._under_way:
            return
        self._under_way.discard(connection)
        self._slots.release()
        if connection.is_idle:
            connection.since = time.monotonic()
            self._idle.setdefault(connection.origin, []).append(connection)
        else:
            connection.close()

    def _over_tls(self) -> httpx.AsyncHTTPTransport:
        if self._tls is None:
            self._tls = httpx.AsyncHTTPTransport(
                verify=self._verify, limits=self._limits, trust_env=False
            )
        return self._tls


class _Body(httpx.AsyncByteStream):
    """The body of an answer, as it comes."""

    def __init__(
        self,
        connection: _Connection,
        timeout_s: float | None,
        release: Callable[[_Connection], None],
    ) -> None:
        self._connection = connection
        self._timeout_s = timeout_s
        self._release = release

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            part = self._connection.part()
            if part is None:
                return
            if part:
                yield part
            else:
                await _within(self._timeout_s, self._connection.more(), httpx.ReadTimeout)

    async def aclose(self) -> None:
        self._release(self._connection)


class _Connection(asyncio.Protocol):
    """One connection, and the answer that comes over it."""

    def __init__(self) -> None:
        self.origin: _Origin = ("", 0)
        self.since = 0.0
        """When it was last used."""
        self._transport: asyncio.Transport | None = None
        self._parser: Any = None
        self._news = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._error: httpx.TransportError | None = None
        self._is_open = True
        self.begin()

    def begin(self) -> None:
        """Be ready for another answer."""
        # Imported here, so that no command without a request pays for it.
        import httptools

        self._parser = httptools.HttpResponseParser(self)
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self._head_bytes = 0
        self._has_head = self._is_whole = self._is_kept = False
        self._parts: deque[bytes] = deque()
        self._unread = 0
        self._news.clear()

    @property
    def has_heard(self) -> bool:
        """Whether any of an answer came."""
        return self._head_bytes > 0

    @property
    def is_idle(self) -> bool:
        """Whether the next request can go over it."""
        return self._is_open and self._is_whole and self._is_kept and not self._error

    # The request.

    async def send(self, message: bytes) -> None:
        """Write a request; a server that answers before it has all of it is listened to."""
        if self._transport is not None and self._is_open:
            self._transport.write(message)
            await self._writable.wait()

    # The answer.

    @property
    def has_head(self) -> bool:
        """Whether status and headers are there.

        Raises:
            httpx.TransportError: they will not come.
        """
        if not self._has_head and self._error:
            raise self._error
        return self._has_head

    def part(self) -> bytes | None:
        """What exists of the body: nothing yet, or None at its end."""
        if self._parts:
            part = self._parts.popleft()
            self._unread -= len(part)
            if self._transport is not None and self._unread < MOST_UNREAD_BYTES:
                self._transport.resume_reading()
            return part
        if self._is_whole:
            return None
        if self._error:
            raise self._error
        return b""

    async def more(self) -> None:
        """Wait until something came since the last look."""
        await self._news.wait()
        self._news.clear()

    def close(self) -> None:
        """Leave it at once."""
        self._is_open = False
        if self._transport is not None:
            self._transport.abort()

    # What asyncio shows.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 (for the type checker)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._is_whole or not self._transport:  # nothing was asked for
            return self.close()
        self._head_bytes += 0 if self._has_head else len(data)
        try:
            self._parser.feed_data(data)
        except Exception as error:  # noqa: BLE001 (httptools has no common ancestor of its errors)
            self._fail(httpx.RemoteProtocolError(f"no HTTP answer: {error}"))
        if not self._has_head and self._head_bytes > MOST_HEAD_BYTES:
            self._fail(httpx.RemoteProtocolError("the head of the answer is too long"))
        if self._unread >= MOST_UNREAD_BYTES:
            self._transport.pause_reading()
        self._news.set()
        return None

    def connection_lost(self, error: Exception | None) -> None:
        self._is_open = False
        names = {name.lower() for name, _ in self.headers}
        if self._has_head and not names & {b"content-length", b"transfer-encoding"}:
            self._is_whole = self._is_whole or error is None
        if not self._is_whole and not self._error:
            lost = "Server disconnected without sending a response."
            cut = "peer closed connection without sending complete message body"
            self._error = httpx.RemoteProtocolError(cut if self._has_head else lost)
            if error is not None:
                self._error = httpx.ReadError(str(error))
        self._writable.set()
        self._news.set()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def _fail(self, error: httpx.TransportError) -> None:
        self._error = self._error or error
        self.close()

    # What httptools shows.

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        self._has_head = self.status >= 200

    def on_body(self, body: bytes) -> None:
        self._parts.append(body)
        self._unread += len(body)

    def on_message_complete(self) -> None:
        if self._has_head:
            self._is_whole = True
            self._is_kept = self._parser.should_keep_alive()
        else:  # an interim answer
            self.headers = []


def _why_not(error: OSError) -> str:
    """Why there is no connection; a host with several addresses has several reasons."""
    numbers = {int(number) for number in re.findall(r"\[Errno (\d+)\]", str(error))}
    if not numbers or errno.ECONNREFUSED in numbers:
        return "connection refused" if numbers else str(error)
    return ", ".join(sorted(os.strerror(number).lower() for number in numbers))


def _origin(request: httpx.Request) -> _Origin:
    return request.url.host, request.url.port or 80


def _message(request: httpx.Request, body: bytes) -> bytes:
    lines = [b"%s %s HTTP/1.1" % (request.method.encode(), request.url.raw_path)]
    lines += [b"%s: %s" % header for header in request.headers.raw]
    for line in lines:
        if any(character in line for character in _ILLEGAL):
            raise httpx.LocalProtocolError("a header holds what would end it")
    return b"\r\n".join([*lines, b"", body])


async def _within(
    seconds: float | None, work: Awaitable[Any], late: type[httpx.TimeoutException]
) -> Any:
    try:
        async with asyncio.timeout(seconds):
            return await work
    except TimeoutError:
        raise late("") from None
