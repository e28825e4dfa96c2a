"""A monitor of the fake server that asks it when the scene says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from msgspec.structs import replace

from tests.fake import FakeTorchServe
from tests.snapshots.clock import SceneClock
from tests.snapshots.scene import START
from tests.tui.seat import Seat, seated
from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.snapshot import ModelKey, ProcessUsage
from tsmon.telemetry.source import Observation
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.errors import TorchServeError
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.state.session import LiveSession, Tag

MIB = 2**20
STARTED = START.timestamp() - 7_500
"""When the workers started, by the process table."""


class PacedSource:
    """The fake server; each turn that it is given is one tick, a second after the one before."""

    def __init__(self, client: TorchServe, clock: SceneClock) -> None:
        self._live = LiveSource(client)
        self._clock = clock
        self._turns = asyncio.Semaphore(0)
        self.label = self._live.label
        self.known: dict[str, Any] = {}
        """What else an observation has, such as `reports` from log files."""

    def turn(self) -> None:
        """Let it ask once more."""
        self._turns.release()

    async def observe(self, focus: ModelKey | None) -> Observation:
        """Wait for a turn, then ask."""
        await self._turns.acquire()
        self._clock.second += 1
        found = await self._live.observe(focus)
        return replace(found, processes=_processes(found), **self.known)


def _processes(found: Observation) -> dict[int, ProcessUsage]:
    """What the process table would say: each worker has its own size."""
    if isinstance(found.models, TorchServeError):
        return {}
    pids = [each.pid for entry in found.models for each in entry.model.workers if each.pid]
    return {
        pid: ProcessUsage((700 + pid % 5) * MIB, 20.0 + pid % 7, STARTED) for pid in pids if pid > 0
    }


class Stage(Seat):
    """A seat from which one also says when time passes."""

    source: PacedSource

    async def ticks(self, number: int = 1, before_each: Callable[[], object] = bool) -> None:
        """Let the monitor ask so many times."""
        monitor = self.app.session.monitor
        for _ in range(number):
            before_each()
            seen = len(monitor.past)
            self.source.turn()
            monitor.poke()
            await self.until(lambda seen=seen: len(monitor.past) > seen)  # type: ignore[misc]


class Story(NamedTuple):
    """What happened before the screen was opened, which nothing had to be drawn for."""

    seconds: int
    happens: Callable[[int], dict[str, Any] | None]
    """Makes it happen, second by second; gives what else is known of it."""


@asynccontextmanager
async def staged(
    fake: FakeTorchServe,
    clock: SceneClock,
    options: MonitorOptions = MonitorOptions(),  # noqa: B008 (frozen)
    *,
    size: tuple[int, int] = (120, 30),
    client: TorchServe | None = None,
    tag: Tag = Tag(),
    story: Story | None = None,
) -> AsyncIterator[Stage]:
    """The monitor of a server; with a story, after what went before was seen by it."""
    client = client or fake.client()
    source = PacedSource(client, clock)
    session = LiveSession(client, options.period_s, source, tag=tag)
    for second in range(story.seconds if story else 0):
        assert story
        source.known = story.happens(second) or source.known
        source.turn()
        await session.monitor.tick()
    if story:
        source.known = story.happens(story.seconds) or source.known
    source.turn()
    async with seated(TsmonApp(session, options), size=size) as seat:
        stage = Stage(seat.app, seat.pilot)
        stage.source = source
        yield stage
