"""Programs that run beside a command and end with it: the exporter, Prometheus, Grafana.

All functions block.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
from msgspec import Struct

from tsmon.export.files import ExportError
from tsmon.serving.ports import LOOPBACK, free_ports, is_free
from tsmon.untrusted.files import open_regular
from tsmon.untrusted.http import Bounds, ask
from tsmon.untrusted.text import one_line

READY_S, END_S, POLL_S = 60.0, 10.0, 0.2
_BOUNDS = Bounds(timeout_s=2.0, most_bytes=2**20)
_LAST_BYTES = 2000


class Companion(Struct, frozen=True):
    """A program that is to run."""

    name: str
    command: Sequence[str]
    ready: str
    """A URL that answers once it does."""
    log: Path
    """What it writes."""


@contextmanager
def running(companion: Companion) -> Iterator[subprocess.Popen[bytes]]:
    """The program from when it answers on; it is ended afterwards.

    Raises:
        ExportError: it ended, or did not answer in time.
    """
    with companion.log.open("wb") as console:
        process = _started(companion, console.fileno())
    try:
        _wait_until_ready(companion, process)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def ended(companion: Companion, process: subprocess.Popen[bytes]) -> ExportError:
    """The error of a program that ended by itself."""
    return ExportError(
        f"{companion.name} ended with exit code {process.returncode}{_last(companion)}"
    )


def usual_or_free(port: int) -> int:
    """The port if it is free, else one that is."""
    return port if is_free(port, LOOPBACK) else free_ports().inference


def _started(companion: Companion, console: int) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            companion.command,
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # ctrl+c is for the command, which then ends it
        )
    except OSError as error:
        reason = error.strerror or str(error)
        raise ExportError(f"{companion.name} cannot be started: {reason}") from None


def _wait_until_ready(companion: Companion, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_S
    while not _answers(companion.ready):
        if process.poll() is not None:
            raise ended(companion, process)
        if time.monotonic() > deadline:
            raise ExportError(
                f"{companion.name} did not answer at {companion.ready} within {READY_S:g} s"
                f"{_last(companion)}"
            )
        time.sleep(POLL_S)


def _answers(url: str) -> bool:
    try:
        return ask(url, _BOUNDS).is_success
    except httpx.HTTPError:
        return False


def _last(companion: Companion) -> str:
    """The last line that it wrote, as the end of a sentence."""
    with open_regular(companion.log) as log:
        log.seek(max(0, companion.log.stat().st_size - _LAST_BYTES))
        lines = log.read().decode(errors="replace").split("\n")
    said = [one_line(line) for line in lines if line.strip()]
    return f": {said[-1]}" if said else ""
