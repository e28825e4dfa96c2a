"""From Prometheus' samples to scrapes and models as a live source would have seen them.

Prometheus stores all samples of one scrape with one timestamp, that of `up` included, so a scrape
is put together again from the samples of one moment.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from tsmon.telemetry.scrape import (
    DEFAULT_VERSION_LABEL,
    INFERENCE_US,
    QUEUE_US,
    REQUESTS,
    SERVER_ERRORS,
    Counters,
    MetricsMode,
    Scrape,
    SeriesKey,
)
from tsmon.telemetry.series.layout import selector
from tsmon.telemetry.series.published import Published, publish
from tsmon.telemetry.source import Description
from tsmon.torchserve.records import ModelVersion, Worker

if TYPE_CHECKING:
    from tsmon.telemetry.instant import Instant
    from tsmon.telemetry.prometheus.client import LabelSet, Series

UP = "up"
WORKER_LOAD_MS = "WorkerLoadTime"
GAUGES = (
    *("CPUUtilization", "MemoryUsed", "MemoryAvailable", "MemoryUtilization"),
    *("DiskUsage", "DiskAvailable", "DiskUtilization"),
    *("GPUUtilization", "GPUMemoryUsed", "GPUMemoryUtilization"),
    *("QueueTime", "WorkerThreadTime", WORKER_LOAD_MS, "HandlerTime", "PredictionTime"),
)
ANSWERS = ("Requests2XX", "Requests4XX", SERVER_ERRORS)
"""Counters that metrics_mode prometheus has and legacy has not."""
NAMES = (UP, REQUESTS, INFERENCE_US, QUEUE_US, *ANSWERS, *GAUGES)
_SUMS = frozenset({REQUESTS, INFERENCE_US, QUEUE_US})
ONLY_NAMES = "Prometheus is asked for TorchServe's default metrics alone"
_NOT_OWN = frozenset({"__name__", "instance", "job"})
STATUS_NOT_EXPORTED = ""
"""`Worker.status` of workers known from a metric only: whether they live is not exported."""


class SeriesReading(Struct, frozen=True):
    """The value of one series in one scrape."""

    labels: LabelSet
    value: float

    @property
    def name(self) -> str:
        """The metric's name."""
        return self.labels.get("__name__", "")


SeriesReadings = tuple[SeriesReading, ...]


def by_moment(series: Iterable[Series]) -> dict[float, SeriesReadings]:
    """The readings of each scrape by its Unix time, oldest first; failed scrapes are among them."""
    moments: dict[float, list[SeriesReading]] = {}
    for each in series:
        for sample in each.samples:
            moments.setdefault(sample.at, []).append(SeriesReading(each.labels, sample.value))
    return {at: tuple(moments[at]) for at in sorted(moments)}


def is_up(readings: SeriesReadings) -> bool:
    """Whether the scrape succeeded."""
    return any(reading.name == UP and reading.value == 1 for reading in readings)


def scrape_from_samples(readings: SeriesReadings, at: Instant) -> Scrape:
    """The scrape as `parse_scrape` would have read it from `/metrics`.

    The mode is inferred from the series there are, since Prometheus does not store that a family
    was declared: metrics_mode legacy looks like log until the first request.
    """
    sound = [each for each in readings if math.isfinite(each.value) and each.value >= 0]
    mode = _mode(sound)
    errors = sum(each.value for each in sound if each.name == SERVER_ERRORS)
    known_errors = errors if mode is MetricsMode.PROMETHEUS else None
    lost = sum(each.name in _SUMS for each in readings) - sum(each.name in _SUMS for each in sound)
    return Scrape(at, mode, _counters(sound), _published(readings), known_errors, lost_lines=lost)


def _published(readings: SeriesReadings) -> Published:
    """The samples without the labels by which Prometheus knows the server."""
    types = [f"# TYPE {name} counter" for name in (*_SUMS, *ANSWERS)]
    types += [f"# TYPE {name} gauge" for name in GAUGES]
    samples = [
        (selector(each.name, tuple(sorted(_own_labels(each.labels)))), each.value)
        for each in readings
        if each.name != UP
    ]
    return (
        replace(publish(sorted(samples), sorted(types)), why_not=ONLY_NAMES)
        if samples
        else Published()
    )


