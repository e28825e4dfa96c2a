"""How long the monitor takes from its start to the first full frame with live data.

``python -m benchmarks.start`` watches a stand-in server with eight models in a pseudo-terminal
(`benchmarks.many_servers`), in turn with the smallest Textual app that shows as many rows
(`benchmarks.smallest_app`) and with the Textual programs of `PEERS`, which it installs into
``build/peers``. A frame is full when the last row's word is on the terminal; time and CPU seconds
(user and system, of the process and its ended children) are those until then.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import re
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fleet import servers
from benchmarks.table import print_table

MODELS = 8
SIZE = (36, 120)
PATIENCE_S = 30.0
COLUMNS = ("program", "wall s", "of smallest", "CPU s", "of smallest")
PEERS = {"posting": "Collection", "harlequin": "Data Catalog"}
"""Textual programs of the package index, and what the last part of their first frame says."""
_ESCAPES = re.compile(rb"\x1b(?:\[[0-9;?<=>]*[a-zA-Z]|\][^\x07\x1b]*(?:\x07|\x1b\\)|.)")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Start:
    """One start, in seconds."""

    wall: float
    cpu: float


def start(command: Sequence[str], word: str, env: dict[str, str]) -> Start:
    """Start a program in a terminal of its own, and end it once it shows a word."""
    began = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(command[0], list(command), env)  # noqa: S606 (our own argument list)
    try:
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))
        _read_until(terminal, word.encode(), began + PATIENCE_S)
        return Start(time.perf_counter() - began, _cpu_seconds(pid))
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


def _read_until(terminal: int, word: bytes, deadline: float) -> None:
    seen = b""
    while word not in _ESCAPES.sub(b"", seen):
        left = deadline - time.perf_counter()
        if left <= 0 or not select.select([terminal], [], [], left)[0]:
            raise TimeoutError(f"{word!r} did not appear; the last of it: {seen[-2000:]!r}")
        try:
            seen += os.read(terminal, 1 << 16)
        except OSError:  # the program has ended
            raise TimeoutError(f"it ended before {word!r}: {seen[-2000:]!r}") from None


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICKS


def peers(folder: Path, env: dict[str, str]) -> dict[str, tuple[list[str], str]]:
    """The commands of the peers that start here, installed where they are not, and their words."""
    if not (folder / "bin/python").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    found = {}
    for name, word in PEERS.items():
        if not (folder / "bin" / name).exists():
            pip = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", name]
            if subprocess.run(pip, check=False).returncode:
                continue
        with suppress(TimeoutError):
            start([str(folder / "bin" / name)], word, env)
            found[name] = ([str(folder / "bin" / name)], word)
    return found


def measure(rounds: int, folder: Path | None) -> list[list[str]]:
    """A row for each program: the medians, and their ratios to the smallest app."""
    env = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    with tempfile.TemporaryDirectory() as name, servers(1, Path(name), MODELS) as config:
        server = next(iter(config.servers.values())).url
        last = f"model-{MODELS - 1}"
        programs = {
            "smallest Textual app": ([sys.executable, "-m", "benchmarks.smallest_app"], last),
            "tsmon": ([sys.executable, "-m", "tsmon", "--server", server], last),
        }
        programs |= peers(folder, env) if folder else {}
        starts: dict[str, list[Start]] = {name: [] for name in programs}
        for _ in range(rounds):
            for program, (command, word) in programs.items():
                starts[program].append(start(command, word, env))
    walls = {name: statistics.median(each.wall for each in of) for name, of in starts.items()}
    cpus = {name: statistics.median(each.cpu for each in of) for name, of in starts.items()}
    wall, cpu = next(iter(walls.values())), next(iter(cpus.values()))
    return [
        [n, f"{walls[n]:.2f}", f"{walls[n] / wall:.2f}", f"{cpus[n]:.2f}", f"{cpus[n] / cpu:.2f}"]
        for n in starts
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--no-peers", action="store_true", help="install and start no others")
    arguments = parser.parse_args()
    folder = None if arguments.no_peers else Path("build/peers").resolve()
    rows = measure(arguments.rounds, folder)
    print_table("From the start to the first full frame", COLUMNS, rows)


if __name__ == "__main__":
    main()
