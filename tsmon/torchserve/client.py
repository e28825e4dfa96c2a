"""One client for the life of a server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx

from tsmon.torchserve.connection import Connection
from tsmon.torchserve.inference import Inference
from tsmon.torchserve.management import Management
from tsmon.torchserve.metrics import Metrics
from tsmon.torchserve.renewal import Renewal
from tsmon.torchserve.route import Route
from tsmon.torchserve.tokens import KeyRing
from tsmon.untrusted.http import CLOSE_GRACE_S, Closing

if TYPE_CHECKING:
    from tsmon.torchserve.addresses import Addresses

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
    ) -> None:
        """With `read_only` every change is refused here, before anything is sent.

        `route` has what is needed besides the addresses to reach it.
        """
        self.addresses = addresses
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
        self.renewal = Renewal(self.keys, self.management.refresh_token, allowed=not read_only)

    @property
    def read_only(self) -> bool:
        """Whether this client refuses every change."""
        return self.management.read_only

    async def keep_keys(self) -> None:
        """Renew keys that end soon, where tsmon started the server; every request does it too."""
        await self.renewal.keep()

    def without_keys(self, url: str) -> Connection:
        """A further connection to a base URL that sends no keys; who asks for it closes it."""
        return Connection(url, KeyRing(), route=self.route, transport=self._transport)

    async def close(self, grace_s: float = CLOSE_GRACE_S) -> None:
        """Give the requests under way `grace_s` seconds to end, then close the connections."""
        await asyncio.gather(*(connection.close(grace_s) for connection in self._connections))
