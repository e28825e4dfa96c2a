"""Live prediction: of what changes faster than a model answers, only the newest is asked about."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Reply = TypeVar("Reply")


class NewestOnly(Generic[Asked, Reply]):
    """At most one question is under way; of those that come meanwhile the last one is next."""

    def __init__(
        self,
        ask: Callable[[Asked], Awaitable[Reply]],
        show: Callable[[Asked, Reply], None],
    ) -> None:
        """`show` gets each answer with its question; neither callable may raise."""
        self._ask = ask
        self._show = show
        self._waiting: list[Asked] = []
        self._wanted = asyncio.Event()

    def want(self, question: Asked) -> None:
        """Ask this next; what was still waiting is never asked."""
        self._waiting = [question]
        self._wanted.set()

    async def run(self) -> None:
        """Ask and show, until cancelled."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            question = self._waiting.pop()
            self._show(question, await self._ask(question))
