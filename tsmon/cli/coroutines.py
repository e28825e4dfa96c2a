"""Commands that are coroutines: they say what they wait for long, and stop well at Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from tsmon.cli.output import say
from tsmon.torchserve.waiting import LONG_S, Wait, longest_wait
from tsmon.units import duration

LOOK_S = 0.25
AGAIN_S = (10.0, 30.0, 60.0)
"""Seconds of one wait after which it is said again, and from then on each minute."""
_READING = ("GET ", "gRPC Describe", "gRPC List", "gRPC Ping")
P = ParamSpec("P")
T = TypeVar("T")


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine gives; what it waits for long is said."""

    async def with_notice() -> T:
        async with slow_requests_shown():
            return await work

    return asyncio.run(with_notice())


def runs_async(function: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """Make a coroutine function fit for a click command, which says what it waits for long."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return run_async(function(*args, **kwargs))

    return run


@contextmanager
def interruptible(work: asyncio.Future[Any], first: str, further: str) -> Iterator[None]:
    """Ctrl-C cancels the work and says `first`; further ones say `further` and shorten nothing."""
    loop = asyncio.get_running_loop()
    words = iter((first,))

    def interrupt() -> None:
        work.cancel()  # first, since the terminal to report it on may be gone
        say(next(words, further))

    loop.add_signal_handler(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)


@asynccontextmanager
async def slow_requests_shown() -> AsyncIterator[None]:
    """Say on stderr what is waited for, once it takes longer than two seconds."""
    showing = asyncio.create_task(_show_slow_requests())
    try:
        yield
    finally:
        showing.cancel()


async def _show_slow_requests() -> None:
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
    """Such as `waiting for PUT /models/mnist … 12 s (Ctrl-C stops waiting; …)`."""
    changes = not wait.what.startswith(_READING)
    goes_on = "; the server goes on" if changes else ""
    where = wait.where.partition("://")[2] or wait.where
    return (
        f"waiting for {wait.what} at {where} … {duration(max(wait.seconds, LONG_S))}"
        f" (Ctrl-C stops waiting{goes_on})"
    )
