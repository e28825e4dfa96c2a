"""A command for each event: no shell, a time it may take, and so many at once."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from tsmon.notify.outlet import NotDelivered, Outlet
from tsmon.notify.records import variables
from tsmon.units import period
from tsmon.untrusted.text import one_line

if TYPE_CHECKING:
    from tsmon.notify.outlet import Report
    from tsmon.notify.records import Record

AT_ONCE = 4
LONGEST_S = 30.0
"""A command may take so long; then it is ended."""
_KILL_AFTER_S = 1.0
_REST_S = 0.2
"""For output that comes after the command ended, from what it left running."""
_KEPT_OUTPUT = 4096
"""Bytes at its end."""


class CommandOutlet(Outlet):
    """Runs a command with the event as JSON on standard input and in the environment."""

    def __init__(
        self, command: Sequence[str], report: Report, *, longest_s: float = LONGEST_S
    ) -> None:
        super().__init__(one_line(command[0]), report, AT_ONCE)
        self._command = command
        self._longest_s = longest_s

    async def deliver(self, record: Record) -> None:
        """Run the command; its output is reported where it fails."""
        # With a pipe of its own the process would not count as ended before all that it started.
        ours, theirs = os.pipe()
        reading = asyncio.create_task(_end_of(ours))
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                env=os.environ | variables(record),
                stdin=asyncio.subprocess.PIPE,
                stdout=theirs,
                stderr=theirs,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            reading.cancel()
            reason = error.strerror if isinstance(error, OSError) else error
            raise NotDelivered(f"cannot be started: {reason}") from None
        finally:
            os.close(theirs)
        try:
            async with asyncio.timeout(self._longest_s):
                if process.stdin is not None:
                    process.stdin.write(json.dumps(record).encode() + b"\n")
                    process.stdin.close()
                code = await process.wait()
            await asyncio.wait({reading}, timeout=_REST_S)
        except TimeoutError:
            raise NotDelivered(f"was ended after {period(self._longest_s)}") from None
        finally:
            await _end(process)
            reading.cancel()
        if code:
            output = await _result(reading)
            raise NotDelivered(f"{how_ended(code)}{output and f': {output}'}")


def how_ended(code: int) -> str:
    """The exit code in words, or the signal that ended it."""
    if code >= 0:
        return f"ended with exit code {code}"
    return f"was ended by {signal.Signals(-code).name}"


async def _end_of(descriptor: int) -> str:
    """The end of what comes through a pipe."""
    kept, reader = b"", asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb")
    )
    try:
        while chunk := await reader.read(_KEPT_OUTPUT):
            kept = (kept + chunk)[-_KEPT_OUTPUT:]
    finally:
        transport.close()
    return one_line(kept.decode(errors="replace"))


async def _result(reading: asyncio.Task[str]) -> str:
    with suppress(asyncio.CancelledError):
        return await reading
    return ""


async def _end(process: asyncio.subprocess.Process) -> None:
    """End what still runs, with what it started."""
    if process.returncode is not None:
        return
    for each in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, each)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _KILL_AFTER_S)
