"""How long a key waits on the page of the logs, while lines arrive.

``python -m benchmarks.log_page`` writes a ts_log as fast as it is told to, with the lines that
TorchServe writes for requests, on top of as many as the page keeps, and presses keys as
``benchmarks.keys`` does. No server is asked. The stretches take turns, since the machine may be
busy with something else in one of them.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from benchmarks.keys import COLUMNS, SIZE, Watched, pressed, summary
from benchmarks.table import print_table
from model.arguments import positive
from tsmon.logs.files import TS_LOG
from tsmon.serving.ports import free_ports
from tsmon.telemetry.live import LiveSource
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.client import TorchServe
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.state.session import LiveSession
from tsmon.tui.widgets.log_lines import LogLines

RATES = (0, 1000, 5000)
"""Lines a second."""
ROUNDS = 3
WRITE_EVERY_S = 0.05
LINES = 40_000
"""As many are there when the page opens, more than it keeps."""
LINE = "{} [INFO ] W-9000-mnist_1.0-stdout MODEL_LOG - line {} of many that a worker prints\n"


def lines(first: int, count: int) -> str:
    """Lines as they would be written now."""
    now = time.time()
    clock = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(now))
    stamp = f"{clock},{int(now % 1 * 1000):03}"
    return "".join(LINE.format(stamp, number) for number in range(first, first + count))


def writing(log: Path, rate: int) -> Callable[[Watched, Pilot[int], float], Awaitable[None]]:
    """Lines are written at that rate by a thread of their own."""

    async def work(app: Watched, pilot: Pilot[int], seconds: float) -> None:
        over = threading.Event()

        def write() -> None:
            written, began = 0, time.monotonic()
            with log.open("a") as file:
                while not over.wait(WRITE_EVERY_S):
                    due = int(rate * (time.monotonic() - began)) - written
                    file.write(lines(written, due))
                    file.flush()
                    written += due

        thread = threading.Thread(target=write)
        thread.start()
        await asyncio.sleep(seconds)
        over.set()
        await asyncio.to_thread(thread.join)

    return work


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[tuple[Watched, Pilot[int]]]:
    """The page of the logs with as many lines as it keeps."""
    (folder / TS_LOG).write_text(lines(0, LINES))
    client = TorchServe(Addresses.from_server(f"127.0.0.1:{free_ports().management}"))
    session = LiveSession(client, source=LiveSource(client, folder))
    app = Watched(session, MonitorOptions())
    app.waits = {}
    async with app.run_test(size=SIZE) as pilot:
        while session.monitor.latest.metrics.log_folder is None:
            await pilot.pause(0.1)
        began = time.perf_counter()
        await pilot.press("l")
        while not app.screen.query(LogLines) or app.screen.query_one(LogLines).view.buffer.count < (
            LINES
        ):
            await asyncio.sleep(0.01)
        print(f"{LINES:,} lines are there {time.perf_counter() - began:.2f} s after the key")
        yield app, pilot


async def measure(seconds: float) -> list[list[str]]:
    """A row for each rate."""
    waits: dict[int, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with opened(folder) as (app, pilot):
            for _ in range(ROUNDS):
                for rate in RATES:
                    work = writing(folder / TS_LOG, rate)
                    waits[rate] += await pressed(app, pilot, work, seconds / ROUNDS)
    return [[f"{rate:,} lines/s arrive", *summary(sorted(waits[rate]))] for rate in RATES]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=positive, default=15.0, help="for each rate")
    rows = asyncio.run(measure(parser.parse_args().seconds))
    print_table("How long a key waits on the page of the logs", COLUMNS, rows)


if __name__ == "__main__":
    main()
