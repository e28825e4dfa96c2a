"""The fleet with servers in every state, as pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.fake import FakeTorchServe
from tests.snapshots.album import at_each
from tests.snapshots.clock import SceneClock
from tests.snapshots.stage import Stage, staged
from tsmon.config.schema import Config, FleetSettings, ServerColor, ServerSettings
from tsmon.fleet.fleet import Fleet
from tsmon.fleet.snapshot import FleetSnapshot, ServerRow, row_of
from tsmon.fleet.targets import FleetTarget, Origin
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.monitor import Monitor
from tsmon.torchserve.addresses import Addresses
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.screens.fleet import FleetScreen

SIZES = [(60, 20), (80, 24), (120, 30), (220, 60)]
PROBLEM = "targets/gpu.json: no list of targets: put [...] around it"


class StillFleet(Fleet):
    """A fleet as it was at one moment."""

    rows: tuple[ServerRow, ...] = ()

    @property
    def snapshot(self) -> FleetSnapshot:
        return FleetSnapshot(Instant.now(), self.rows, (PROBLEM,))

    async def run(self, publish: Callable[[FleetSnapshot], bool]) -> None:
        publish(self.snapshot)


async def seen(
    clock: SceneClock, target: FleetTarget, load: Callable[[FakeTorchServe], object]
) -> ServerRow:
    """A server of the fleet after two looks at it, two seconds apart."""
    address = target.settings.url or target.name
    fake = FakeTorchServe(addresses=Addresses.from_server(address))
    load(fake)
    async with fake.client() as client:
        monitor = Monitor(LiveSource(client))
        await monitor.tick()
        clock.second += 2
        for number, model in enumerate(fake.registry.models):
            fake.serve(model, n=10 * (number + 1), inference_ms=9.0 + number, queue_ms=0.4)
        snapshot = await monitor.tick()
    return row_of(target, snapshot, errors_per_second=0.0 if snapshot.server.version else None)


def settings(host: str, *, color: ServerColor = "", read_only: bool = False) -> ServerSettings:
    """Those of a server at its usual port."""
    return ServerSettings(f"http://{host}:8081", color=color, read_only=read_only)


async def rows(clock: SceneClock) -> tuple[ServerRow, ...]:
    """Seven servers, of which one is away and one has a model whose workers die."""
    servers: dict[str, tuple[ServerSettings, Callable[[FakeTorchServe], object]]] = {
        "home": (settings("home", color="green"), lambda fake: fake.load("mnist")),
        "prod-1": (settings("prod-1", color="red", read_only=True), two_models),
        "prod-2": (settings("prod-2", color="red", read_only=True), two_models),
        "staging": (settings("staging", color="yellow"), a_crash),
        "gpu-host-with-a-long-name": (settings("gpu"), lambda fake: fake.load_many(4)),
        "idle": (settings("idle"), lambda fake: None),
        "dead": (settings("dead"), lambda fake: fake.kill()),
    }
    found = [
        await seen(clock, FleetTarget(name, settings), load)
        for name, (settings, load) in servers.items()
    ]
    told = FleetTarget(
        "10.0.0.7:8082", ServerSettings(), Origin.PROMETHEUS, {"job": "torchserve", "zone": "b"}
    )
    return (*found, await seen(clock, told, two_models))


def two_models(fake: FakeTorchServe) -> None:
    fake.load("mnist", workers=2)
    fake.load("resnet", workers=4)


def a_crash(fake: FakeTorchServe) -> None:
    two_models(fake)
    fake.crash("resnet")


async def open_fleet(stage: Stage, clock: SceneClock, project: MonitorOptions) -> None:
    config = Config(fleet=FleetSettings(file_sd=(Path("targets/gpu.json"),)))
    fleet = StillFleet(config, lambda: None)
    fleet.rows = await rows(clock)
    await stage.app.push_screen(FleetScreen(stage.app.session, fleet, project))
    await stage.sees("8 servers", "dead")


async def test_a_fleet(
    elsewhere: FakeTorchServe, clock: SceneClock, project: MonitorOptions
) -> None:
    async with staged(elsewhere, clock, project) as stage:
        await open_fleet(stage, clock, project)
        await at_each(stage, "fleet-rows", SIZES)
        await stage.press("m")
        await stage.misses("└")
        await at_each(stage, "fleet-folded", [(80, 24)])
        await stage.press("m")
        await stage.press("slash")
        await stage.write("resnet")
        await at_each(stage, "fleet-filter", [(80, 24)])
