"""Takes docs/monitor.svg from a real run: a server, the digit model under a changing load.

python tools/picture.py [FILE]
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from tsmon.digits.images import find_images, pick_random
from tsmon.load.sender import send
from tsmon.serving.archive import build_archive, digit_archive_spec
from tsmon.serving.assets import digit_assets
from tsmon.serving.local_server import LocalServer
from tsmon.serving.plan import ServerPlan
from tsmon.serving.ports import free_ports
from tsmon.serving.record import ServerRecord
from tsmon.telemetry.snapshot import Snapshot
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.management import Registration
from tsmon.torchserve.rollout import follow
from tsmon.torchserve.tokens import KeyRing
from tsmon.tui.app import MonitorOptions, TsmonApp
from tsmon.tui.session import LiveSession
from tsmon.tui.widgets.digits_pane import DigitsPane

SIZE = (132, 38)
CONCURRENCIES = (1, 3, 8, 2, 5)
"""Requests under way in each stretch of the load."""
STRETCH_S = 20.0
DIGITS = 10
"""What the monitor's own key sends."""
AT_ONCE = 50
"""Images between two looks at the clock."""


@contextmanager
def server(folder: Path) -> Iterator[ServerRecord]:
    """A TorchServe with the digit model in its store."""
    store = folder / "store"
    store.mkdir()
    build_archive(digit_archive_spec(store))
    local = LocalServer(folder / "home")
    record = local.start(ServerPlan(model_store=store, ports=free_ports()))
    try:
        yield record
    finally:
        local.stop()


@asynccontextmanager
async def monitored(record: ServerRecord) -> AsyncIterator[tuple[TsmonApp, TorchServe]]:
    """The monitor on that server, with one model and two workers."""
    addresses = Addresses(record.inference, record.management, record.metrics)
    client = TorchServe(addresses, KeyRing(record.key_file))
    await client.management.register(Registration("mnist.mar", initial_workers=2))
    async for _ in follow(client.management, "mnist", 2):
        pass
    options = MonitorOptions(model_store=record.model_store, samples=digit_assets().samples)
    yield TsmonApp(LiveSession(client), options), client


async def load(client: TorchServe) -> None:
    """Send digits, a different number at a time."""
    images = find_images(digit_assets().samples)
    for concurrency in CONCURRENCIES:
        end = time.monotonic() + STRETCH_S
        while time.monotonic() < end:
            chosen = pick_random(images, AT_ONCE)
            async for _ in send(client.inference, "mnist", chosen, concurrency=concurrency):
                pass


def busy(snapshot: Snapshot) -> bool:
    """Whether the model answers requests."""
    return any(model.ready == 2 for model in snapshot.models)


async def take(record: ServerRecord) -> str:
    """Run the monitor under load, send ten digits by its key, and give the screen as SVG."""
    async with (
        monitored(record) as (app, client),
        TorchServe(client.addresses, client.keys) as sender,
        app.run_test(size=SIZE) as pilot,
    ):
        while not busy(app.session.monitor.latest):
            await pilot.pause(0.1)
        await load(sender)
        await pilot.press("n")
        while app.screen.query_one(DigitsPane).score.sent < DIGITS:
            await pilot.pause(0.1)
        last = app.session.monitor.latest
        while app.session.monitor.latest is last:
            await pilot.pause(0.1)
        await pilot.pause()
        return app.export_screenshot(title="tsmon")


def main() -> None:
    """Take the picture."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/monitor.svg")
    with tempfile.TemporaryDirectory(prefix="picture-") as folder, server(Path(folder)) as record:
        target.write_text(asyncio.run(take(record)))


if __name__ == "__main__":
    main()
