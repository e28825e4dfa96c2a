"""Where events go: taken at once, delivered beside everything else, and within bounds."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tsmon.notify.records import Record

MOST_WAITING = 100
"""Events that may wait for one outlet; those that come while so many do are dropped."""

Report = Callable[[str], None]
"""Takes one sentence about what was not delivered."""


class NotDelivered(Exception):
    """An event did not reach where it was sent."""


class Outlet(ABC):
    """Takes events, and has so many workers deliver them in their order."""

    def __init__(self, name: str, report: Report, workers: int = 1) -> None:
        """`name` stands in what is reported; there is no secret in it."""
        self.name = name
        self.dropped = 0
        """Events that found no room, or were left at the end."""
        self._report = report
        self._workers = workers
        self._waiting: asyncio.Queue[Record] = asyncio.Queue(MOST_WAITING)
        self._unfinished = 0
        """Those that wait or are being delivered."""
        self._running: list[asyncio.Task[None]] = []

    def put(self, record: Record) -> None:
        """Take an event; never waits."""
        try:
            self._waiting.put_nowait(record)
            self._unfinished += 1
        except asyncio.QueueFull:
            self.dropped += 1
            if self.dropped == 1:
                self._report(f"{self.name}: {MOST_WAITING} events wait, later ones are dropped")

    def start(self) -> None:
        """Begin to deliver."""
        self._running = [asyncio.create_task(self._deliver_all()) for _ in range(self._workers)]

    async def close(self, grace_s: float) -> None:
        """Give what waits so many seconds, then stop, and say what was not delivered."""
        if self._running:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._waiting.join(), grace_s)
        under_way = self._unfinished
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._running = []
        await self._let_go()
        self.dropped += under_way
        if self.dropped:
            count = "1 event was" if self.dropped == 1 else f"{self.dropped} events were"
            self._report(f"{self.name}: {count} not delivered")

    async def _deliver_all(self) -> None:
        while True:
            record = await self._waiting.get()
            try:
                await self.deliver(record)
            except NotDelivered as error:
                self._report(f"{self.name}: {error}")
            self._unfinished -= 1
            self._waiting.task_done()

    @abstractmethod
    async def deliver(self, record: Record) -> None:
        """Deliver one event.

        Raises:
            NotDelivered: it was not taken.
        """

    async def _let_go(self) -> None:  # noqa: B027 (most have nothing to let go of)
        """Let go of connections."""
