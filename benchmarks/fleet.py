"""What it costs to watch many servers at once, and how long a key waits meanwhile.

``python -m benchmarks.fleet --servers 50`` starts stand-in servers in a process of their own
(`benchmarks.many_servers`) and watches them three ways: with a bare loop over httpx that sends the
same requests and drops the answers, with the fleet alone, and with the fleet screen open. CPU is
that of the watching process; the time of a key is that from the press to the moment at which the
app takes it. The monitor alone, with one server, stands beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
from textual.pilot import Pilot

from benchmarks.keys import SIZE, Watched, pressed
from benchmarks.table import print_table
from model.arguments import positive
from tsmon.config.files import read
from tsmon.config.schema import Config, ServerSettings
from tsmon.config.values import assembled
from tsmon.fleet.fleet import Fleet
from tsmon.telemetry.logs.percentiles import nearest_rank
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.screens.fleet import FleetScreen
from tsmon.tui.state.opening import live_session, target_named
from tsmon.tui.state.steps import shorten_pauses

WARM_UP_S = 5.0
PATHS = ("/models?limit=100&next_page_token=0", "/models/model-0/all", "/models/model-1/all")
"""What is asked of a management address at each tick, besides ping and metrics."""


@contextmanager
def servers(
    count: int, folder: Path, models: int = 3, *, busy: int | None = None, left: int = 0
) -> Iterator[Config]:
    """So many stand-ins in a process of their own, and a configuration that names them."""
    file = folder / "tsmon.toml"
    command = [sys.executable, "-m", "benchmarks.many_servers", str(count)]
    command += ["--models", str(models), "--config", str(file), "--left", str(left)]
    command += [] if busy is None else ["--busy", str(busy)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout is None or not process.stdout.readline():
            raise SystemExit("the stand-in servers did not start")
        yield assembled(Config, read(file))
    finally:
        process.communicate("")


def cpu_percent(before: float, started: float) -> float:
    """Of one core, since process time was `before` at `started`."""
    return 100 * (time.process_time() - before) / (time.monotonic() - started)


async def bare_loop(config: Config, seconds: float) -> float:
    """The CPU percent of the same requests by httpx alone, a client for each server."""
    trust = httpx.create_ssl_context()

    async def ask(server: ServerSettings, client: httpx.AsyncClient) -> None:
        urls = (
            *(server.url + path for path in PATHS),
            f"{server.inference_url}/ping",
            f"{server.metrics_url}/metrics",
        )
        for url in urls:
            (await client.get(url)).raise_for_status()

    async with AsyncExitStack() as stack:
        asked = [
            (server, await stack.enter_async_context(httpx.AsyncClient(verify=trust)))
            for server in config.servers.values()
        ]

        async def ask_all(until: float) -> None:
            while time.monotonic() < until:
                due = time.monotonic() + config.fleet.period
                await asyncio.gather(*(ask(server, client) for server, client in asked))
                await asyncio.sleep(max(due - time.monotonic(), 0))

        await ask_all(time.monotonic() + WARM_UP_S)
        before, started = time.process_time(), time.monotonic()
        await ask_all(started + seconds)
        return cpu_percent(before, started)


async def fleet_alone(config: Config, seconds: float) -> float:
    """The CPU percent of the fleet without a screen."""
    fleet = Fleet(config, lambda: None)
    watching = asyncio.create_task(fleet.run(lambda _: True))
    await asyncio.sleep(WARM_UP_S)
    before, started = time.process_time(), time.monotonic()
    await asyncio.sleep(seconds)
    percent = cpu_percent(before, started)
    watching.cancel()
    await asyncio.wait([watching])
    assert fleet.snapshot.up == len(config.servers)
    await fleet.close()
    return percent


async def on_screen(config: Config, seconds: float, *, fleet: bool) -> tuple[float, list[float]]:
    """The CPU percent of the monitor, with or without the fleet open, and the waits of keys."""
    name = next(iter(config.servers))
    options = MonitorOptions(config=config, fleet=fleet)
    app = Watched(live_session(target_named(name, options), options), options)
    app.waits = {}
    percent = 0.0

    async def watch(app: Watched, pilot: Pilot[int], seconds: float) -> None:
        nonlocal percent
        before, started = time.process_time(), time.monotonic()
        await asyncio.sleep(seconds)
        percent = cpu_percent(before, started)

    async with app.run_test(size=SIZE) as pilot:
        await asyncio.sleep(WARM_UP_S)
        assert isinstance(app.screen, FleetScreen) == fleet
        waits = await pressed(app, pilot, watch, seconds)
    return percent, waits


def _row(name: str, percent: float, waits: Sequence[float] = ()) -> list[str]:
    if not waits:
        return [name, f"{percent:.0f}", "", "", ""]
    ranks = (waits[nearest_rank(rank, len(waits)) - 1] for rank in (50, 95, 100))
    return [name, f"{percent:.0f}", *(f"{wait * 1000:.1f}" for wait in ranks)]


async def measure(config: Config, seconds: float) -> list[list[str]]:
    """A row for each way to watch."""
    return [
        _row("a bare loop over httpx, same requests", await bare_loop(config, seconds)),
        _row("the fleet alone", await fleet_alone(config, seconds)),
        _row("the monitor, one server", *await on_screen(config, seconds, fleet=False)),
        _row("the monitor with the fleet open", *await on_screen(config, seconds, fleet=True)),
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servers", type=int, default=50)
    parser.add_argument("--seconds", type=positive, default=20.0, help="for each way to watch")
    parser.add_argument("--period", type=positive, default=2.0, help="seconds between two samples")
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        servers(arguments.servers, Path(folder)) as config,
    ):
        config = replace(config, fleet=replace(config.fleet, period=arguments.period))
        shorten_pauses()  # as the monitor does before it runs
        rows = asyncio.run(measure(config, arguments.seconds))
    columns = ("watched by", "CPU %", "key p50 ms", "p95 ms", "max ms")
    title = f"{arguments.servers} servers with 3 models each, every {arguments.period:g} s"
    print_table(title, columns, rows)


if __name__ == "__main__":
    main()
