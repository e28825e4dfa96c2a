"""Keeps the tokens of a server valid: new ones before the old end, by one tsmon at a time.

A refresh voids the old key at once, for every client. Who renews therefore holds a lock on the key
file and reads it again before asking, so that several tsmons at one server ask once between them.
"""

from __future__ import annotations

import asyncio
import fcntl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tsmon.torchserve.errors import TOKEN_HINT, KeyProblem, TokenRefused, TorchServeError
from tsmon.torchserve.protection import protected
from tsmon.torchserve.tokens import KeyKind, KeyRing
from tsmon.untrusted.files import open_regular

EXPIRING = (KeyKind.MANAGEMENT, KeyKind.INFERENCE)
LEAD = timedelta(minutes=6)
"""How long before its end a key is renewed, at most half of its life; before any warning of it."""
RENEWAL_RETRY_S = 10.0
"""Between two attempts to renew what could not be renewed."""
LOCK_S = 15.0
"""How long another tsmon may take to renew; longer than its request may."""
WRITTEN_S = 2.0
"""How long the server may take to write the new key into its file."""
RENEWAL_POLL_S = 0.05


class NotWritten(TorchServeError):
    """The server has a new key that did not appear in the key file."""


class Renewal:
    """The one place where keys of a server are renewed, by itself or because someone asked."""

    def __init__(
        self, keys: KeyRing, refresh: Callable[[KeyKind], Awaitable[None]], *, allowed: bool
    ) -> None:
        """`refresh` has the server make a new key; unless `allowed` none is made by itself."""
        self._keys = keys
        self._refresh = refresh
        self._allowed = allowed
        self._under_way: asyncio.Task[None] | None = None
        self._next_attempt = 0.0
        self.problem: TorchServeError | None = None
        """Why the keys could not be renewed the last time, if so."""

    @property
    def automatic(self) -> bool:
        """Whether keys are renewed here before they end: those of a server that tsmon started."""
        return self._allowed and self._keys.own and self.problem is None

    @property
    def possible(self) -> bool:
        """Whether someone may have new keys made: the API key is at hand."""
        return self._allowed and self._keys.key(KeyKind.API) is not None

    async def keep(self) -> None:
        """Renew the keys that end soon, where they are tsmon's own; a failure is kept as problem.

        Called before every request; it costs a look at the file unless a key is due.
        """
        if not (self._allowed and self._keys.own and self._due()):
            return
        if self._under_way is None:
            if time.monotonic() < self._next_attempt:
                return
            self._under_way = asyncio.create_task(self._renew_due())
            self._under_way.add_done_callback(self._finished)
        await asyncio.shield(self._under_way)

    async def renew(self, kinds: Iterable[KeyKind] = EXPIRING) -> None:
        """Have the server make new keys and wait until they are in the key file.

        Raises:
            ReadOnly: nothing may be changed.
            TokenRefused: there is no API key, or it is another server's.
            NotWritten: the key file is a copy, or another server's.
        """
        await protected(self._renew(tuple(kinds)))

    def _due(self) -> list[KeyKind]:
        """The keys that have ended or will soon."""
        ends = self._keys.ends()
        if not ends:
            return []
        written, now = self._keys.written, datetime.now(UTC)
        # The newest key was made when the file was written, and all live equally long.
        lead = min(LEAD, (max(ends.values()) - written) / 2) if written else LEAD
        return [kind for kind in EXPIRING if kind in ends and ends[kind] - now <= lead]

    async def _renew_due(self) -> None:
        try:
            async with _locked(self._keys.path):
                self._keys.reload(force=True)
                for kind in self._due():
                    await self._renew_one(kind)
        except TorchServeError as error:
            self.problem = error
            self._next_attempt = time.monotonic() + RENEWAL_RETRY_S
        else:
            self.problem = None

    async def _renew(self, kinds: tuple[KeyKind, ...]) -> None:
        async with _locked(self._keys.path):
            self._keys.reload(force=True)
            for kind in kinds:
                await self._renew_one(kind)
        self.problem = None

    async def _renew_one(self, kind: KeyKind) -> None:
        if self._keys.key(KeyKind.API) is None:
            message = "Token Authentication failed"
            hint = "its key file has the API key that making new keys needs; " + TOKEN_HINT
            raise TokenRefused(400, "InvalidKeyException", message, KeyProblem.MISSING, hint)
        old = self._keys.authorization(kind)
        await self._refresh(kind)
        if not await self._keys.changed_from(kind, old, WRITTEN_S):
            raise NotWritten(
                f"the server made a new {kind} key, but {self._keys.path} does not have it",
                "that file is a copy or another server's: pass the one in the server's working "
                "directory with --key-file",
            )

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._under_way = None


@asynccontextmanager
async def _locked(path: Path | None) -> AsyncIterator[None]:
    """Hold the key file against other tsmons; where it cannot be locked, go on without.

    The system lets go of it when the process ends; one that holds it for too long is passed over.
    """
    try:
        file = open_regular(path) if path else None
    except OSError:
        file = None
    if file is None:
        yield
        return
    with file:
        await _lock_within(file.fileno(), LOCK_S)
        yield


async def _lock_within(descriptor: int, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while True:
        if _lock(descriptor) or time.monotonic() >= deadline:
            return
        await asyncio.sleep(RENEWAL_POLL_S)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True
