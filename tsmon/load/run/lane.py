"""One of the requests that a run may have under way, and the connection it uses."""

from __future__ import annotations

import asyncio
import ssl
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from msgspec import Struct

from tsmon.load.refusals import Failure
from tsmon.load.run.connection import Chunked, HttpConnection
from tsmon.load.run.heads import KnownHeads
from tsmon.torchserve.addresses import SOCKET

if TYPE_CHECKING:
    from tsmon.load.run.plan import Endpoint
    from tsmon.load.run.requests import ReadyRequest

CONNECT_TIMEOUT_S = 2.0


class Link(Struct, frozen=True):
    """How to reach a server."""

    host: str
    port: int
    tls: ssl.SSLContext | None
    socket: str = ""
    """The path of a unix socket in place of host and port."""

    @classmethod
    def to(cls, endpoint: Endpoint) -> Link:
        """The link to an endpoint.

        Raises:
            OSError: the file of a certificate cannot be read.
        """
        if endpoint.url.startswith(SOCKET):
            return cls("", 0, None, endpoint.url.removeprefix(SOCKET))
        parts = urlsplit(endpoint.url)
        secure = parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        return cls(parts.hostname or "", port, _tls(endpoint) if secure else None)

    async def connect(self, connection: HttpConnection) -> None:
        """Open a connection.

        Raises:
            OSError: the server does not accept it, or not in time.
        """
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            if self.socket:
                await loop.create_unix_connection(lambda: connection, self.socket)
                return
            await loop.create_connection(lambda: connection, self.host, self.port, ssl=self.tls)

    def lanes(self, count: int, owner: LaneOwner) -> list[Lane]:
        """So many lanes to it."""
        heads = KnownHeads()
        return [HttpLane(self, heads, owner) for _ in range(count)]


def _tls(endpoint: Endpoint) -> ssl.SSLContext:
    verify = endpoint.verify
    context = ssl.create_default_context(cafile=verify if isinstance(verify, str) else None)
    if verify is False:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if endpoint.client_cert:
        context.load_cert_chain(endpoint.client_cert, endpoint.client_key or None, password="")
    return context


def reason_of(error: OSError) -> str:
    """Why there is no connection, in a few words."""
    if isinstance(error, TimeoutError):
        return "it does not accept connections"
    refused = isinstance(error, ConnectionRefusedError) or "Connect call failed" in str(error)
    return "connection refused" if refused else str(error)


class LaneOwner(Protocol):
    """Who gives a lane its requests."""

    def lane_answered(self, lane: Lane, status: int, body: bytes) -> None:
        """The answer to `lane.request` is there; the lane can take another."""

    def lane_failed(self, lane: Lane, kind: Failure, reason: str) -> None:
        """There is no answer to `lane.request`."""

    def connected(self) -> None:
        """The server accepted a connection."""


class Links(Protocol):
    """Makes the lanes of a run."""

    def lanes(self, count: int, owner: LaneOwner) -> list[Lane]:
        """So many of them."""


class Lane(ABC):
    """Carries one request at a time; connects when it has to."""

    __slots__ = ("_owner", "authorization", "chunked", "due", "request", "sent_at")

    def __init__(self, owner: LaneOwner) -> None:
        self._owner = owner
        self.request: ReadyRequest | None = None
        """The one under way."""
        self.authorization = ""
        """The key it was sent with."""
        self.due = 0.0
        """When it was to be sent, on the owner's clock."""
        self.sent_at = 0.0
        """When it was sent, on the same clock."""
        self.chunked: Chunked | None = None
        """How its answer came, if that was in chunks."""

    @abstractmethod
    async def open(self) -> None:
        """Connect before there is a request.

        Raises:
            OSError: the server does not accept it, or not in time.
        """

    @abstractmethod
    def send(self, request: ReadyRequest, due: float, now: float) -> None:
        """Send a request; the one before must have ended."""

    @abstractmethod
    def give_up(self, kind: Failure, reason: str) -> None:
        """Wait for the answer no longer."""

    @abstractmethod
    def close(self) -> None:
        """End the connection, and the attempt to make one."""

    def _fail(self, kind: Failure, reason: str) -> None:
        if self.request is not None:
            self._owner.lane_failed(self, kind, reason)


class HttpLane(Lane):
    """A lane over HTTP."""

    __slots__ = ("_connecting", "_connection", "_heads", "_link")

    def __init__(self, link: Link, heads: KnownHeads, owner: LaneOwner) -> None:
        super().__init__(owner)
        self._link = link
        self._heads = heads
        self._connection: HttpConnection | None = None
        self._connecting: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect before there is a request.

        Raises:
            OSError: the server does not accept it, or not in time.
        """
        connection = HttpConnection(self, self._heads)
        await self._link.connect(connection)
        self._connection = connection
        self._owner.connected()

    def send(self, request: ReadyRequest, due: float, now: float) -> None:
        """Send a request; the one before must have ended."""
        self.request, self.due, self.sent_at = request, due, now
        self.chunked = None
        self.authorization = request.authorization
        if self._connection is not None:
            self._connection.write(request.data)
        else:
            self._connecting = asyncio.create_task(self._open_and_send(request))

    async def _open_and_send(self, request: ReadyRequest) -> None:
        try:
            await self.open()
        except OSError as error:
            self._fail(Failure.UNREACHABLE, reason_of(error))
        else:
            if self._connection is not None:
                self._connection.write(request.data)

    def give_up(self, kind: Failure, reason: str) -> None:
        """Wait for the answer no longer."""
        self.close()
        self._fail(kind, reason)

    def close(self) -> None:
        """End the connection, and the attempt to make one."""
        if self._connecting is not None:
            self._connecting.cancel()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def streamed(self, chunked: Chunked) -> None:
        """Keep how the answer came until it is passed on."""
        self.chunked = chunked

    def answered(self, status: int, body: bytes, reusable: bool) -> None:
        """Pass the answer on."""
        if self.request is None or not reusable:
            self.close()
        if self.request is not None:
            self._owner.lane_answered(self, status, body)

    def broken(self, reason: str) -> None:
        """Pass on that there will be no answer; an idle lane connects again when it has to."""
        self._connection = None
        self._fail(Failure.UNREACHABLE, reason)
