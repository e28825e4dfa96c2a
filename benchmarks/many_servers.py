"""Many stand-in TorchServes in one process, for measuring what watching them costs.

``python -m benchmarks.many_servers 50 --config FILE`` listens on free loopback ports, writes a
configuration that names them, and counts made-up requests until its standard input ends. They are
the fake servers of the tests: no Java, no workers, but the same answers.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from tests.fake import FakeTorchServe
from tests.fake.loopback import on_loopback

TRAFFIC_EVERY_S = 0.5
COLORS = ("", "red", "yellow", "green", "cyan", "blue", "magenta")


def load(fake: FakeTorchServe, models: int, left: int = 0) -> None:
    """Models with workers, as a server of somebody has them; and series of others that left."""
    for number in range(models):
        fake.load(f"model-{number}", workers=2)
    for number in range(left):
        fake.serve(f"left-{number}", "1.0", n=10)


def count(fake: FakeTorchServe, models: int, moment: int) -> None:
    """Some answered requests of each model, not as many at every moment."""
    for number in range(models):
        requests = 5 + (7 * moment + 5 * number) % 16
        fake.serve(f"model-{number}", n=requests, inference_ms=5 + requests / 4, queue_ms=0.4)
    fake.requests.clear()


def configuration(fakes: Sequence[FakeTorchServe]) -> str:
    """A tsmon.toml that names all of them."""
    tables = [
        f"[servers.server-{number:02d}]\n"
        f'url = "{fake.addresses.management}"\n'
        f'inference_url = "{fake.addresses.inference}"\n'
        f'metrics_url = "{fake.addresses.metrics}"\n'
        f'color = "{COLORS[number % len(COLORS)]}"\n'
        for number, fake in enumerate(fakes)
    ]
    return "\n".join(tables)


async def serve(servers: int, models: int, busy: int, left: int, config: Path) -> None:
    """Be the servers until nobody reads from this process any more."""
    loop = asyncio.get_running_loop()
    over = loop.run_in_executor(None, sys.stdin.read)
    async with AsyncExitStack() as stack:
        listening = [await stack.enter_async_context(on_loopback()) for _ in range(servers)]
        fakes = [each.fake for each in listening]
        for fake in fakes:
            load(fake, models, left)
        await asyncio.to_thread(config.write_text, configuration(fakes))
        print("ready", flush=True)
        for moment in itertools.count():
            if over.done():
                break
            for number, fake in enumerate(fakes):
                count(fake, busy, moment + number)
            await asyncio.wait([over], timeout=TRAFFIC_EVERY_S)


def run() -> None:
    """Serve as many as were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("servers", type=int)
    parser.add_argument("--models", type=int, default=3, help="on each")
    parser.add_argument("--busy", type=int, help="of those, how many have requests; else all")
    parser.add_argument("--left", type=int, default=0, help="on each, unregistered: series alone")
    parser.add_argument("--config", type=Path, required=True)
    arguments = parser.parse_args()
    busy = min(arguments.models if arguments.busy is None else arguments.busy, arguments.models)
    asyncio.run(serve(arguments.servers, arguments.models, busy, arguments.left, arguments.config))


if __name__ == "__main__":
    run()
