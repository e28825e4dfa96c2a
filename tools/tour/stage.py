"""What the stills are taken of: a server with two versions of the digit model, and load on them."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.tui.seat import Seat, seated
from tsmon.digits.folders import find_images
from tsmon.digits.images import DigitImage
from tsmon.load.run.plan import RunPlan
from tsmon.load.run.run import complete_run
from tsmon.serving.archive import build_archive, digit_archive_spec
from tsmon.serving.assets import digit_assets
from tsmon.serving.local_server import LocalServer
from tsmon.serving.plan import ServerPlan
from tsmon.serving.ports import free_ports
from tsmon.serving.record import ServerRecord
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.management import Registration
from tsmon.torchserve.rollout import follow
from tsmon.torchserve.tokens import KeyRing
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.state.session import LiveSession

MODEL = "mnist"
VERSIONS = ("1.0", "2.0")
"""Registered, each with one worker; the first is the default one."""
NEXT_VERSION = "3.0"
"""Lies in the model store."""
SIZE = (140, 40)
"""Columns and lines of the terminal."""
PATIENCE_S = 90.0
"""A worker loads PyTorch before it is ready, on a busy machine for a long time."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Requests without a version at a steady rate."""

    rate: float
    """Requests per second."""
    seconds: float


class Traffic:
    """Stretches one after the other, each sent by a process of its own."""

    def __init__(
        self, client: TorchServe, images: tuple[DigitImage, ...], version: str | None = None
    ) -> None:
        self._client = client
        self._images = images
        self._version = version

    async def send(self, stretches: Sequence[Stretch]) -> None:
        """Send all of them; each has an end in requests and in seconds."""
        for stretch in stretches:
            await complete_run(self._client, self._plan(stretch))

    def _plan(self, stretch: Stretch) -> RunPlan:
        return RunPlan(
            model=MODEL,
            payloads=self._images,
            version=self._version,
            rate=stretch.rate,
            poisson=True,
            count=int(stretch.rate * stretch.seconds),
            duration_s=stretch.seconds,
        )

    @asynccontextmanager
    async def background(self, stretches: Sequence[Stretch]) -> AsyncIterator[None]:
        """Send beside what goes on inside, at most until its end."""
        sending = asyncio.create_task(self.send(stretches))
        try:
            yield
        finally:
            sending.cancel()
            with suppress(asyncio.CancelledError):
                await sending


@contextmanager
def server(folder: Path) -> Iterator[ServerRecord]:
    """A TorchServe on free ports with the archives in its store; it ends with what is inside."""
    store = folder / "store"
    store.mkdir()
    for version in (*VERSIONS, NEXT_VERSION):
        built = build_archive(digit_archive_spec(store, version=version))
        built.rename(store / f"{MODEL}-{version}.mar")
    local = LocalServer(folder / "home")
    record = local.start(ServerPlan(model_store=store, ports=free_ports()))
    try:
        yield record
    finally:
        local.stop()


@dataclass(frozen=True, slots=True)
class Stage:
    """A monitor in front of the server, and who sends to it."""

    seat: Seat
    default: Traffic
    """To the default version."""
    other: Traffic
    """To the second version."""


@asynccontextmanager
async def stage(folder: Path, record: ServerRecord) -> AsyncIterator[Stage]:
    """Register the versions and open the monitor; the samples are copied to a neutral place."""
    samples = Path(shutil.copytree(digit_assets().samples, folder / "tour" / "digits"))
    images = tuple(find_images(samples))
    options = MonitorOptions(
        span_s=60.0,
        model_store=record.model_store,
        samples=samples,
        drawings=folder / "drawings",
        server_home=folder / "home",
    )
    addresses = Addresses(record.inference, record.management, record.metrics)
    keys = KeyRing(record.key_file)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(TorchServe(addresses, keys))
        for version in VERSIONS:
            await _register(client, version)
        app = TsmonApp(LiveSession(TorchServe(addresses, keys), options.period_s), options)
        seat = await stack.enter_async_context(seated(app, size=SIZE, patience_s=PATIENCE_S))
        yield Stage(seat, Traffic(client, images), Traffic(client, images, VERSIONS[1]))


async def _register(client: TorchServe, version: str) -> None:
    archive = f"{MODEL}-{version}.mar"
    await client.management.register(Registration(archive, initial_workers=1))
    async for _ in follow(client.management, MODEL, 1, version=version):
        pass
