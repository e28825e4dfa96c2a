"""The fleet on two real servers: what it tells of them, and when one of them is busy or gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.contract.real import RealTorchServe, real_torchserve
from tsmon.config.schema import Config, FleetSettings, ServerSettings
from tsmon.fleet.access import Access
from tsmon.fleet.fleet import Fleet
from tsmon.fleet.snapshot import FleetSnapshot, ServerRow
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.management import Registration
from tsmon.torchserve.rollout import follow

pytestmark = pytest.mark.integration

SETTINGS = {
    "enable_model_api": "true",
    "metrics_mode": "prometheus",
    "default_response_timeout": "30",
}


def nobody() -> None:
    """No server of tsmon's own runs."""


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[RealTorchServe, RealTorchServe]]:
    with ExitStack() as stack:
        first, second = (stack.enter_context(real_torchserve(SETTINGS)) for _ in range(2))
        yield first, second


def settings_of(server: RealTorchServe) -> ServerSettings:
    addresses = server.addresses
    return ServerSettings(
        addresses.management, addresses.inference, addresses.metrics, key_file=server.key_file
    )


def row(snapshot: FleetSnapshot, name: str) -> ServerRow:
    return next(row for row in snapshot.servers if row.target.name == name)


async def serve_a_model(client: TorchServe) -> None:
    """Register the digit model, and wait for its worker."""
    await client.management.register(Registration("digit.mar", initial_workers=1))
    async for _ in follow(client.management, "digit", 1):
        pass


async def send(client: TorchServe) -> None:
    """Send one request after the other until cancelled."""
    while True:
        await client.inference.predict("digit", b"12345")


async def watched(fleet: Fleet, enough: Callable[[FleetSnapshot], bool]) -> FleetSnapshot:
    """Watch until something is seen, and give the snapshot in which it was."""
    seen: list[FleetSnapshot] = []

    def publish(snapshot: FleetSnapshot) -> bool:
        seen.append(snapshot)
        return not enough(snapshot)

    async with asyncio.timeout(30):
        await fleet.run(publish)
    return seen[-1]


async def test_two_real_servers_are_told_apart(
    pair: tuple[RealTorchServe, RealTorchServe],
) -> None:
    busy, idle = map(settings_of, pair)
    servers = {"busy": busy, "idle": idle, "dead": ServerSettings("http://127.0.0.1:3")}
    fleet = Fleet(Config(servers=servers, fleet=FleetSettings(period=0.5)), nobody)

    async with Access(busy, nobody).client() as client:
        await serve_a_model(client)
        sending = asyncio.create_task(send(client))
        try:
            seen = await watched(
                fleet, lambda now: isinstance(row(now, "busy").figures.inference_ms, float)
            )
        finally:
            sending.cancel()
            await fleet.close()

    told = row(seen, "busy")
    assert (told.figures.ready, told.figures.wanted) == (1, 1)
    assert isinstance(told.figures.per_second, float) and told.figures.per_second > 0
    assert told.figures.sign.word == "ready"
    assert told.errors_per_second == 0
    assert row(seen, "idle").figures.sign.word == "no models"
    assert row(seen, "dead").figures.sign.word == "away"


async def test_a_worker_that_keeps_dying_is_the_verdict_on_its_server(
    pair: tuple[RealTorchServe, RealTorchServe],
) -> None:
    servers = {"sick": settings_of(pair[1])}
    fleet = Fleet(Config(servers=servers, fleet=FleetSettings(period=0.5)), nobody)

    async with Access(servers["sick"], nobody).client() as client:
        await client.management.register(Registration("dying.mar", initial_workers=1))
        await watched(
            fleet, lambda now: row(now, "sick").figures.sign.word in {"retrying", "given up"}
        )

    await fleet.close()
