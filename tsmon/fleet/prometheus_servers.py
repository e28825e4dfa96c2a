"""The servers that a Prometheus server reports, by sums that it makes itself."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

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
from tsmon.fleet.snapshot import HOST_GAUGES, ServerRow, aged, row_of, waiting_row
from tsmon.fleet.targets import FleetTarget, Origin
from tsmon.telemetry.health.verdicts import ModelHealth, ModelVerdict
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.limits.watch import LimitWatch
from tsmon.telemetry.monitor import LONGEST_BACKOFF_S
from tsmon.telemetry.prometheus.errors import NoNewSample, TargetDown
from tsmon.telemetry.prometheus.label_sets import distinguishing, names_of, values_of
from tsmon.telemetry.prometheus.samples import (
    NAMES,
    SeriesReading,
    named_versions,
    scrape_from_samples,
    split_name,
)
from tsmon.telemetry.roster import WORKERS_NOT_EXPORTED
from tsmon.telemetry.scrape import DEFAULT_VERSION_LABEL, SeriesKey
from tsmon.telemetry.series.watched import SeriesWatch
from tsmon.telemetry.snapshot import ModelStatus, ServerState, ServerStatus, Snapshot
from tsmon.telemetry.traffic import Missing, Traffic, Usage, UsageOrMissing, add_readings
from tsmon.torchserve.errors import InvalidArgument, TorchServeError
from tsmon.torchserve.records import ModelVersion
from tsmon.units import duration

if TYPE_CHECKING:
    from tsmon.telemetry.limits.limit import Limit
    from tsmon.telemetry.prometheus.client import LabelSet, Prometheus, Vector

LEAST_PATIENCE_S = 10.0
PATIENCE_SCRAPES = 3
"""Scrape intervals without a new sample after which it is said that there is none."""
DISCOVER_EVERY_S = 30.0
LEAST_GAPS = 2
"""Between scrapes, of which one may be a scrape that was missed."""
STEP = 50
"""Rows that are made without a break, within which no key is taken."""

Key = tuple[str, ...]
"""The values of the labels that tell one target from all others."""
Labels = tuple[tuple[str, str], ...]
"""A whole label set, sorted by name."""
_NO_REQUESTS: UsageOrMissing = Usage(1.0, 0.0, 0.0, 0.0, 0.0)
"""A series appears with its first request."""
_NOT_JUDGED = ModelVerdict(ModelHealth.UNKNOWN, WORKERS_NOT_EXPORTED, ())


class _Seen(Struct, frozen=True):
    """The last scrape of a target."""

    at: float
    """Unix time on Prometheus' clock."""
    age_s: float
    """By that same clock, when it was asked."""
    is_up: bool


class _Sums(Struct, frozen=True):
    """What one round of questions found, by target."""

    models: Mapping[Key, Mapping[SeriesKey, UsageOrMissing]]
    errors: Mapping[Key, float | None]
    series: Mapping[Key, Sequence[SeriesReading]]


