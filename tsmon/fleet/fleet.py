"""All servers of the configuration, watched at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import httpx

from tsmon.fleet.access import Access, OwnServer, prometheus_client
from tsmon.fleet.kube import FleetPods
from tsmon.fleet.polled_servers import Lanes, PolledServer
from tsmon.fleet.prometheus_servers import PrometheusServers
from tsmon.fleet.snapshot import FleetSnapshot, ServerRow, aged, failed_row
from tsmon.fleet.target_files import TargetFiles
from tsmon.fleet.targets import FleetTarget, configured_targets, without_doubles
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.limits.limit import read_limits
from tsmon.telemetry.staleness import patience_s
from tsmon.threads import in_thread
from tsmon.torchserve.errors import TorchServeError

if TYPE_CHECKING:
    from tsmon.config.schema import Config

PUBLISH_S = 1.0
"""The shortest time between two snapshots, but for the first ones."""


class Fleet:
    """Asks every server at its own pace, and gives a snapshot when something changed.

    A server that does not answer holds up no other. It can be watched, left and watched again: what
    was seen before stays.
    """

    def __init__(
        self,
        config: Config,
        own: OwnServer,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        read_only: bool = False,
    ) -> None:
        """`own` gives the server that `tsmon serve` starts; `transport` None is the network.

        Raises:
            InvalidArgument: the address of the Prometheus server is not valid.
        """
        self.config = config
        self._own = cache(own)
        self._limits = read_limits(config.limits)
        self._transport = transport
        self._read_only = read_only
        self._files = TargetFiles(config.fleet.file_sd)
        self._asked: dict[str, PolledServer | ServerRow] = {}
        self._pods = FleetPods(config)
        self._sought = asyncio.Event()
        """Set when other pods were found."""
        self._looked = False
        self._from_prometheus = self._prometheus()
        self._lanes = Lanes()
        self._changed = asyncio.Event()
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @property
    def is_empty(self) -> bool:
        """Whether the configuration has no servers at all."""
        fleet = self.config.fleet
        return not (self.config.servers or fleet.file_sd or fleet.kube or fleet.prometheus)

    @property
    def snapshot(self) -> FleetSnapshot:
        """All servers as they are known now."""
        now, period = Instant.now(), self.config.fleet.period
        asked = [
            aged(each.row, now, period) if isinstance(each, PolledServer) else each
            for each in self._asked.values()
        ]
        addresses = {
            each.metrics_address for each in self._asked.values() if isinstance(each, PolledServer)
        }
        from_prometheus = self._from_prometheus.rows if self._from_prometheus else []
        problems = [*self._files.problems, *self._pods.problems]
        if self._from_prometheus and self._from_prometheus.problem:
            problems.append(self._from_prometheus.problem)
        others = (row for row in from_prometheus if row.target.instance not in addresses)
        return FleetSnapshot(Instant.now(), (*asked, *others), tuple(problems))

    @property
    def is_settled(self) -> bool:
        """Whether every server has rates, or is known not to answer."""
        from_prometheus = self._from_prometheus is None or self._from_prometheus.was_asked
        return (
            self._looked and from_prometheus and all(row.settled for row in self.snapshot.servers)
        )

    def set_period(self, seconds: float) -> None:
        """Ask every server that often, from its next sample on."""
        self.config = replace(self.config, fleet=replace(self.config.fleet, period=seconds))
        for server in self._asked.values():
            if isinstance(server, PolledServer):
                server.set_period(seconds)
        if self._from_prometheus:
            self._from_prometheus.period_s = seconds

    async def run(self, publish: Callable[[FleetSnapshot], bool]) -> None:
        """Publish a snapshot whenever something changed, at most one per `PUBLISH_S`.

        It ends when cancelled, or when `publish` gives False.
        """
        async with asyncio.TaskGroup() as group:
            others = [
                group.create_task(self._keep_looking(group)),
                group.create_task(self._pods.run(self._sought.set)),
            ]
            if self._from_prometheus:
                others.append(group.create_task(self._from_prometheus.run(self._changed.set)))
            try:
                await self._publish(publish)
            finally:
                for task in (*others, *self._tasks.values()):
                    task.cancel()
                self._tasks.clear()

    async def settled(self) -> FleetSnapshot:
        """The first snapshot in which every server has rates, or is known not to answer."""
        await self.run(lambda _: not self.is_settled)
        return self.snapshot

    async def close(self) -> None:
        """Let go of all connections."""
        closing = [each.close() for each in self._asked.values() if isinstance(each, PolledServer)]
        if self._from_prometheus:
            closing.append(self._from_prometheus.close())
        closing.append(self._pods.close())
        await asyncio.gather(*closing)

    async def _publish(self, publish: Callable[[FleetSnapshot], bool]) -> None:
        while True:
            with suppress(TimeoutError):  # what does not change grows old
                # Python 3.11's wait_for loses a cancellation that comes as the event is set.
                async with asyncio.timeout(patience_s(self.config.fleet.period)):
                    await self._changed.wait()
            self._changed.clear()
            if not publish(self.snapshot):
                return
            await asyncio.sleep(PUBLISH_S if self.is_settled else PUBLISH_S / 4)

    async def _keep_looking(self, group: asyncio.TaskGroup) -> None:
        """Follow the files that name servers, and the pods."""
        while True:
            self._sought.clear()
            found = await in_thread(self._files.read)
            all_known, pods, failed = self._pods.looked, self._pods.targets, self._pods.failed
            named = [
                each for each in configured_targets(self.config.servers) if not each.settings.kube
            ]
            others = without_doubles(found, self._metrics_addresses(named))
            targets = [*named, *pods, *others]
            await self._leave_all_but(targets)
            for target in targets:
                self._asked[target.key] = failed.get(target.key) or self._server(target)
                await asyncio.sleep(0)  # fifty clients at once would hold up a key
            self._asked = {target.key: self._asked[target.key] for target in targets}
            for key, server in self._asked.items():
                if isinstance(server, PolledServer) and key not in self._tasks:
                    self._tasks[key] = group.create_task(server.run(self._lanes, self._changed.set))
            self._looked = all_known
            self._changed.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(self.config.fleet.period):
                    await self._sought.wait()

    def _metrics_addresses(self, targets: Iterable[FleetTarget]) -> Iterator[str]:
        """Host and port of their metrics addresses, those of wrong settings left out."""
        for target in targets:
            with suppress(TorchServeError):
                metrics = Access(target.settings, self._own).addresses.metrics
                yield metrics.rpartition("://")[2]

    async def _leave_all_but(self, targets: Iterable[FleetTarget]) -> None:
        """Let go of servers that are not named any more, or named otherwise."""
        wanted = {target.key: target for target in targets}
        left = [key for key, each in self._asked.items() if each.target != wanted.get(key)]
        for key in left:
            server = self._asked.pop(key)
            if task := self._tasks.pop(key, None):
                task.cancel()
            if isinstance(server, PolledServer):
                await server.close()

    def _server(self, target: FleetTarget) -> PolledServer | ServerRow:
        """The server that already exists, or a new one."""
        if target.key in self._asked:
            return self._asked[target.key]
        try:
            access = Access(target.settings, self._own, read_only=self._read_only)
            client = access.client(self._transport)
        except TorchServeError as error:
            return failed_row(target, error)
        pinned = self.config.metrics.pinned
        return PolledServer(target, client, self.config.fleet.period, self._limits, pinned)

    def _prometheus(self) -> PrometheusServers | None:
        fleet = self.config.fleet
        if not fleet.prometheus:
            return None
        client = prometheus_client(fleet, self._transport)
        pinned = self.config.metrics.pinned
        return PrometheusServers(client, fleet.job, fleet.period, self._limits, pinned)
