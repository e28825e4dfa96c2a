"""Running a plugin: in the terminal itself, or beside the monitor."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from tsmon.notify.commands import how_ended
from tsmon.torchserve.errors import InvalidArgument
from tsmon.untrusted.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.app import App

MOST_OUTPUT = 256 * 1024
"""Bytes of its output that are kept; what comes after them is read and dropped."""
_CHUNK = 64 * 1024


class PluginRun(Struct, frozen=True):
    """A command that is to be run."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    """What it has besides tsmon's own environment."""


class PluginEnd(Struct, frozen=True):
    """How it ended."""

    code: int
    output: str
    """Standard output and error as they came, made visible."""
    is_cut: bool


def run_in_terminal(app: App[Any], run: PluginRun) -> int:
    """Give the terminal to a command until it ends; gives its exit code.

    Raises:
        InvalidArgument: it cannot be started.
        SuspendNotSupported: this terminal cannot be given away.
    """
    with app.suspend(), _own_interrupts():
        try:
            ended = subprocess.run(run.command, env=_environment(run), check=False)
        except OSError as error:
            raise _not_started(run, error) from None
        if ended.returncode:
            with suppress(EOFError, KeyboardInterrupt):
                input(f"{run.name} {how_ended(ended.returncode)}; enter goes back: ")
    return ended.returncode


async def run_beside(run: PluginRun) -> PluginEnd:
    """Run a command without a terminal; it ends with who waits for it.

    Raises:
        InvalidArgument: it cannot be started.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *run.command,
            env=_environment(run),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise _not_started(run, error) from None
    assert process.stdout is not None  # noqa: S101 (asked for above)
    kept, is_cut = bytearray(), False
    try:
        while chunk := await process.stdout.read(_CHUNK):
            room = MOST_OUTPUT - len(kept)
            kept += chunk[:room]
            is_cut = is_cut or len(chunk) > room
        code = await process.wait()
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
    text = visible(kept.decode(errors="replace"), keep_lines=True)
    return PluginEnd(code, text, is_cut)


@contextmanager
def _own_interrupts() -> Iterator[None]:
    """Leave ctrl+c to the command in the terminal, as a shell does."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _environment(run: PluginRun) -> dict[str, str]:
    return {**os.environ, **run.environment}


def _not_started(run: PluginRun, error: OSError) -> InvalidArgument:
    reason = f"{run.command[0]} cannot be started: {error.strerror or error}"
    hint = f"see plugins.{run.name}.command in the configuration"
    return InvalidArgument(f"{run.name}: {reason}", hint)
