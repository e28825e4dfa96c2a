"""Ctrl-C as an order to stop well: work is cancelled, what it then restores is waited for."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tsmon.cli.output import say


@contextmanager
def interruptible(work: asyncio.Future[Any], first: str, further: str) -> Iterator[None]:
    """Ctrl-C cancels the work and says `first`; further ones say `further` and shorten nothing."""
    loop = asyncio.get_running_loop()
    words = iter((first,))

    def interrupt() -> None:
        work.cancel()  # first, since the terminal to tell it on may be gone
        say(next(words, further))

    loop.add_signal_handler(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
