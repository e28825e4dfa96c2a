"""How long a key waits before the monitor looks at it, while digits are sent.

``python -m benchmarks.keys`` serves the digit model on free loopback ports, opens the monitor on it
without a terminal, and has a thread press a key ten times a second. The time is that from the press
to the moment at which the app takes the key, so it holds whatever kept the app's event loop.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from textual import events
from textual.app import App
from textual.pilot import Pilot

from benchmarks.table import print_table
from model.arguments import positive
from tsmon.serving.archive import build_archive, digit_archive_spec
from tsmon.serving.assets import digit_assets
from tsmon.serving.local_server import LocalServer
from tsmon.serving.plan import ServerPlan
from tsmon.serving.ports import free_ports
from tsmon.telemetry.logs.percentiles import nearest_rank
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.management import Registration
from tsmon.torchserve.rollout import follow
from tsmon.torchserve.tokens import KeyRing
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.monitor.screen import MonitorScreen
from tsmon.tui.screens.load import LoadSettings, plan_of
from tsmon.tui.state.asking import AS_USUAL
from tsmon.tui.state.session import LiveSession
from tsmon.tui.state.steps import shorten_pauses
from tsmon.tui.widgets.load_view import LoadView

PRESS_EVERY_S = 0.1
SIZE = (120, 36)
COLUMNS = ("while", "keys", "p50 ms", "p95 ms", "p99 ms", "max ms", "over 50 ms")
KEY = "f12"
"""A key that is bound to nothing, so that only the waiting is measured."""


class Watched(TsmonApp):
    """The monitor, and when it took each key."""

    waits: dict[float, float]
    """By the time of the press; the app takes a key once more when no widget wanted it."""

    async def on_event(self, event: events.Event) -> None:
        """Note how long a key waited."""
        if isinstance(event, events.Key) and event.key == KEY:
            self.waits.setdefault(event.time, time.monotonic() - event.time)
        await super().on_event(event)


Work = Callable[[Watched, Pilot[int], float], Awaitable[None]]


async def idle(app: Watched, pilot: Pilot[int], seconds: float) -> None:
    """Nothing is sent; the monitor polls."""
    await asyncio.sleep(seconds)


async def batch(app: Watched, pilot: Pilot[int], seconds: float) -> None:
    """Images are sent one answer a row, ten at a time, as `N` does."""
    screen = app.screen
    assert isinstance(screen, MonitorScreen)
    model = screen.session.monitor.latest.models[0]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        screen.sending.desk.send(model.key, [screen.sending.desk.payloads * 5], concurrency=10)
        while screen.sending.desk.under_way:
            await asyncio.sleep(0.05)


def load(connections: int) -> Work:
    """A load run over so many connections, its pane open."""

    async def work(app: Watched, pilot: Pilot[int], seconds: float) -> None:
        screen = app.screen
        assert isinstance(screen, MonitorScreen)
        model = screen.session.monitor.latest.models[0]
        settings = LoadSettings(connections, None, round(seconds), 1_000_000)
        plan = plan_of(model.key, screen.sending.desk.payloads, settings, AS_USUAL)
        view = LoadView(screen.session.client, plan, None, screen.options.server_home)
        await screen.running.follow(view)
        screen.running.step_back()

    return work


WORKS: dict[str, Work] = {
    "nothing is sent": idle,
    "a batch, 10 at a time": batch,
    "a load run, 10 connections": load(10),
    "a load run, 50 connections": load(50),
}


async def pressed(app: Watched, pilot: Pilot[int], work: Work, seconds: float) -> list[float]:
    """The waits of the keys that were pressed during some work, in seconds."""
    app.waits = {}
    over = threading.Event()

    def press() -> None:
        while not over.wait(PRESS_EVERY_S):
            app.post_message(events.Key(KEY, None))

    thread = threading.Thread(target=press)
    thread.start()
    try:
        await work(app, pilot, seconds)
    finally:
        over.set()
        await asyncio.to_thread(thread.join)
    return sorted(app.waits.values())


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[tuple[Watched, Pilot[int]]]:
    """The monitor on a server with the digit model."""
    archive = build_archive(digit_archive_spec(folder / "store"))
    server = LocalServer(folder / "home")
    plan = ServerPlan(model_store=archive.parent, ports=free_ports())
    record = await asyncio.to_thread(server.start, plan)
    try:
        addresses = Addresses(record.inference, record.management, record.metrics)
        client = TorchServe(addresses, KeyRing(record.key_file))
        await client.management.register(Registration(archive.name, initial_workers=1))
        async for _ in follow(client.management, "mnist", 1):
            pass
        app = Watched(LiveSession(client), MonitorOptions(samples=digit_assets().samples))
        app.waits = {}
        async with app.run_test(size=SIZE) as pilot:
            while not _is_ready(app):
                await pilot.pause(0.1)
            yield app, pilot
    finally:
        await asyncio.to_thread(server.stop)


def _is_ready(app: App[int]) -> bool:
    screen = app.screen
    if not isinstance(screen, MonitorScreen) or not screen.sending.desk.payloads:
        return False
    return any(model.ready for model in screen.session.monitor.latest.models)


async def measure(seconds: float) -> list[list[str]]:
    """A row for each kind of work."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        async with opened(Path(folder)) as (app, pilot):
            for name, work in WORKS.items():
                rows.append([name, *summary(await pressed(app, pilot, work, seconds))])
    return rows


def summary(waits: Sequence[float]) -> list[str]:
    """A row of the table, without its first column."""
    late = sum(wait > 0.05 for wait in waits)
    ranks = (waits[nearest_rank(percent, len(waits)) - 1] for percent in (50, 95, 99, 100))
    return [str(len(waits)), *(f"{wait * 1000:.1f}" for wait in ranks), str(late)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=positive, default=10.0, help="for each kind of work")
    shorten_pauses()
    rows = asyncio.run(measure(parser.parse_args().seconds))
    print_table("How long a key waits", COLUMNS, rows)


if __name__ == "__main__":
    main()
