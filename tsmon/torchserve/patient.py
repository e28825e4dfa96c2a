"""An httpx client whose requests are never cancelled in flight.

httpx leaks the pool slot of a cancelled request (encode/httpcore#1093), so a caller that goes away
leaves its request to end by its own time-out.
"""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

CLOSE_GRACE_S = 2.0


class PatientClient:
    """Sends requests that outlive their caller, and waits for them a bounded moment at the end."""

    def __init__(self, **settings: Any) -> None:
        """`settings` are those of `httpx.AsyncClient`."""
        # A proxy variable must not send a loopback request elsewhere.
        self._client = httpx.AsyncClient(trust_env=False, **settings)
        self._under_way: set[asyncio.Task[httpx.Response]] = set()

    def build_request(self, method: str, url: str, **settings: Any) -> httpx.Request:
        """A request to be sent; see `httpx.AsyncClient.build_request`."""
        return self._client.build_request(method, url, **settings)

    async def send(self, request: httpx.Request) -> httpx.Response:
        """Send a request.

        Raises:
            httpx.HTTPError: as httpx does.
        """
        task = asyncio.create_task(self._client.send(request))
        self._under_way.add(task)
        task.add_done_callback(self._finished)
        return await asyncio.shield(task)

    async def close(self, grace_s: float = CLOSE_GRACE_S) -> None:
        """Give the requests under way `grace_s` seconds to end, then close the connections."""
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=grace_s)
            for task in late:
                task.cancel()
        await self._client.aclose()

    def _finished(self, task: asyncio.Task[httpx.Response]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # read it, or asyncio reports a request whose caller went away
