"""What the agreement is measured on: steady load, changing load, a restart and load after it.

tsmon watches twice meanwhile, each time with a monitor of its own: TorchServe itself, and the
Prometheus server that scrapes it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.integration.prometheus.archives import LATE, MODELS
from tests.integration.prometheus.load import Load
from tests.integration.prometheus.server import JOB, PrometheusServer
from tsmon.serving.local_server import LocalServer
from tsmon.serving.plan import ServerPlan
from tsmon.serving.ports import LOOPBACK
from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.prometheus.client import Prometheus
from tsmon.telemetry.prometheus.source import PrometheusSource
from tsmon.telemetry.snapshot import ModelKey, Snapshot
from tsmon.telemetry.source import Observation, Source
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.management import Registration
from tsmon.torchserve.tokens import KeyRing

SCRAPES = {"steady": 15, "changing": 15, "after restart": 12}
"""How long each phase is, in scrapes of Prometheus, one second apart."""
STEADY = {"quick": 1, "middle": 2, "slow": 3}
CHANGES = ({"quick": 3, "middle": 1, "slow": 1}, {"quick": 0, "middle": 3, "slow": 2})
LATE_REQUESTS = 40


@dataclass(slots=True)
class Watch:
    """A source whose observations are kept, and the snapshots made of them."""

    source: Source
    observations: list[Observation] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)

    @property
    def label(self) -> str:
        return self.source.label

    async def observe(self, focus: ModelKey | None) -> Observation:
        self.observations.append(await self.source.observe(focus))
        return self.observations[-1]

    async def watch(self) -> None:
        """For as long as it is not cancelled."""
        await Monitor(self, period_s=1.0).run(self.snapshots.append)


@dataclass(slots=True)
class Scenario:
    """What happened, in Unix times of Prometheus' scrapes."""

    server: PrometheusServer
    live: Watch
    through: Watch
    """Through Prometheus."""
    phases: dict[str, tuple[float, float]] = field(default_factory=dict)
    """First and last scrape of each phase."""
    sent: list[Counter[str]] = field(default_factory=list)
    """Requests answered in each of TorchServe's two lives."""
    counted_at: list[float] = field(default_factory=list)
    """A scrape of each life after its last answer."""


class Play:
    """Plays the scenario on a TorchServe that is not running yet."""

    def __init__(self, torchserve: LocalServer, plan: ServerPlan, server: PrometheusServer) -> None:
        self._torchserve = torchserve
        self._plan = plan
        self._server = server

    async def run(self) -> Scenario:
        """Leaves TorchServe stopped, and Prometheus with everything it scraped."""
        async with Prometheus(self._server.url) as prometheus, self._client() as client:
            live = Watch(LiveSource(client))
            through = PrometheusSource(prometheus, self._server.instance, {"job": JOB})
            scenario = Scenario(self._server, live, Watch(through))
            async with self._life(client):
                await self._server.scraped(1)
                watching = [asyncio.create_task(each.watch()) for each in (live, scenario.through)]
                await self._first_life(scenario, client)
            async with self._life(client):
                await self._second_life(scenario, client)
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)
        return scenario

    def _client(self) -> TorchServe:
        ports = self._plan.ports
        addresses = Addresses(
            f"http://{LOOPBACK}:{ports.inference}",
            f"http://{LOOPBACK}:{ports.management}",
            f"http://{LOOPBACK}:{ports.metrics}",
        )
        return TorchServe(addresses, KeyRing(self._torchserve.home.key_file))

    @asynccontextmanager
    async def _life(self, client: TorchServe) -> AsyncIterator[None]:
        await asyncio.to_thread(self._torchserve.start, self._plan)
        try:
            for model in MODELS:
                await _register(client, model)
            yield
        finally:
            await asyncio.to_thread(self._torchserve.stop)

    async def _first_life(self, scenario: Scenario, client: TorchServe) -> None:
        load = Load(client)
        begin = await self._all_series(load)
        load.change(STEADY)
        begin = await self._phase(scenario, "steady", begin)
        for scrape in range(SCRAPES["changing"]):
            if scrape % 3 == 0:
                load.change(CHANGES[scrape // 3 % 2])
            await self._server.scraped(scrape + 1, begin)
        await self._phase(scenario, "changing", begin)
        await self._late(load, client)
        await self._end(scenario, load)

    async def _late(self, load: Load, client: TorchServe) -> None:
        """A new series, its requests on both sides of its first sample."""
        await _register(client, LATE)
        await load.once(LATE, LATE_REQUESTS)
        now = (await self._server.scraped(1))[-1]
        await self._server.scraped(2, now)
        await load.once(LATE, LATE_REQUESTS)

    async def _second_life(self, scenario: Scenario, client: TorchServe) -> None:
        load = Load(client)
        begin = await self._all_series(load, scenario.counted_at[-1])
        load.change(STEADY)
        await self._phase(scenario, "after restart", begin)
        await self._end(scenario, load)

    async def _all_series(self, load: Load, after: float = 0.0) -> float:
        """The first scrape that has a sample of every series."""
        for model in MODELS:
            await load.once(model)
        settled = (await self._server.scraped(1, after))[-1]
        return (await self._server.scraped(1, settled))[0]

    async def _phase(self, scenario: Scenario, name: str, begin: float) -> float:
        end = (await self._server.scraped(SCRAPES[name], begin))[-1]
        scenario.phases[name] = (begin, end)
        return end

    async def _end(self, scenario: Scenario, load: Load) -> None:
        await load.stop()
        settled = (await self._server.scraped(1))[-1]
        scenario.counted_at.append((await self._server.scraped(2, settled))[-1])
        scenario.sent.append(load.sent)


async def _register(client: TorchServe, model: str) -> None:
    await client.management.register(
        Registration(f"{model}.mar", initial_workers=1), synchronous=True
    )