class PrometheusServer:
    """One target and its row."""

    def __init__(self, target: FleetTarget, limits: Sequence[Limit], pinned: Sequence[str]) -> None:
        self.target = target
        self.row: ServerRow = waiting_row(self.target)
        self.interval_s = 0.0
        """Seconds between two scrapes; 0 until it is known."""
        self._limits = LimitWatch(limits)
        self._series = SeriesWatch()
        self._series.pinned = (*HOST_GAUGES, *pinned)
        self._status = ServerStatus(self.target.name)

    @property
    def patience_s(self) -> float:
        """The age from which on a scrape is old."""
        return max(PATIENCE_SCRAPES * (self.interval_s or LONGEST_INTERVAL_S), LEAST_PATIENCE_S)

    def take(
        self,
        seen: _Seen,
        now: Instant,
        models: Mapping[SeriesKey, UsageOrMissing],
        loaded: Iterable[str],
        errors: float | None,
        readings: Sequence[SeriesReading],
    ) -> None:
        """Make the row of what was found."""
        answered = Instant(now.monotonic - seen.age_s, datetime.fromtimestamp(seen.at, UTC))
        status = ServerStatus(self.target.name, ServerState.UP, last_answer=answered)
        if not seen.is_up:
            problem = TargetDown(f"Prometheus could not scrape {self.target.name}")
            status = ServerStatus(self.target.name, ServerState.AWAY, problem)
        elif seen.age_s > self.patience_s:
            self.age(answered, now)
            return
        scrape = scrape_from_samples(tuple(readings), answered) if seen.is_up else None
        snapshot = Snapshot(
            answered,
            status,
            models=tuple(_models(models, loaded)),
            series=self._series.observe(scrape, self._limits.series),
        )
        judged = self._limits.judge(snapshot)
        self.row = row_of(self.target, judged, errors_per_second=errors if seen.is_up else None)

    def age(self, answered: Instant, now: Instant) -> None:
        """Say that there is nothing new since then."""
        problem = NoNewSample(
            f"Prometheus has not scraped {self.target.name} for {duration(now.since(answered))}"
        )
        status = ServerStatus(self.target.name, ServerState.STALE, problem, last_answer=answered)
        self.row = row_of(self.target, Snapshot(now, status))


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
            aged(each.row, now, (each.interval_s or LONGEST_INTERVAL_S) + self.period_s)
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
        await self._take(seen, await self._sums(), now)

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

    def _seen(self, ages: Vector, down: Vector) -> dict[Labels, _Seen]:
        failed = {_whole(labels) for labels, _ in down.values}
        seen = {}
        for labels, age in ages.values:
            whole = _whole(labels)
            if whole in self._known:
                seen[whole] = _Seen(ages.at - age, max(age, 0.0), whole not in failed)
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

    async def _sums(self) -> _Sums:
        questions = self._questions
        requests, inference, queue, errors, answers, series = await asyncio.gather(
            *map(
                self._client.vector,
                (
                    questions.requests,
                    questions.inference_us,
                    questions.queue_us,
                    questions.errors,
                    questions.answers,
                    questions.series(self._names),
                ),
            )
        )
        by_key: dict[Key, list[SeriesReading]] = {}
        for labels, value in series.values:
            reading = SeriesReading(labels, value)
            by_key.setdefault(values_of(labels, questions.key), []).append(reading)
        return _Sums(
            _usages(questions.key, requests, inference, queue),
            _errors(questions.key, errors, answers),
            by_key,
        )

    async def _take(self, seen: Mapping[Labels, _Seen], sums: _Sums, now: Instant) -> None:
        for number, (labels, server) in enumerate(list(self._servers.items()), 1):
            if number % STEP == 0:
                await asyncio.sleep(0)
            found = seen.get(labels)
            if found is None:
                self._miss(labels, server, now)
                continue
            key = values_of(dict(labels), self._questions.key)
            server.take(
                found,
                now,
                sums.models.get(key, {}),
                self._loaded.get(key, ()),
                sums.errors.get(key),
                [_own(each, labels) for each in sums.series.get(key, ())],
            )

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


def _usages(
    key: tuple[str, ...], requests: Vector, inference: Vector, queue: Vector
) -> dict[Key, dict[SeriesKey, UsageOrMissing]]:
    """What the requests of each model cost per second."""
    inference_us, queue_us = (
        {(values_of(labels, key), _model(labels)): value for labels, value in each.values}
        for each in (inference, queue)
    )
    found: dict[Key, dict[SeriesKey, UsageOrMissing]] = {}
    for labels, rate in requests.values:
        target, model = values_of(labels, key), _model(labels)
        costs = (each.get((target, model), 0.0) for each in (inference_us, queue_us))
        usage = Missing.FIRST_SAMPLE if math.isnan(rate) else Usage(1.0, rate, rate, *costs)
        found.setdefault(target, {})[model] = usage
    return found


def _errors(key: tuple[str, ...], errors: Vector, answers: Vector) -> dict[Key, float | None]:
    """Errors per second of the servers that count their answers."""
    counted: dict[Key, float | None] = {values_of(each, key): 0.0 for each, _ in answers.values}
    for labels, rate in errors.values:
        counted[values_of(labels, key)] = rate if math.isfinite(rate) else None
    return counted


def _models(
    usages: Mapping[SeriesKey, UsageOrMissing], loaded: Iterable[str]
) -> Iterable[ModelStatus]:
    names = {key.model for key in usages}
    loaded_keys = {SeriesKey(*split_name(each, names)) for each in loaded}
    for key, is_default in named_versions(usages.keys(), loaded_keys):
        asked_by = (key, SeriesKey(key.model, DEFAULT_VERSION_LABEL)) if is_default else (key,)
        found = [usages[each] for each in asked_by if each in usages] or [_NO_REQUESTS]
        unknown = Missing.NO_COUNTERS
        traffic = Traffic(add_readings(found), unknown, unknown, unknown)
        yield ModelStatus(ModelVersion(*key), is_default, traffic, (), _NOT_JUDGED)


def _model(labels: LabelSet) -> SeriesKey:
    version = labels.get("model_version", DEFAULT_VERSION_LABEL)
    return SeriesKey(labels.get("model_name", ""), version)


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
