"""How long keys wait, and how long the loop of the app stands still, while something goes on."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.tui.seat import PATIENCE_S, Seat
from tsmon.tui.screens.help import Help

EVERY_S = 0.005
ROUNDS = 3
FIGURES = "TSMON_FAULT_FIGURES"
"""Names a file that gets the measured times, a line of JSON for each row."""


@dataclass
class Delays:
    """What was measured, in seconds."""

    keys: list[float] = field(default_factory=list)
    """From the pressing of a key to its effect on the screen."""
    stall: float = 0.0
    """The longest time that the loop computed without a look at anything else.

    That is time of the processor: other programs on the machine do not count, nor do walks of the
    garbage collector, which in a process of many tests has more to look at than in a monitor's.
    """

    @property
    def usual(self) -> float:
        """What half of the keys took at most: of one alone, other programs may have a part."""
        return sorted(self.keys)[len(self.keys) // 2]

    def keep(self, row: str) -> None:
        """Write them down where somebody wants that."""
        if path := os.environ.get(FIGURES):
            with Path(path).open("a") as file:
                file.write(json.dumps({"row": row, "keys": self.keys, "stall": self.stall}) + "\n")


@asynccontextmanager
async def watched() -> AsyncIterator[Delays]:
    """Look every few milliseconds what the loop did in between."""
    delays = Delays()

    async def look() -> None:
        while True:
            before = time.thread_time()
            await asyncio.sleep(EVERY_S)
            delays.stall = max(delays.stall, time.thread_time() - before)

    gc.collect()
    gc.disable()
    looking = asyncio.create_task(look())
    try:
        yield delays
    finally:
        looking.cancel()
        gc.enable()


async def try_keys(seat: Seat, delays: Delays) -> None:
    """Open and close the help a few times, and note how long that took each time."""
    for _ in range(ROUNDS):
        await _timed(seat, "question_mark", lambda: _has_help(seat), delays)
        await _timed(seat, "escape", lambda: not _has_help(seat), delays)


async def _timed(seat: Seat, key: str, effect: Callable[[], bool], delays: Delays) -> None:
    began = time.perf_counter()
    pressing = asyncio.create_task(seat.press(key))
    async with asyncio.timeout(PATIENCE_S):
        while not effect():  # noqa: ASYNC110 (nobody tells when a screen is there)
            await asyncio.sleep(0.001)
    delays.keys.append(time.perf_counter() - began)
    await pressing


def _has_help(seat: Seat) -> bool:
    return isinstance(seat.app.screen, Help)
