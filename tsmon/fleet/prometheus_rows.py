"""One server that a Prometheus server reports, and its row, made of sums."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from tsmon.fleet.prometheus_queries import LONGEST_INTERVAL_S
from tsmon.fleet.snapshot import HOST_GAUGES, ServerRow, row_of, waiting_row
from tsmon.telemetry.health.verdicts import ModelHealth, ModelVerdict
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.limits.watch import LimitWatch
from tsmon.telemetry.prometheus.errors import NoNewSample, TargetDown
from tsmon.telemetry.prometheus.label_sets import values_of
from tsmon.telemetry.prometheus.samples import (
    SeriesReading,
    named_versions,
    scrape_from_samples,
    split_name,
)
from tsmon.telemetry.roster import WORKERS_NOT_EXPORTED
from tsmon.telemetry.scrape import DEFAULT_VERSION_LABEL, SeriesKey
from tsmon.telemetry.series.watched import SeriesWatch
from tsmon.telemetry.snapshot import ModelStatus, ServerState, ServerStatus, Snapshot
from tsmon.telemetry.traffic import Missing, Traffic, Usage, UsageOrMissing
from tsmon.torchserve.records import ModelVersion
from tsmon.units import duration

if TYPE_CHECKING:
    from tsmon.fleet.targets import FleetTarget
    from tsmon.telemetry.limits.limit import Limit
    from tsmon.telemetry.prometheus.client import LabelSet, Vector

LEAST_PATIENCE_S = 10.0
PATIENCE_SCRAPES = 3
"""Scrape intervals without a new sample after which it is said that there is none."""

Key = tuple[str, ...]
"""The values of the labels that tell one target from all others."""
Usages = Mapping[SeriesKey, UsageOrMissing]
_UNKNOWN = Missing.NO_COUNTERS
_NO_REQUESTS = Traffic(Usage(1.0, 0.0, 0.0, 0.0, 0.0), _UNKNOWN, _UNKNOWN, _UNKNOWN)
"""A series appears with its first request."""
_NOT_JUDGED = ModelVerdict(ModelHealth.UNKNOWN, WORKERS_NOT_EXPORTED, ())


class Seen(Struct, frozen=True):
    """The last scrape of a target."""

    at: float
    """Unix time on Prometheus' clock."""
    age_s: float
    """By that same clock, when it was asked."""
    is_up: bool


class Rates(NamedTuple):
    """What requests cost per second over one window, by target and model."""

    requests: Vector
    inference_us: Vector
    queue_us: Vector

    def usages(self, key: Key) -> dict[Key, dict[SeriesKey, UsageOrMissing]]:
        """The same for each target; `key` are the labels that tell the targets apart."""
        inference_us, queue_us = (
            {(values_of(labels, key), _model(labels)): value for labels, value in each.values}
            for each in (self.inference_us, self.queue_us)
        )
        found: dict[Key, dict[SeriesKey, UsageOrMissing]] = {}
        for labels, rate in self.requests.values:
            target, model = values_of(labels, key), _model(labels)
            costs = (each.get((target, model), 0.0) for each in (inference_us, queue_us))
            usage = Missing.FIRST_SAMPLE if math.isnan(rate) else Usage(1.0, rate, rate, *costs)
            found.setdefault(target, {})[model] = usage
        return found


class Sums(Struct, frozen=True):
    """What was found of one target in a round of questions."""

    usages: Usages
    """Over the window that fits its scrape interval."""
    minute: Usages
    """Over a minute, and over five, where a limit is about that."""
    five_minutes: Usages
    loaded: Sequence[str]
    """Name and version of the models that loaded workers."""
    errors_per_second: float | None
    readings: Sequence[SeriesReading]
    """The series that are looked at one by one."""

    def models(self) -> Iterable[ModelStatus]:
        """The models that have series or loaded workers."""
        names = {key.model for key in self.usages}
        loaded = {SeriesKey(*split_name(each, names)) for each in self.loaded}
        for key, is_default in named_versions(self.usages.keys(), loaded):
            asked_by = (key, SeriesKey(key.model, DEFAULT_VERSION_LABEL)) if is_default else (key,)
            found = [self._traffic(each) for each in asked_by if each in self.usages]
            traffic = Traffic.sum(found or [_NO_REQUESTS])
            yield ModelStatus(ModelVersion(*key), is_default, traffic, (), _NOT_JUDGED)

    def _traffic(self, key: SeriesKey) -> Traffic:
        return Traffic(
            self.usages[key],
            self.minute.get(key, _UNKNOWN),
            self.five_minutes.get(key, _UNKNOWN),
            _UNKNOWN,
        )


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

    @property
    def longest_interval_s(self) -> float:
        """Seconds between two scrapes, or the most that it can be."""
        return self.interval_s or LONGEST_INTERVAL_S

    def take(self, seen: Seen, now: Instant, sums: Sums) -> None:
        """Make the row of what was found."""
        answered = Instant(now.monotonic - seen.age_s, datetime.fromtimestamp(seen.at, UTC))
        status = ServerStatus(self.target.name, ServerState.UP, last_answer=answered)
        if not seen.is_up:
            problem = TargetDown(f"Prometheus could not scrape {self.target.name}")
            status = ServerStatus(self.target.name, ServerState.AWAY, problem)
        elif seen.age_s > max(PATIENCE_SCRAPES * self.longest_interval_s, LEAST_PATIENCE_S):
            self.age(answered, now)
            return
        scrape = scrape_from_samples(tuple(sums.readings), answered) if seen.is_up else None
        snapshot = Snapshot(
            answered,
            status,
            models=tuple(sums.models()),
            series=self._series.observe(scrape, self._limits.series),
        )
        errors = sums.errors_per_second if seen.is_up else None
        judged = self._limits.judge(snapshot)
        self.row = row_of(self.target, judged, errors_per_second=errors)

    def age(self, answered: Instant, now: Instant) -> None:
        """Say that there is nothing new since then."""
        problem = NoNewSample(
            f"Prometheus has not scraped {self.target.name} for {duration(now.since(answered))}"
        )
        status = ServerStatus(self.target.name, ServerState.STALE, problem, last_answer=answered)
        self.row = row_of(self.target, Snapshot(now, status))


def _model(labels: LabelSet) -> SeriesKey:
    version = labels.get("model_version", DEFAULT_VERSION_LABEL)
    return SeriesKey(labels.get("model_name", ""), version)
