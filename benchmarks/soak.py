"""What a monitor holds while its server restarts again and again, and whether that levels off.

``python -m benchmarks.soak --minutes 30`` opens the monitor without a terminal on a stand-in server
with 20 models, kills and starts that server each minute, and has the pages opened and closed
meanwhile. Each minute it prints what the monitor's process holds; at the end it judges, and its
exit code is 1 where something grew. ``--speed 5`` does everything five times as often.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from textual import events

from benchmarks.table import print_table
from model.arguments import positive
from tsmon.serving.assets import digit_assets
from tsmon.serving.ports import free_ports
from tsmon.telemetry.live import LiveSource
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.tokens import KeyRing
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.state.session import LiveSession
from tsmon.tui.state.steps import shorten_pauses

SIZE = (140, 40)
COLUMNS = ("minute", "RSS MB", "objects", "descriptors", "threads", "tasks", "lives", "ticks")
ROUND = (
    *("e", "escape", "l", "escape", "question_mark", "escape", "d", "escape", "colon", "escape"),
    *("enter", "escape", "j", "j", "k", "1", "2", "3", "4", "1", "C", "escape", "F", "escape"),
)
"""Keys of somebody who looks at everything, one after the other."""
KEYS_EVERY_S = 0.5
AWAY_S = 2.0
TOLERANCE = 0.05
"""How much more may be held in the last third of the run than in the third before it."""


@dataclass(frozen=True, slots=True)
class Held:
    """What the process holds at one moment."""

    rss_mb: float
    objects: int
    descriptors: int
    threads: int
    tasks: int

    @classmethod
    def now(cls) -> Held:
        """Look, without garbage."""
        gc.collect()
        process = psutil.Process()
        rss_mb = process.memory_info().rss / 2**20
        objects, tasks = len(gc.get_objects()), len(asyncio.all_tasks())
        return cls(rss_mb, objects, process.num_fds(), threading.active_count(), tasks)


class MortalServer:
    """The server's process, on the same ports in each of its lives."""

    def __init__(self, models: int, logs: Path, *options: str) -> None:
        ports = free_ports()
        numbers = (ports.inference, ports.management, ports.metrics)
        urls = [f"http://127.0.0.1:{number}" for number in numbers]
        self.addresses = Addresses(*urls)
        self.logs = logs
        wanted = ["--ports", *map(str, numbers), "--models", str(models), "--logs", str(logs)]
        self._command = [sys.executable, "-m", "benchmarks.mortal_server", *wanted, *options]
        self._process: subprocess.Popen[bytes] | None = None
        self.lives = 0

    def start(self) -> None:
        """Begin a life."""
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(self._command, stdin=pipe, stdout=subprocess.DEVNULL)
        self.lives += 1

    def kill(self) -> None:
        """End it as a crash does."""
        if self._process is not None and self._process.stdin is not None:
            self._process.kill()
            self._process.wait()
            self._process.stdin.close()
            self._process = None

    async def die_and_rise(self, every_s: float) -> None:
        """Live so long, again and again."""
        while True:
            await asyncio.sleep(every_s)
            self.kill()
            await asyncio.sleep(min(AWAY_S, every_s / 10))
            self.start()


@contextmanager
def serving(models: int, logs: Path, *options: str) -> Iterator[MortalServer]:
    """A server in its first life."""
    server = MortalServer(models, logs, *options)
    server.start()
    try:
        yield server
    finally:
        server.kill()


async def press(app: TsmonApp, every_s: float) -> None:
    """Press the keys of somebody who looks at everything."""
    while True:
        for key in ROUND:
            app.post_message(events.Key(key, key if len(key) == 1 else None))
            await asyncio.sleep(every_s)


async def soak(
    server: MortalServer, minutes: float, speed: float, folder: Path, *, types: bool
) -> list[Held]:
    """What the monitor held at the end of each minute; printed as it comes."""
    client = TorchServe(server.addresses, KeyRing())
    options = MonitorOptions(period_s=1 / speed, samples=digit_assets().samples, drawings=folder)
    found: list[Held] = []
    before: Counter[str] = Counter()
    with closing(LiveSource(client, server.logs)) as source:
        app = TsmonApp(LiveSession(client, options.period_s, source), options)
        async with app.run_test(size=SIZE), asyncio.TaskGroup() as beside:
            work = [
                beside.create_task(press(app, KEYS_EVERY_S / speed)),
                beside.create_task(server.die_and_rise(60 / speed)),
            ]
            start = time.monotonic()
            print(("{:>12}" * len(COLUMNS)).format(*COLUMNS), flush=True)
            while (elapsed := time.monotonic() - start) < minutes * 60 and app.is_running:
                await asyncio.sleep(min(60.0, minutes * 60 - elapsed))
                held = Held.now()
                found.append(held)
                row = [f"{(time.monotonic() - start) / 60:.0f}", *cells(held), str(server.lives)]
                row.append(str(len(app.session.monitor.past)))
                print(("{:>12}" * len(row)).format(*row), flush=True)
                if types:
                    before = print_growth(before)
            for each in work:
                each.cancel()
    return found


def print_growth(before: Counter[str]) -> Counter[str]:
    """Print which kinds of objects became more, and give how many there are."""
    now = Counter(type(each).__qualname__ for each in gc.get_objects())
    grown = {name: number - before[name] for name, number in now.items()}
    most = sorted(grown.items(), key=lambda each: -each[1])[:12]
    print("   ", ", ".join(f"{name} {number:+}" for name, number in most), flush=True)
    return now


def cells(held: Held) -> list[str]:
    """One moment as cells of the table."""
    rest = (held.objects, held.descriptors, held.threads, held.tasks)
    return [f"{held.rss_mb:.1f}", *map(str, rest)]


def judge(found: Sequence[Held]) -> list[list[str]]:
    """For each thing that is held: the most of it in each third, and whether it levelled off."""
    third = max(len(found) // 3, 1)
    parts = (found[:third], found[third:-third] or found[-third:], found[-third:])
    rows = []
    for name, allowed in (
        ("rss_mb", TOLERANCE),
        ("objects", TOLERANCE),
        ("descriptors", 0.0),
        ("threads", 0.0),
        ("tasks", 0.0),
    ):
        first, middle, last = (max(getattr(each, name) for each in part) for part in parts)
        verdict = "levels off" if last <= middle * (1 + allowed) else "GROWS"
        rows.append([name, f"{first:.0f}", f"{middle:.0f}", f"{last:.0f}", verdict])
    return rows


def run() -> None:
    """Soak, print and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=positive, default=30.0)
    parser.add_argument("--models", type=int, default=20)
    parser.add_argument("--speed", type=positive, default=1.0, help="times as often as by default")
    parser.add_argument("--types", action="store_true", help="tell which kinds of objects grow")
    given = parser.parse_args()
    os.environ["TSMON_CONFIG"] = os.devnull
    shorten_pauses()
    with tempfile.TemporaryDirectory() as folder, serving(given.models, Path(folder)) as server:
        found = asyncio.run(
            soak(server, given.minutes, given.speed, Path(folder), types=given.types)
        )
    rows = judge(found)
    print_table("Most held in each third", ("", "first", "second", "last", "verdict"), rows)
    sys.exit(any(row[-1] != "levels off" for row in rows))


if __name__ == "__main__":
    run()
