"""One client for the life of a server."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

import httpx

from tsmon.torchserve.connection import Connection
from tsmon.torchserve.inference import Inference
from tsmon.torchserve.management import Management
from tsmon.torchserve.metrics import Metrics
from tsmon.torchserve.renewal import Renewal
from tsmon.torchserve.route import Route
from tsmon.torchserve.settling import actual_addresses
from tsmon.torchserve.tokens import KeyRing
from tsmon.torchserve.workflows import Workflows
from tsmon.untrusted.http import CLOSE_GRACE_S, Closing

if TYPE_CHECKING:
    from tsmon.torchserve.addresses import Addresses

SETTLE_AGAIN_S = 10.0
"""Between two attempts to learn what a port serves, while it says nothing."""
MANAGEMENT_CONNECTIONS = 20
"""A dozen descriptions that hang must leave some to the model list and to changes."""


class TorchServe(Closing):
    """A server's three APIs, each on connections of its own.

    Open it once per server and close it, or use it as an async context manager; it is bound to the
    event loop it is first used on.
    """

    def __init__(
        self,
        addresses: Addresses,
        keys: KeyRing | None = None,
        *,
        read_only: bool = False,
        route: Route = Route(),  # noqa: B008 (frozen)
        transport: httpx.AsyncBaseTransport | None = None,
        guessed: bool = False,
    ) -> None:
        """With `read_only` every change is refused here, before anything is sent.

        `route` has what is needed besides the addresses to reach it. Where the addresses are
        `guessed` from the management one, that is asked first what it serves.
        """
        self.addresses = addresses
        self._guessed = guessed
        self._settling = asyncio.Lock()
        self._settle_again_at = 0.0
        self.keys = keys or KeyRing()
        self.route = route
        self._transport = transport

        def connect(url: str, max_connections: int) -> Connection:
            return Connection(
                url,
                self.keys,
                route=route,
                transport=transport,
                max_connections=max_connections,
                keep_keys=self.keep_keys,
                settle=self.settle if guessed else None,
            )

        self._connections = (
            connect(addresses.management, MANAGEMENT_CONNECTIONS),
            connect(addresses.inference, 100),
            connect(addresses.metrics, 2),
        )
        management, inference, metrics = self._connections
        self.management = Management(management, read_only=read_only)
        self.inference = Inference(inference)
        self.metrics = Metrics(metrics)
        self.workflows = Workflows(management, self.management)
        self.renewal = Renewal(self.keys, self.management.refresh_token, allowed=not read_only)

    @property
    def read_only(self) -> bool:
        """Whether this client refuses every change."""
        return self.management.read_only

    async def keep_keys(self) -> None:
        """Renew keys that end soon, where tsmon started the server; every request does it too."""
        await self.renewal.keep()

    async def settle(self) -> None:
        """Find the addresses that were guessed; every request does it too."""
        if not self._guessed:
            return
        async with self._settling:
            if not self._guessed or monotonic() < self._settle_again_at:
                return
            actual = await actual_addresses(self.addresses, self.without_keys)
            if actual is None:
                self._settle_again_at = monotonic() + SETTLE_AGAIN_S
                return
            self._guessed = False
            if self.keys.owner == self.addresses:
                self.keys.owner = actual
            self.addresses = actual
            urls = (actual.management, actual.inference, actual.metrics)
            for connection, url in zip(self._connections, urls, strict=True):
                await connection.move_to(url)

    def without_keys(self, url: str) -> Connection:
        """A further connection to a base URL that sends no keys; who asks for it closes it."""
        return Connection(url, KeyRing(), route=self.route, transport=self._transport)

    async def close(self, grace_s: float = CLOSE_GRACE_S) -> None:
        """Give the requests under way `grace_s` seconds to end, then close the connections."""
        await asyncio.gather(*(connection.close(grace_s) for connection in self._connections))
