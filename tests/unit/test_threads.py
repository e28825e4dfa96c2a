"""Work in threads of its own."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from contextvars import ContextVar

import pytest

from tsmon.threads import in_thread

MANY = 64
"""More than asyncio has threads."""


async def test_a_result_and_an_error_come_back() -> None:
    assert await in_thread(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await in_thread(divmod, 7, 0)


async def test_calls_that_hang_keep_no_other_from_running() -> None:
    released = threading.Event()
    hanging = [asyncio.create_task(in_thread(released.wait)) for _ in range(MANY)]
    try:
        assert await asyncio.wait_for(in_thread(sum, (1, 2)), 30) == 3
    finally:
        released.set()
    assert all(await asyncio.gather(*hanging))


async def test_it_sees_the_context_of_its_caller() -> None:
    variable: ContextVar[str] = ContextVar("variable")
    variable.set("seen")

    assert await in_thread(variable.get) == "seen"


async def test_who_no_longer_waits_is_not_disturbed() -> None:
    released = threading.Event()
    waiting = asyncio.create_task(in_thread(released.wait))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    released.set()
    assert await in_thread(lambda: 1) == 1


def test_a_call_that_hangs_does_not_keep_the_program_from_ending() -> None:
    program = """
import asyncio, threading
from tsmon.threads import in_thread

async def main():
    asyncio.create_task(in_thread(threading.Event().wait))
    await asyncio.sleep(0)
    print("ended")

asyncio.run(main())
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert ended.stdout == "ended\n"
