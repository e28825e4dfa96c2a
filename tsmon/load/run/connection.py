"""One HTTP connection that carries one request at a time.

A general client spends more CPU on a request than the whole exchange costs here, and on a machine
that it shares with the server that CPU is the server's; docs/architecture.md has the figures.
"""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

import httptools

if TYPE_CHECKING:
    from tsmon.load.run.heads import KnownHeads

MOST_ANSWER_BYTES = 64 * 2**20
"""As of a single prediction; a run may have hundreds of them under way."""


class Chunked(NamedTuple):
    """How an answer came that was sent in chunks; moments on the clock of `perf_counter`."""

    first_at: float
    last_at: float
    chunks: int


class Listener(Protocol):
    """Receives the outcome of a request."""

    def streamed(self, chunked: Chunked) -> None:
        """The answer that is about to be reported came in chunks."""

    def answered(self, status: int, body: bytes, reusable: bool) -> None:
        """The whole answer is there; `reusable` is whether another request may follow it."""

    def broken(self, reason: str) -> None:
        """The connection ended, or carried something else than HTTP."""


class HttpConnection(asyncio.Protocol):
    """Writes requests that are ready as bytes, and reads the answers."""

    def __init__(self, listener: Listener, heads: KnownHeads) -> None:
        """`heads` are shared by the connections to a server."""
        self._listener: Listener | None = listener
        self._heads = heads
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._size = 0
        """Bytes of this answer so far, its head among them."""
        self._parsing = False
        """Whether a part of an answer has come."""
        self._complete = False
        self._keep_alive = False
        self._chunk_begins = False
        self._chunks = 0
        self._first_chunk_at = self._last_chunk_at = 0.0

    def write(self, request: bytes) -> None:
        """Send a request; the answer to the one before must have come."""
        if self._transport is not None:
            self._transport.write(request)

    def close(self) -> None:
        """End the connection at once; the listener hears no more of it."""
        self._listener = None
        if self._transport is not None:
            self._transport.abort()

    # asyncio calls these.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what to write to."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Read on; when the answer is whole, report it."""
        self._size += len(data)
        if self._size > MOST_ANSWER_BYTES:
            self._break(f"the answer has more than {MOST_ANSWER_BYTES >> 20} MiB")
        elif self._parsing or (body := self._heads.body_in(data)) is None:
            self._parse(data)
        elif self._listener is not None:
            self._size = 0
            self._listener.answered(200, body, True)

    def _parse(self, data: bytes) -> None:
        begins = not self._parsing
        self._parsing = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._break(f"the answer is not HTTP: {error}")
            return
        if self._complete:
            self._complete = self._parsing = False
            self._size = 0
            body = b"".join(self._body)
            self._body.clear()
            status = self._parser.get_status_code()
            if begins and status == 200 and self._keep_alive:
                self._heads.learn(data, body)
            self._report_chunks()
            if self._listener is not None:
                self._listener.answered(status, body, self._keep_alive)

    def _report_chunks(self) -> None:
        if self._chunks:
            chunked = Chunked(self._first_chunk_at, self._last_chunk_at, self._chunks)
            self._chunks = 0
            if self._listener is not None:
                self._listener.streamed(chunked)

    def connection_lost(self, exc: Exception | None) -> None:
        """Report it, unless it was closed here."""
        words = getattr(exc, "strerror", None) or exc or "the server closed the connection"
        self._break(str(words).lower())

    def _break(self, reason: str) -> None:
        listener = self._listener
        self.close()
        if listener is not None:
            listener.broken(reason)

    # httptools calls these.

    def on_chunk_header(self) -> None:
        """Expect a chunk; the last one has no body and counts for nothing."""
        self._chunk_begins = True

    def on_body(self, body: bytes) -> None:
        """Keep a part of the answer."""
        self._body.append(body)
        if self._chunk_begins:
            self._chunk_begins = False
            self._last_chunk_at = perf_counter()
            if not self._chunks:
                self._first_chunk_at = self._last_chunk_at
            self._chunks += 1

    def on_message_complete(self) -> None:
        """Note it; what a callback raises here would look like bad HTTP."""
        self._complete = True
        self._keep_alive = self._parser.should_keep_alive()  # forgotten right after this
