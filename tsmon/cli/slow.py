"""Says what a command waits for, when it waits long; the same for all commands."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tsmon.cli.output import say
from tsmon.torchserve.waiting import LONG_S, Wait, longest_wait

LOOK_S = 0.25
AGAIN_S = (10.0, 30.0, 60.0)
"""Seconds of one wait after which it is said again, and from then on each minute."""


@asynccontextmanager
async def told_when_slow() -> AsyncIterator[None]:
    """Say on stderr what is waited for, once it takes longer than two seconds."""
    telling = asyncio.create_task(_tell())
    try:
        yield
    finally:
        telling.cancel()


async def _tell() -> None:
    due: dict[tuple[str, str], float] = {}
    """When the same request may be said again; one that is asked each second hangs each second."""
    while True:
        await asyncio.sleep(LOOK_S)
        wait = longest_wait()
        if wait is None:
            continue
        now, about = time.monotonic(), (wait.what, wait.where)
        if now >= due.get(about, 0.0):
            say(words(wait))
            later = (each for each in AGAIN_S if each > wait.seconds)
            due[about] = now + next((each - wait.seconds for each in later), AGAIN_S[-1])


def words(wait: Wait) -> str:
    """Such as `waiting for PUT /models/mnist … 12 s (Ctrl-C ends the waiting; …)`."""
    changes = not wait.what.startswith("GET ")
    goes_on = "; the server goes on" if changes else ""
    where = wait.where.partition("://")[2] or wait.where
    return (
        f"waiting for {wait.what} at {where} … {max(wait.seconds, LONG_S):.0f} s"
        f" (Ctrl-C ends the waiting{goes_on})"
    )
