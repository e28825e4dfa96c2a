"""What a test scripts to go wrong or slow."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import httpx

Reply = httpx.Response | type[httpx.RequestError]


@dataclass(slots=True)
class Hold:
    """Requests whose path begins so arrive, and wait until released."""

    prefix: str
    waiting: list[httpx.Request] = field(default_factory=list)
    """Those that arrived so far."""
    _arrived: asyncio.Condition = field(default_factory=asyncio.Condition)
    _gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def arrival(self, n: int = 1) -> None:
        """Wait until `n` requests have arrived."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: len(self.waiting) >= n)

    def release(self) -> None:
        """Let them, and all later ones, pass."""
        self._gate.set()

    async def pass_through(self, request: httpx.Request) -> None:
        self.waiting.append(request)
        async with self._arrived:
            self._arrived.notify_all()
        await self._gate.wait()


@dataclass(slots=True)
class Fault:
    """Requests whose path begins so get this instead of an answer, `times` often or for ever."""

    prefix: str
    reply: Reply
    times: int | None


class Faults:
    """The holds and faults in force."""

    def __init__(self) -> None:
        self._holds: list[Hold] = []
        self._faults: list[Fault] = []

    def hold(self, prefix: str) -> Hold:
        hold = Hold(prefix)
        self._holds.append(hold)
        return hold

    def fail(self, prefix: str, reply: Reply, times: int | None) -> None:
        self._faults.append(Fault(prefix, reply, times))

    def clear(self) -> None:
        self._faults.clear()
        for hold in self._holds:
            hold.release()
        self._holds.clear()

    async def strike(self, request: httpx.Request) -> httpx.Response | None:
        """The scripted answer to a request if there is one; a scripted error is raised."""
        for fault in self._faults:
            if fault.times == 0 or not request.url.path.startswith(fault.prefix):
                continue
            if fault.times is not None:
                fault.times -= 1
            if not isinstance(fault.reply, httpx.Response):
                raise fault.reply("scripted by the test", request=request)
            return httpx.Response(
                fault.reply.status_code,
                content=fault.reply.content,
                headers=fault.reply.headers,
            )
        return None

    async def wait(self, request: httpx.Request) -> None:
        """Wait for the holds on this path."""
        for hold in list(self._holds):
            if request.url.path.startswith(hold.prefix):
                await hold.pass_through(request)
