"""Requests to several models at once, each sender waiting for its answer before the next."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping

from tsmon.torchserve.client import TorchServe

MOST_REQUESTS = 20_000
"""However wrong a test goes, no more are sent."""


class Load:
    """As many senders per model as it was last told."""

    def __init__(self, client: TorchServe) -> None:
        self.sent: Counter[str] = Counter()
        """Requests answered, by model; TorchServe must have counted as many."""
        self._client = client
        self._senders: dict[str, list[asyncio.Task[None]]] = {}
        self._wanted: Mapping[str, int] = {}

    def change(self, senders: Mapping[str, int]) -> None:
        """From now on so many senders; those too many end with their next answer."""
        self._wanted = senders
        for model, count in senders.items():
            running = [task for task in self._senders.get(model, []) if not task.done()]
            more = range(len(running), count)
            running += [asyncio.create_task(self._send(model, number)) for number in more]
            self._senders[model] = running

    async def stop(self) -> None:
        """Wait for the last answers."""
        self._wanted = {}
        await asyncio.gather(*(task for tasks in self._senders.values() for task in tasks))
        self._senders.clear()

    async def once(self, model: str, count: int = 1) -> None:
        """Send some requests one after the other."""
        for _ in range(count):
            await self._client.inference.predict(model, b"")
            self.sent[model] += 1

    async def _send(self, model: str, number: int) -> None:
        while number < self._wanted.get(model, 0) and self.sent.total() < MOST_REQUESTS:
            await self.once(model)
