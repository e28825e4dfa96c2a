"""HTTP answers within bounds: every request of tsmon's clients goes through here.

A server that others run can send a byte a second, a body without an end, or a megabyte that
unpacks to ten gigabytes. httpx bounds each read, not the whole; here a request has a deadline from
its start to the last byte of its answer, and its answer a limit on the bytes sent and unpacked.
"""

from __future__ import annotations

import asyncio
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

import httpx
from msgspec import Struct, field

from tsmon.units import period
from tsmon.untrusted.plain_http import DEFAULT_LIMITS, PlainTransport

CLOSE_GRACE_S = 2.0
DEADLINE_GRACE_S = 0.5
"""Beyond the time-out of a read, so that httpx itself gives up on a server that says nothing."""
_ZLIB_OR_GZIP = zlib.MAX_WBITS | 32
_PACKED = {"gzip": _ZLIB_OR_GZIP, "x-gzip": _ZLIB_OR_GZIP, "deflate": _ZLIB_OR_GZIP}
_UNPACKED = frozenset({"", "identity"})
_SENT = (b"content-encoding", b"content-length", b"transfer-encoding")
"""Headers that are about the bytes sent, which the answer given does not have any more."""


Heard = Callable[[bytes], None]
"""Is given a part of an answer."""


class AnswerTooLarge(httpx.HTTPError):
    """The answer has more bytes than anything of its kind."""

    def __init__(self, most: int) -> None:
        super().__init__(f"the answer has more than {most / 2**20:g} MiB")


class Overdue(httpx.ReadTimeout):
    """The answer was still coming when the deadline had passed."""


class Bounds(Struct, frozen=True):
    """What a request may take."""

    timeout_s: float
    """Seconds for each read, and with a short grace for all of it."""
    most_bytes: int
    """Of the body, as it is sent and as it is unpacked."""

    @property
    def deadline_s(self) -> float:
        """Seconds from the start of the request to the end of its answer."""
        return self.timeout_s + DEADLINE_GRACE_S


class Way(Struct, frozen=True):
    """What lies between here and a server, if anything."""

    proxy: str = ""
    """The URL of an HTTP proxy."""
    socket: str = ""
    """The path of a unix socket that is used in place of host and port."""


class _Pool(Struct, eq=False):
    """An httpx client and its requests under way; closed when it was retired and has none."""

    client: httpx.AsyncClient
    under_way: set[asyncio.Task[httpx.Response]] = field(default_factory=set)
    retired: bool = False