def _own_labels(labels: LabelSet) -> Iterable[tuple[str, str]]:
    return ((name, value) for name, value in labels.items() if name not in _NOT_OWN)


def models_from_samples(readings: SeriesReadings) -> tuple[Description, ...]:
    """The models that the series report, by name, then version.

    Series outlive their model: one that was unregistered is there until the server restarts, and
    so are the ids of workers that ended. Which version is the default one is not exported. Where
    only one version loaded workers it is that one; else the requests that named no version are
    those of a version `default`.
    """
    series = {_key(each) for each in readings if each.name in {REQUESTS, INFERENCE_US, QUEUE_US}}
    workers = _workers(readings, {key.model for key in series})
    loaded = {SeriesKey(model, version) for model, version in workers}
    return tuple(
        Description(
            ModelVersion(key.model, key.version, workers=workers.get((key.model, key.version), ())),
            is_default,
            only_metrics=True,
        )
        for key, is_default in named_versions(series, loaded)
    )


def named_versions(
    series: Collection[SeriesKey], loaded: Collection[SeriesKey]
) -> Iterator[tuple[SeriesKey, bool]]:
    """The versions that have series or loaded workers, each with whether it is the default one."""
    for name in sorted({key.model for key in (*series, *loaded)}):
        versions = {key.version for key in (*series, *loaded) if key.model == name}
        named = versions - {DEFAULT_VERSION_LABEL}
        only = len(named) == 1 and SeriesKey(name, *named) in loaded
        for version in sorted(named if only else versions):
            yield SeriesKey(name, version), only


def _counters(readings: Iterable[SeriesReading]) -> dict[SeriesKey, Counters]:
    series: dict[SeriesKey, Counters] = {}
    for each in readings:
        grown = {
            REQUESTS: Counters(requests=each.value),
            INFERENCE_US: Counters(inference_us=each.value),
            QUEUE_US: Counters(queue_us=each.value),
        }.get(each.name)
        if grown is not None:
            series[_key(each)] = series.get(_key(each), Counters()) + grown
    return series


def _key(reading: SeriesReading) -> SeriesKey:
    labels = reading.labels
    version = labels.get("model_version", DEFAULT_VERSION_LABEL)
    return SeriesKey(labels.get("model_name", ""), version)


def _mode(readings: Iterable[SeriesReading]) -> MetricsMode:
    names = {reading.name for reading in readings}
    if names & {*ANSWERS, *GAUGES}:
        return MetricsMode.PROMETHEUS
    return MetricsMode.LEGACY if names & {REQUESTS, INFERENCE_US, QUEUE_US} else MetricsMode.LOG


def _workers(
    readings: SeriesReadings, models: set[str]
) -> Mapping[tuple[str, str], tuple[Worker, ...]]:
    """The workers by model and version, from WorkerLoadTime{WorkerName="W-9000-mnist_1.0"}."""
    ids: dict[tuple[str, str], set[str]] = {}
    for each in readings:
        match = _WORKER_NAME.fullmatch(each.labels.get("WorkerName", ""))
        if each.name == WORKER_LOAD_MS and match:
            ids.setdefault(split_name(match["model"], models), set()).add(match["id"])
    return {
        key: tuple(
            Worker(id_, STATUS_NOT_EXPORTED, None, None, "") for id_ in sorted(found, key=int)
        )
        for key, found in ids.items()
    }


_WORKER_NAME = re.compile(r"W-(?P<id>[0-9]+)-(?P<model>.+_.+)", re.DOTALL)


def split_name(joined: str, models: Collection[str]) -> tuple[str, str]:
    """Name and version of `name_version`, either of which may have an underscore of its own."""
    known = [name for name in models if joined.startswith(f"{name}_")]
    name = max(known, key=len) if known else joined.rpartition("_")[0]
    return name, joined[len(name) + 1 :]
