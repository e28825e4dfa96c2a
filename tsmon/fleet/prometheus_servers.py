"""The servers that a Prometheus server reports, by sums that it makes itself."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from tsmon.conditions import FIVE_MINUTES_S, MINUTE_S
from tsmon.config.schema import ServerSettings
from tsmon.fleet.file_sd import target_at
from tsmon.fleet.prometheus_queries import (
    LONGEST_INTERVAL_S,
    SHORT_S,
    WORKER_OF,
    Questions,
    torchserves,
    windows_s,
)
from tsmon.fleet.prometheus_rows import Key, PrometheusServer, Rates, Seen, Sums, Usages
from tsmon.fleet.snapshot import HOST_GAUGES, ServerRow, aged
from tsmon.fleet.targets import FleetTarget, Origin
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.monitor import LONGEST_BACKOFF_S
from tsmon.telemetry.prometheus.label_sets import distinguishing, names_of, values_of
from tsmon.telemetry.prometheus.samples import NAMES, SeriesReading
from tsmon.telemetry.snapshot import ServerState
from tsmon.torchserve.errors import InvalidArgument, TorchServeError

if TYPE_CHECKING:
    from tsmon.telemetry.limits.limit import Limit
    from tsmon.telemetry.prometheus.client import LabelSet, Prometheus, Vector

DISCOVER_EVERY_S = 30.0
LEAST_GAPS = 2
"""Between scrapes, of which one may be a scrape that was missed."""
STEP = 50
"""Rows that are made without a break, within which no key is taken."""
OF_USAGE = frozenset({"mean", "queue-time", "rate"})
"""What limits are about that is counted over a minute or five."""

Labels = tuple[tuple[str, str], ...]
"""A whole label set, sorted by name."""


class _Round(Struct, frozen=True):
    """What one round of questions found, by target."""

    usages: Mapping[Key, Usages]
    minute: Mapping[Key, Usages]
    five_minutes: Mapping[Key, Usages]
    errors: Mapping[Key, float | None]
    series: Mapping[Key, Sequence[SeriesReading]]


class PrometheusServers:
    """All TorchServes that one Prometheus server scrapes, or those of one of its jobs."""

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
        self.period_s = period_s
        """Seconds between two rounds of questions."""
        self._client = client
        self._only = (job,) if job else ()
        self._jobs: tuple[str, ...] = self._only
        self._limits = limits
        self._pinned = pinned
        self._known: set[Labels] = set()
        self._servers: dict[Labels, PrometheusServer] = {}
        self._loaded: dict[Key, list[str]] = {}
        self._questions = Questions(self._jobs)
        self._discovered: float | None = None

    @property
    def rows(self) -> list[ServerRow]:
        """The servers, by their labels."""
        now = Instant.now()
        # One is as old as its scrape interval when it is asked for, and a period more before it
        # is asked for again.
        return [
            aged(each.row, now, each.longest_interval_s + self.period_s)
            for each in self._servers.values()
        ]

    async def run(self, changed: Callable[[], None]) -> None:
        """Ask again and again until cancelled, less often while it does not answer."""
        pause = self.period_s
        while True:
            began = time.monotonic()
            try:
                await self.read()
            except TorchServeError as error:
                self.problem = "; ".join(filter(None, (str(error), error.hint)))
                pause = min(2 * pause, LONGEST_BACKOFF_S)
            else:
                self.problem, pause = "", self.period_s
            self.was_asked = True
            changed()
            await asyncio.sleep(max(pause - (time.monotonic() - began), pause / 2))

    async def read(self) -> None:
        """Ask once for everything that rows are made of.

        Raises:
            TorchServeError: Prometheus does not answer as it should.
        """
        due = self._discovered is None or time.monotonic() - self._discovered > DISCOVER_EVERY_S
        if due:
            await self._discover()
        if not self._known:
            self._servers.clear()
            return
        ages, down = await asyncio.gather(
            self._client.vector(self._questions.ages_s), self._client.vector(self._questions.down)
        )
        now = Instant.now()
        seen = self._seen(ages, down)
        key = distinguishing([labels for labels, _ in ages.values])
        is_new_key = key != self._questions.key
        if due:
            await self._measure()
        windows = windows_s(filter(None, (each.interval_s for each in self._servers.values())))
        self._questions = Questions(self._jobs, key, windows)
        if due or is_new_key:
            await self._find_workers()
        await self._take(seen, await self._ask(), now)

    async def close(self) -> None:
        """Let go of the connections at once: what is under way is only read."""
        await self._client.close(grace_s=0.0)

    async def _discover(self) -> None:
        """Look which targets are TorchServes."""
        found = await self._client.vector(torchserves(self._only))
        self._known = {_whole(labels) for labels, _ in found.values}
        self._jobs = self._only or tuple(
            sorted({labels.get("job", "") for labels, _ in found.values})
        )
        whole = sorted(self._known)
        before, self._servers = self._servers, {}
        for labels, name in zip(whole, names_of([dict(each) for each in whole]), strict=True):
            target = _target(dict(labels), name)
            server = before.get(labels) or PrometheusServer(target, self._limits, self._pinned)
            server.target = target
            self._servers[labels] = server
        self._questions = Questions(self._jobs, self._questions.key, self._questions.windows_s)
        self._discovered = time.monotonic()

    def _seen(self, ages: Vector, down: Vector) -> dict[Labels, Seen]:
        failed = {_whole(labels) for labels, _ in down.values}
        seen = {}
        for labels, age in ages.values:
            whole = _whole(labels)
            if whole in self._known:
                seen[whole] = Seen(ages.at - age, max(age, 0.0), whole not in failed)
        return seen

    async def _measure(self) -> None:
        """Learn in which interval each target is scraped: what is usual between its scrapes."""
        slow = await self._measure_by(self._questions, SHORT_S)
        if slow:
            jobs = tuple(sorted({dict(labels).get("job", "") for labels in slow}))
            await self._measure_by(Questions(jobs), LONGEST_INTERVAL_S)

    async def _measure_by(self, questions: Questions, seconds: int) -> set[Labels]:
        """Do it by the scrapes of the last seconds; gives the targets that have too few of them."""
        few = set(self._servers)
        for series in await self._client.query(questions.scrapes(seconds)):
            server = self._servers.get(_whole(series.labels))
            gaps = [later.at - each.at for each, later in pairwise(series.samples)]
            if server is not None and len(gaps) >= LEAST_GAPS:
                server.interval_s = median(gaps)
                few.discard(_whole(series.labels))
        return few

    async def _find_workers(self) -> None:
        found = await self._client.vector(self._questions.workers)
        self._loaded = {}
        for labels, _ in found.values:
            key = values_of(labels, self._questions.key)
            self._loaded.setdefault(key, []).append(labels.get(WORKER_OF, ""))

    async def _ask(self) -> _Round:
        questions = self._questions
        rates, minute, five_minutes, errors, answers, series = await asyncio.gather(
            self._rates(questions),
            self._rates_over(MINUTE_S),
            self._rates_over(FIVE_MINUTES_S),
            self._client.vector(questions.errors),
            self._client.vector(questions.answers),
            self._client.vector(questions.series(self._names)),
        )
        by_key: dict[Key, list[SeriesReading]] = {}
        for labels, value in series.values:
            reading = SeriesReading(labels, value)
            by_key.setdefault(values_of(labels, questions.key), []).append(reading)
        errors_of = _errors(questions.key, errors, answers)
        return _Round(rates, minute, five_minutes, errors_of, by_key)

    async def _rates(self, questions: Questions) -> Mapping[Key, Usages]:
        asked = (questions.requests, questions.inference_us, questions.queue_us)
        rates = Rates(*await asyncio.gather(*map(self._client.vector, asked)))
        return rates.usages(questions.key)

    async def _rates_over(self, seconds: float) -> Mapping[Key, Usages]:
        """Over a longer window, where a limit is about that."""
        of_limits = (
            each.condition.window_s or MINUTE_S
            for each in self._limits
            if each.condition.quantity in OF_USAGE
        )
        if seconds not in of_limits:
            return {}
        longer = (each for each in self._questions.windows_s if each > seconds)
        return await self._rates(replace(self._questions, windows_s=(round(seconds), *longer)))

    async def _take(self, seen: Mapping[Labels, Seen], found: _Round, now: Instant) -> None:
        for number, (labels, server) in enumerate(list(self._servers.items()), 1):
            if number % STEP == 0:
                await asyncio.sleep(0)
            if labels not in seen:
                self._miss(labels, server, now)
                continue
            key = values_of(dict(labels), self._questions.key)
            sums = Sums(
                found.usages.get(key, {}),
                found.minute.get(key, {}),
                found.five_minutes.get(key, {}),
                self._loaded.get(key, ()),
                found.errors.get(key),
                [_own(each, labels) for each in found.series.get(key, ())],
            )
            server.take(seen[labels], now, sums)

    def _miss(self, labels: Labels, server: PrometheusServer, now: Instant) -> None:
        """One that was old already has not been scraped since; any other is scraped no more."""
        last = server.row.last_answer
        if server.row.state is ServerState.STALE and last is not None:
            server.age(last, now)
        else:
            del self._servers[labels]

    @property
    def _names(self) -> list[str]:
        """The metrics that are looked at one by one."""
        patterns = (*self._pinned, *(each.series for each in self._limits if each.series))
        wanted = (name for name in NAMES if any(name in each for each in patterns))
        return list(dict.fromkeys((*HOST_GAUGES, *wanted)))


def _errors(key: tuple[str, ...], errors: Vector, answers: Vector) -> dict[Key, float | None]:
    """Errors per second of the servers that count their answers."""
    counted: dict[Key, float | None] = {values_of(each, key): 0.0 for each, _ in answers.values}
    for labels, rate in errors.values:
        counted[values_of(labels, key)] = rate if math.isfinite(rate) else None
    return counted


def _own(reading: SeriesReading, target: Labels) -> SeriesReading:
    """The series as its server published it."""
    added = {name for name, _ in target}
    own = {name: value for name, value in reading.labels.items() if name not in added}
    return SeriesReading(own, reading.value)


def _whole(labels: LabelSet) -> Labels:
    return tuple(sorted([each for each in labels.items() if each[0] != "__name__"]))


def _target(labels: LabelSet, name: str) -> FleetTarget:
    try:
        target = target_at(labels.get("instance", ""), labels, Origin.PROMETHEUS)
        return replace(target, name=name)
    except InvalidArgument:  # it was relabelled: it contains no address
        return FleetTarget(name, ServerSettings(), Origin.PROMETHEUS, labels)
