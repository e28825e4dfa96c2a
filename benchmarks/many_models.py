"""What it costs to watch a server with thousands of models, and how long a key takes meanwhile.

``python -m benchmarks.many_models`` serves 8, 1,000 and 2,000 models, and 10 models beside the
series of 10,000 that were unregistered, from a process of its own (`benchmarks.many_servers`), all
of them with requests or fifty. CPU is that of the watching process for each tick, with nobody at
the keys; from poll to paint is the time from the first request of a tick to the painted screen,
and beside it the CPU time that passed meanwhile, which no other work on the machine makes longer.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.fleet import servers
from benchmarks.moving import Cursor
from benchmarks.table import print_table
from model.arguments import positive
from tsmon.telemetry.logs.percentiles import nearest_rank
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.monitor.screen import MonitorScreen
from tsmon.tui.state.opening import live_session, target_named
from tsmon.tui.state.steps import shorten_pauses
from tsmon.tui.widgets.models_pane import ModelsPane

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tsmon.telemetry.snapshot import ModelKey, Snapshot
    from tsmon.telemetry.source import Observation

SIZE = (120, 40)
WARM_UP_S = 3.0
CASES = ((8, 0), (1000, 0), (2000, 0), (10, 10_000))
"""Models, and those of which only the series are left."""
BUSY = 50
COLUMNS = (
    "models", "+ left", "ticks", "CPU ms a tick", "to paint ms p50", "p95", "CPU ms p50",
    "key ms p50", "p95", "key CPU ms p50",
)  # fmt: skip


@dataclass(slots=True)
class Ticks:
    """When ticks began, and how long each took until it was on the screen."""

    began: list[tuple[float, float]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)

    def watch(self, app: TsmonApp, screen: MonitorScreen) -> None:
        """Take the times from now on."""
        source = screen.session.monitor._source
        observe = source.observe

        async def timed(focus: ModelKey | None) -> Observation:
            self.began.append((time.perf_counter(), time.process_time()))
            return await observe(focus)

        source.observe = timed  # type: ignore[method-assign]

        def shown(_: Snapshot | None) -> None:
            if self.began:
                screen.call_after_refresh(self._painted, *self.began[-1])

        app.watch(screen, "snapshot", shown, init=False)

    def _painted(self, wall: float, cpu: float) -> None:
        self.waits.append(time.perf_counter() - wall)
        self.costs.append(time.process_time() - cpu)


async def measure(models: int, left: int, seconds: float) -> list[str]:
    """A row of the table."""
    with (
        tempfile.TemporaryDirectory() as name,
        servers(1, Path(name), models, busy=BUSY, left=left) as config,
    ):
        options = MonitorOptions(config=config)
        app = TsmonApp(live_session(target_named(next(iter(config.servers)), options), options))
        async with app.run_test(size=SIZE):
            screen = app.screen
            assert isinstance(screen, MonitorScreen)
            table, ticks = screen.query_one(ModelsPane).table, Ticks()
            while not screen.selected or len(table.items) < models + left:
                await asyncio.sleep(0.1)
            await asyncio.sleep(WARM_UP_S)
            ticks.watch(app, screen)
            before = time.process_time()
            await asyncio.sleep(seconds)
            cpu, count = time.process_time() - before, max(len(ticks.began), 1)
            cells = [cpu / count, _rank(ticks.waits, 50), _rank(ticks.waits, 95)]
            cells.append(_rank(ticks.costs, 50))
            keys, costs = await Cursor(app, screen).hold(seconds)
            cells += [_rank(keys, 50), _rank(keys, 95), _rank(costs, 50)]
    return [str(models), str(left), str(count), *(f"{1000 * cell:.0f}" for cell in cells)]


def _rank(values: Sequence[float], percent: int) -> float:
    return sorted(values)[nearest_rank(percent, len(values)) - 1] if values else float("nan")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=positive, default=10.0, help="for ticks, and for keys")
    arguments = parser.parse_args()
    shorten_pauses()
    rows = [asyncio.run(measure(*case, arguments.seconds)) for case in CASES]
    print_table(f"Watching many models, of which {BUSY} have requests", COLUMNS, rows)


if __name__ == "__main__":
    main()
