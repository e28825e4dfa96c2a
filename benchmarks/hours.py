"""What the monitor holds and costs while it watches for hours.

``python -m benchmarks.hours --minutes 60`` watches a stand-in server with 20 models and 50 requests
a second (`benchmarks.mortal_server`), whose log is read and rolled meanwhile, in a terminal of its
own and with a recording. Each row is one moment: the memory of its process and, since the row
before, the share of a core that it used.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import signal
import struct
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from benchmarks.soak import MortalServer, serving
from benchmarks.table import print_table
from model.arguments import positive

SIZE = (40, 140)
MODELS = 20
RATE = 50
ROWS = 12
COLUMNS = ("minute", "RSS MB", "% of a core", "recording MB")


@contextmanager
def watching(server: MortalServer, recording: Path) -> Iterator[psutil.Process]:
    """The program in a terminal whose other end is read."""
    command = [sys.executable, "-m", "tsmon", "--record", str(recording)]
    command += ["--inference-url", server.addresses.inference]
    command += ["--management-url", server.addresses.management]
    command += ["--metrics-url", server.addresses.metrics, "--logs", str(server.logs)]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(command[0], command, os.environ | {"TERM": "xterm-256color"})  # noqa: S606
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))
    reader = threading.Thread(target=_read, args=(terminal,), daemon=True)
    reader.start()
    try:
        yield psutil.Process(pid)
    finally:
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)
        reader.join()
        os.close(terminal)


def _read(terminal: int) -> None:
    with suppress(OSError):  # how a terminal says that nobody writes to it any more
        while os.read(terminal, 1 << 16):
            pass


def measure(minutes: float) -> list[list[str]]:
    """A row for each of `ROWS` moments of so many minutes."""
    rows = []
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(MODELS, Path(folder), "--rate", str(RATE)) as server,
        watching(server, Path(folder, "hours.tsmon")) as process,
    ):
        began = time.monotonic()
        process.cpu_percent()
        for row in range(1, ROWS + 1):
            time.sleep(max(began + row * minutes * 60 / ROWS - time.monotonic(), 0))
            recorded = sum(path.stat().st_size for path in Path(folder).glob("hours.tsmon*"))
            rss, share = process.memory_info().rss / 2**20, process.cpu_percent()
            passed = (time.monotonic() - began) / 60
            cells = [f"{passed:.0f}", f"{rss:.1f}", f"{share:.1f}", f"{recorded / 2**20:.1f}"]
            rows.append(cells)
            print(*cells, file=sys.stderr, flush=True)
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=positive, default=60.0)
    given = parser.parse_args()
    rows = measure(given.minutes)
    print_table("Watching 20 models at 50 requests/s, with a recording", COLUMNS, rows)


if __name__ == "__main__":
    main()