class Closing(ABC):
    """Closes its connections at the end of an `async with`."""

    @abstractmethod
    async def close(self) -> None:
        """Close all connections."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()


class BoundedClient:
    """Sends requests that outlive their caller, each within its bounds.

    httpx leaks the pool slot of a request that is cancelled before its answer begins
    (encode/httpcore#1093). So a caller that goes away leaves its request to end by itself, and when
    one has to be cut off at its deadline, the pool it is in is retired: requests under way end
    there, later ones go through a new pool.
    """

    def __init__(self, *, way: Way = Way(), **settings: Any) -> None:  # noqa: B008 (frozen)
        """`settings` are those of `httpx.AsyncClient`."""
        self._settings = settings
        self._way = way
        self._pool = self._new_pool()
        self._retired: set[_Pool] = set()
        self._under_way: set[asyncio.Task[httpx.Response]] = set()
        self._closing: set[asyncio.Task[None]] = set()

    def build_request(self, method: str, url: str, **settings: Any) -> httpx.Request:
        """A request to be sent; see `httpx.AsyncClient.build_request`."""
        return self._pool.client.build_request(method, url, **settings)

    async def send(
        self, request: httpx.Request, bounds: Bounds, heard: Heard | None = None
    ) -> httpx.Response:
        """Send a request and give its whole answer, unpacked.

        `heard` is called with each part of an answer that is no error, as it comes and as long as
        the caller waits.

        Raises:
            Overdue: the answer did not end before the deadline.
            AnswerTooLarge: it has more bytes than `bounds` allow.
            httpx.HTTPError: as httpx does.
        """
        waiting = True

        def hear(part: bytes) -> None:
            if heard is not None and waiting:
                heard(part)

        task = asyncio.create_task(self._within(request, bounds, hear))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        task.add_done_callback(_read_outcome)
        try:
            return await asyncio.shield(task)
        finally:
            waiting = False

    async def close(self, grace_s: float = CLOSE_GRACE_S) -> None:
        """Give the requests under way `grace_s` seconds to end, then close the connections."""
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=grace_s)
            for task in late:
                task.cancel()
        for pool in (self._pool, *self._retired):
            for exchange in pool.under_way:
                exchange.cancel()
            await pool.client.aclose()

    async def _within(self, request: httpx.Request, bounds: Bounds, hear: Heard) -> httpx.Response:
        pool = self._pool
        exchange = asyncio.create_task(_exchange(pool.client, request, bounds.most_bytes, hear))
        pool.under_way.add(exchange)
        exchange.add_done_callback(lambda done: self._finished(pool, done))
        done, _ = await asyncio.wait({exchange}, timeout=bounds.deadline_s)
        if done:
            return exchange.result()
        self._retire(pool)
        exchange.cancel()
        raise Overdue(f"no whole answer within {period(bounds.timeout_s)}", request=request)

    def _new_pool(self) -> _Pool:
        # A proxy variable must not send a loopback request elsewhere.
        client = httpx.AsyncClient(trust_env=False, **self._with_transport())
        # Unpacking is bounded, but a server that packs nothing needs none of it.
        client.headers["Accept-Encoding"] = "identity"
        return _Pool(client)

    def _with_transport(self) -> dict[str, Any]:
        settings = dict(self._settings)
        verify, limits = settings.get("verify", True), settings.get("limits")
        if settings.get("transport") is not None:
            return settings
        if self._way.proxy:
            settings["transport"] = httpx.AsyncHTTPTransport(
                verify=verify,
                limits=limits or DEFAULT_LIMITS,
                proxy=self._way.proxy,
                trust_env=False,
            )
        else:
            settings["transport"] = PlainTransport(
                verify=verify, limits=limits, socket_path=self._way.socket
            )
        return settings

    def _retire(self, pool: _Pool) -> None:
        """Send nothing more through a pool one of whose slots is lost."""
        if pool.retired:
            return
        pool.retired = True
        self._retired.add(pool)
        if pool is self._pool:
            self._pool = self._new_pool()

    def _finished(self, pool: _Pool, exchange: asyncio.Task[httpx.Response]) -> None:
        _read_outcome(exchange)
        pool.under_way.discard(exchange)
        if pool.retired and not pool.under_way and pool in self._retired:
            self._retired.discard(pool)
            closing = asyncio.get_running_loop().create_task(pool.client.aclose())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)


def ask(
    url: str, bounds: Bounds, *, transport: httpx.AsyncBaseTransport | None = None
) -> httpx.Response:
    """The answer to one GET, for callers that block.

    Raises:
        httpx.HTTPError: as `BoundedClient.send`.
    """

    async def get() -> httpx.Response:
        client = BoundedClient(timeout=bounds.timeout_s, verify=False, transport=transport)
        try:
            return await client.send(client.build_request("GET", url), bounds)
        finally:
            await client.close(0.0)

    with ThreadPoolExecutor(1) as thread:  # the caller's own may run an event loop
        return thread.submit(asyncio.run, get()).result()


async def _exchange(
    client: httpx.AsyncClient, request: httpx.Request, most: int, hear: Heard
) -> httpx.Response:
    """One request and its whole answer; the stream is closed between two parts of it."""
    response = await client.send(request, stream=True)
    try:
        content = await _body(response, most, hear)
    finally:
        await response.aclose()
    # As bytes, since what is no ASCII would not be taken as text again.
    headers = [(name, value) for name, value in response.headers.raw if name.lower() not in _SENT]
    return httpx.Response(response.status_code, headers=headers, content=content, request=request)


async def _body(response: httpx.Response, most: int, hear: Heard) -> bytes:
    if response.is_stream_consumed:  # by a transport that has answers ready, as in tests
        if response.is_success:
            hear(response.content)
        return response.content
    unpack = _unpacker(response.headers.get("content-encoding", ""), most)
    sent, body = 0, bytearray()
    async for part in response.aiter_raw():
        sent += len(part)
        unpacked = unpack(part)
        body += unpacked
        if sent > most or len(body) > most:
            raise AnswerTooLarge(most)
        if unpacked and response.is_success:
            hear(unpacked)
    return bytes(body)


def _unpacker(encoding: str, most: int) -> Callable[[bytes], bytes]:
    """What unpacks a body part by part, never to much more than `most` bytes.

    Raises:
        httpx.DecodingError: no one asked for this encoding, and it is not one of HTTP's oldest.
    """
    name = encoding.strip().lower()
    if name in _UNPACKED:
        return lambda part: part
    if name not in _PACKED:
        raise httpx.DecodingError(f"it is packed as {encoding[:40]!r}, which was not asked for")
    unpacker = zlib.decompressobj(_PACKED[name])

    def unpack(part: bytes) -> bytes:
        try:
            return unpacker.decompress(part, most + 1)
        except zlib.error as error:
            raise httpx.DecodingError(f"it is not {name}: {error}") from None

    return unpack


def _read_outcome(task: asyncio.Task[httpx.Response]) -> None:
    """Read how a task ended, or asyncio reports a request whose caller went away."""
    if not task.cancelled():
        task.exception()
