"""How long the monitor takes from `j` or `k` to the screen that shows the row it went to.

``python -m benchmarks.moving`` watches a stand-in server with fifty models that all have traffic
(`benchmarks.many_servers`) once a second, and moves the cursor through them as a held key does, 30
times a second; then with many keys at once, as typed while the screen was busy. The time of a key
is that from the press to the painted screen, and its CPU time that of the whole process meanwhile.
Sizes and work take turns, since the machine may be busy with something else in one of them.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from itertools import cycle
from pathlib import Path
from subprocess import DEVNULL, Popen

from textual import events

from benchmarks.fleet import servers
from benchmarks.keys import summary
from benchmarks.table import print_table
from model.arguments import positive
from tsmon.config.schema import Config
from tsmon.telemetry.snapshot import ModelKey
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.monitor.screen import MonitorScreen
from tsmon.tui.state.opening import live_session, target_named
from tsmon.tui.state.steps import shorten_pauses
from tsmon.tui.widgets.models_pane import ModelsPane

MODELS = 50
SIZES = ((140, 40), (220, 60))
EVERY_S = 1 / 30
"""Between two keys of a held one."""
AT_ONCE = MODELS - 1
ROUNDS = 3
COLUMNS = ("screen, while", "keys", "p50 ms", "p95 ms", "p99 ms", "max ms", "over 50 ms", "CPU ms")


class Cursor:
    """Goes through the rows of the models by keys."""

    def __init__(self, app: TsmonApp, screen: MonitorScreen) -> None:
        self._app, self._screen = app, screen
        self._table = screen.query_one(ModelsPane).table
        self._rows = list(self._table.items)
        self._wanted: str | None = None
        self._there = asyncio.Event()
        app.watch(screen, "selected", self._look, init=False)

    def _look(self, selected: ModelKey | None) -> None:
        if str(selected) == self._wanted:
            self._screen.call_after_refresh(self._there.set)

    async def press(self, key: str, times: int = 1) -> float:
        """Seconds until a key, pressed so often at once, is on the screen."""
        step = times if key == "j" else -times
        self._wanted = self._rows[self._rows.index(str(self._screen.selected)) + step]
        self._there.clear()
        began = time.perf_counter()
        for _ in range(times):
            self._app.post_message(events.Key(key, key))
        await self._there.wait()
        return time.perf_counter() - began

    async def hold(self, seconds: float) -> tuple[list[float], list[float]]:
        """Seconds and CPU seconds of each key while one is held, down and up again."""
        waits, costs, end = [], [], time.perf_counter() + seconds
        steps = min(AT_ONCE, len(self._rows) - 1)
        for key in cycle("j" * steps + "k" * steps):
            if time.perf_counter() > end:
                break
            before = time.process_time()
            waits.append(await self.press(key))
            costs.append(time.process_time() - before)
            await asyncio.sleep(max(EVERY_S - waits[-1], 0))
        return waits, costs

    async def at_once(self) -> float:
        """Seconds that a row of keys takes which come at once, from the first row to the last."""
        if str(self._screen.selected) != self._rows[0]:
            self._wanted = self._rows[0]
            self._there.clear()
            self._table.action_first()
            await self._there.wait()
        return (await self.press("j", AT_ONCE) + await self.press("k", AT_ONCE)) / 2


@contextmanager
def load_run(server: str) -> Iterator[None]:
    """A load run by a process of its own, over ten connections."""
    command = [sys.executable, "-m", "tsmon", "load", "--server", server, "model-0", "-c", "10"]
    process = Popen([*command, "--duration", "600"], stdout=DEVNULL, stderr=DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


@asynccontextmanager
async def watching(config: Config, size: tuple[int, int]) -> AsyncIterator[Cursor]:
    """The monitor with all models in its table, the cursor on the first."""
    options = MonitorOptions(config=config)
    app = TsmonApp(live_session(target_named(next(iter(config.servers)), options), options))
    async with app.run_test(size=size) as pilot:
        screen = app.screen
        assert isinstance(screen, MonitorScreen)
        table = screen.query_one(ModelsPane).table
        while not screen.selected or len(table.items) < MODELS:
            await pilot.pause(0.1)
        yield Cursor(app, screen)


async def measure(seconds: float) -> tuple[list[list[str]], list[list[str]]]:
    """The rows of both tables; so many seconds for each kind of work and size."""
    waits: dict[str, list[float]] = defaultdict(list)
    costs: dict[str, list[float]] = defaultdict(list)
    rows: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as name, servers(1, Path(name), MODELS) as config:
        server = next(iter(config.servers.values())).url
        for _ in range(ROUNDS):
            for size in SIZES:
                for work in ("ticks alone", "a load run"):
                    what = f"{size[0]}x{size[1]}, {work}"
                    async with watching(config, size) as cursor:
                        with load_run(server) if work == "a load run" else nullcontext():
                            for total, part in zip(
                                (waits[what], costs[what]),
                                await cursor.hold(seconds / ROUNDS),
                                strict=True,
                            ):
                                total += part
                            rows[what].append(await cursor.at_once())
    return (
        [[what, *summary(sorted(waits[what])), _mean(costs[what])] for what in waits],
        [[what, *(f"{1000 * time:.0f}" for time in each)] for what, each in rows.items()],
    )


def _mean(seconds: list[float]) -> str:
    return f"{1000 * sum(seconds) / len(seconds):.1f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=positive, default=12.0, help="for each kind of work")
    shorten_pauses()
    one, many = asyncio.run(measure(parser.parse_args().seconds))
    print_table("From a key to its row on the screen", COLUMNS, one)
    title = f"{AT_ONCE} keys at once, until the last row is on the screen: ms in each round"
    print_table(title, ("screen, while", *map(str, range(1, ROUNDS + 1))), many)


if __name__ == "__main__":
    main()
