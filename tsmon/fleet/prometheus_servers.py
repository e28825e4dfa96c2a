"""The servers that a Prometheus server reports, all of them in one query."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from tsmon.config.schema import ServerSettings
from tsmon.fleet.error_rate import ErrorRate
from tsmon.fleet.file_sd import target_at
from tsmon.fleet.snapshot import HOST_GAUGES, ServerRow, aged, row_of, waiting_row
from tsmon.fleet.targets import FleetTarget, Origin
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.limits.watch import LimitWatch
from tsmon.telemetry.monitor import LONGEST_BACKOFF_S, Monitor
from tsmon.telemetry.prometheus.errors import NoNewSample, NotPrometheus
from tsmon.telemetry.prometheus.instances import discover, quoted
from tsmon.telemetry.prometheus.modes import KnownMode
from tsmon.telemetry.prometheus.samples import ANSWERS, NAMES, UP, WORKER_LOAD_MS, by_moment
from tsmon.telemetry.prometheus.source import PrometheusSource, observation_of
from tsmon.telemetry.scrape import INFERENCE_US, QUEUE_US, REQUESTS
from tsmon.telemetry.source import Observation
from tsmon.torchserve.errors import InvalidArgument, TorchServeError
from tsmon.units import duration

if TYPE_CHECKING:
    from tsmon.telemetry.limits.limit import Limit
    from tsmon.telemetry.prometheus.client import Prometheus, Series

FIRST_RANGE_S = 150.0
"""Holds two scrapes of a server that is scraped once a minute."""
LEAST_RANGE_S = 10.0
PATIENCE_SCRAPES = 3
"""Scrape intervals without a new sample after which it is said that there is none."""
DISCOVER_EVERY_S = 30.0
NEEDED = (UP, REQUESTS, INFERENCE_US, QUEUE_US, *ANSWERS, WORKER_LOAD_MS, *HOST_GAUGES)
"""The metrics that a row is made of."""

Label = tuple[str, str]
"""Instance and job."""


class Asked(NamedTuple):
    """When Prometheus was asked."""

    at: float
    """Unix time on its clock, as that of samples; it may differ from the clock here."""
    clock: float
    """What turns its times into those of `monotonic` here."""


class PrometheusServer:
    """One instance; its row is made of the raw samples that Prometheus has of it."""

    def __init__(
        self,
        client: Prometheus,
        instance: str,
        job: str,
        limits: Sequence[Limit] = (),
        pinned: Sequence[str] = (),
    ) -> None:
        self.target = _target(instance, job)
        self.row: ServerRow = waiting_row(self.target)
        self.interval_s = 0.0
        """Seconds between its last two scrapes; 0 until two were seen."""
        self._instance = instance
        self._last = 0.0
        source = PrometheusSource(client, instance, job)
        self._monitor = Monitor(source, remembers=False, limits=LimitWatch(limits))
        self._monitor.watched.pinned = (*HOST_GAUGES, *pinned)
        self._errors = ErrorRate()
        self._known = KnownMode()

    def take(self, series: Iterable[Series], asked: Asked) -> None:
        """Take what is stored of the latest scrapes."""
        for at, readings in by_moment(series).items():
            if at > self._last:
                self.interval_s = at - self._last if self._last else 0.0
                self._last = at
                instant = Instant(at + asked.clock, datetime.fromtimestamp(at, UTC))
                self._digest(observation_of(self._instance, instant, readings, self._known))
        self._check_age(asked)

    def _check_age(self, asked: Asked) -> None:
        age = asked.at - self._last
        if age > max(PATIENCE_SCRAPES * self.interval_s, LEAST_RANGE_S) and self.interval_s:
            problem = NoNewSample(
                f"Prometheus has not scraped {self._instance} for {duration(age)}"
            )
            self._digest(Observation(Instant.now(), None, problem, problem))

    def _digest(self, observation: Observation) -> None:
        self._errors.observe(observation.scrape)
        snapshot = self._monitor.digest(observation)
        self.row = row_of(self.target, snapshot, errors_per_second=self._errors.per_second)


class PrometheusServers:
    """All instances of one Prometheus server, or those of one of its jobs."""

    def __init__(
        self,
        client: Prometheus,
        job: str,
        period_s: float,
        limits: Sequence[Limit] = (),
        pinned: Sequence[str] = (),
    ) -> None:
        self.problem = ""
        """Why Prometheus cannot be read; empty where it can."""
        self.was_asked = False
        """Whether Prometheus answered, or failed to."""
        self._client = client
        self._job = job
        self._limits = limits
        self._pinned = pinned
        self.period_s = period_s
        """Seconds between two queries."""
        self._servers: dict[Label, PrometheusServer] = {}
        self._clock: float | None = None
        self._digesting_s = 0.0
        """How long the last answer took to be understood, by which no server is older."""
        self._discovered = float("-inf")

    @property
    def rows(self) -> list[ServerRow]:
        """The instances, by name and job."""
        now = Instant.now()
        now = Instant(now.monotonic - self._digesting_s, now.wall)
        servers = [self._servers[label] for label in sorted(self._servers)]
        return [
            aged(each.row, now, max(each.interval_s, self.period_s))
            if each.interval_s
            else each.row
            for each in servers
        ]

    async def run(self, changed: Callable[[], None]) -> None:
        """Read again and again until cancelled, less often while it does not answer."""
        pause = self.period_s
        while True:
            try:
                await self.read()
            except TorchServeError as error:
                self.problem = str(error)
                pause = min(2 * pause, LONGEST_BACKOFF_S)
            else:
                self.problem, pause = "", self.period_s
            self.was_asked = True
            changed()
            await asyncio.sleep(pause)

    async def read(self) -> None:
        """Read once what was scraped since the last time.

        Raises:
            TorchServeError: Prometheus does not answer as it should.
        """
        if time.monotonic() - self._discovered > DISCOVER_EVERY_S:
            await self._discover()
        asked = await self._ask_when()
        names = "|".join(self._names)
        job = f",job={quoted(self._job)}" if self._job else ""
        range_ms = round(1000 * self._range_s())
        found = await self._client.query(f'{{__name__=~"{names}"{job}}}[{range_ms}ms]', asked.at)
        began = time.monotonic()
        by_label: dict[Label, list[Series]] = {}
        for series in found:
            by_label.setdefault(_label(series), []).append(series)
        for label, server in self._servers.items():
            server.take(by_label.get(label, ()), asked)
        self._digesting_s = time.monotonic() - began

    @property
    def _names(self) -> list[str]:
        """What rows are made of, and what is pinned of the default metrics."""
        wanted = (*NEEDED, *(name for name in NAMES if any(name in each for each in self._pinned)))
        return list(dict.fromkeys(wanted))

    async def _ask_when(self) -> Asked:
        """Ask Prometheus what time it is."""
        found = await self._client.query("vector(0)")
        if not found:
            raise NotPrometheus("it does not say what time it is")
        at = found[0].samples[0].at
        if self._clock is None:
            # In binary fractions, so that differences between sample times stay exact.
            self._clock = round((time.monotonic() - at) * 1024) / 1024
        return Asked(at, self._clock)

    async def close(self) -> None:
        """Let go of the connections at once: what is under way is only read."""
        await self._client.close(grace_s=0.0)

    async def _discover(self) -> None:
        """Look which instances there are; one that was known stays while Prometheus has it."""
        there = [each for each in await discover(self._client) if self._job in {"", each.job}]
        labels = {(each.instance, each.job) for each in there}
        self._servers = {
            label: self._servers.get(label)
            or PrometheusServer(self._client, *label, self._limits, self._pinned)
            for label in sorted(labels)
        }
        self._discovered = time.monotonic()

    def _range_s(self) -> float:
        """Enough for two scrapes of the slowest, so that an answer always has an interval."""
        intervals = [server.interval_s for server in self._servers.values()]
        if not intervals or not all(intervals):
            return FIRST_RANGE_S
        return min(max(2.5 * max(intervals), LEAST_RANGE_S), FIRST_RANGE_S)


def _target(instance: str, job: str) -> FleetTarget:
    labels = {"job": job} if job else {}
    try:
        return target_at(instance, labels, Origin.PROMETHEUS)
    except InvalidArgument:  # it was relabelled: it contains no address
        return FleetTarget(instance, ServerSettings(), Origin.PROMETHEUS, labels)


def _label(series: Series) -> Label:
    return series.labels.get("instance", ""), series.labels.get("job", "")
