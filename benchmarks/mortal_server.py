"""A stand-in TorchServe that is made to be killed and started again, with log files.

``python -m benchmarks.mortal_server --ports 1 2 3 --models 20 --logs DIR`` serves until its
standard input ends: the fake server of the tests, with made-up requests counted and logged.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from benchmarks.server_log import STAMP, ServerLog
from tests.fake import FakeTorchServe
from tests.fake.loopback import on_loopback
from tsmon.logs.files import TS_LOG

TRAFFIC_EVERY_S = 0.5
MOST_LOG = 5 << 20
"""Bytes; then the log is rolled, as TorchServe does."""


def load(fake: FakeTorchServe, models: int) -> None:
    """Models with two workers each; the first is the one that the log is about."""
    for number in range(models):
        fake.load(f"model-{number:02d}" if number else "mnist", workers=2)


def count(fake: FakeTorchServe, moment: int) -> None:
    """Some answered requests of each model."""
    for number, name in enumerate(fake.registry.models):
        requests = 5 + (7 * moment + 5 * number) % 16
        fake.serve(name, n=requests, inference_ms=5 + requests / 4, queue_ms=0.4)
    fake.requests.clear()


def write_log(log: ServerLog, file: Path, requests: int) -> None:
    """Add the lines of some requests, and roll the file when it is large."""
    lines = log.requests(requests)[TS_LOG]
    stamp = f"{datetime.now().astimezone():%Y-%m-%dT%H:%M:%S},000"
    if file.exists() and file.stat().st_size > MOST_LOG:
        file.rename(file.with_suffix(".1.log"))
    with file.open("ab") as end:
        end.write(lines.replace(STAMP.encode(), stamp.encode()))


async def serve(ports: Sequence[int], models: int, logs: Path, rate: float) -> None:
    """Be the server until nobody reads from this process any more."""
    over = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    log = ServerLog(log_mode=False)
    async with on_loopback(ports=ports) as listening:
        load(listening.fake, models)
        print("ready", flush=True)
        for moment in itertools.count():
            if over.done():
                break
            count(listening.fake, moment)
            await asyncio.to_thread(write_log, log, logs / TS_LOG, round(rate * TRAFFIC_EVERY_S))
            await asyncio.wait([over], timeout=TRAFFIC_EVERY_S)


def run() -> None:
    """Serve as was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ports", type=int, nargs=3, required=True)
    parser.add_argument("--models", type=int, required=True)
    parser.add_argument("--logs", type=Path, required=True)
    parser.add_argument("--rate", type=float, default=10.0, help="requests a second in the log")
    given = parser.parse_args()
    asyncio.run(serve(given.ports, given.models, given.logs, given.rate))


if __name__ == "__main__":
    run()
