"""Reading of TorchServe's `/metrics` text.

TorchServe 0.12 writes it with the Java simpleclient 0.9: counters keep their name without `_total`,
and labels end in a comma. prometheus_client's parser reads both but hands every counter sample out
with the suffix `_total`, so samples are looked up under that name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import reduce
from typing import TYPE_CHECKING

from tsmon.torchserve.errors import TorchServeError, excerpt

if TYPE_CHECKING:
    from tsmon.telemetry.instant import Instant

REQUESTS = "ts_inference_requests_total"
INFERENCE_US = "ts_inference_latency_microseconds"
QUEUE_US = "ts_queue_latency_microseconds"
SERVER_ERRORS = "Requests5XX"
"""Answers of 500 and above, on all ports; metrics_mode prometheus alone has it."""
LONGEST_EXCERPT = 80
"""Characters of what is no metric that are quoted."""
DEFAULT_VERSION_LABEL = "default"
"""The `model_version` of requests that named no version."""


class MetricsMode(StrEnum):
    """The server's `metrics_mode`, told from what `/metrics` answers."""

    PROMETHEUS = "prometheus"
    LEGACY = "legacy"
    LOG = "log"


class UnreadableScrape(TorchServeError):
    """The metrics address answered with something that is no Prometheus text."""


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """Which requests a counter counts: a model and the version its URL named, or `default`."""

    model: str
    version: str


@dataclass(frozen=True, slots=True)
class Counters:
    """The three sums TorchServe keeps for a series since it started."""

    requests: float = 0.0
    inference_us: float = 0.0
    queue_us: float = 0.0

    def __add__(self, other: Counters) -> Counters:
        return Counters(
            self.requests + other.requests,
            self.inference_us + other.inference_us,
            self.queue_us + other.queue_us,
        )

    def __sub__(self, other: Counters) -> Counters:
        return Counters(
            self.requests - other.requests,
            self.inference_us - other.inference_us,
            self.queue_us - other.queue_us,
        )

    def fell_below(self, earlier: Counters) -> bool:
        """Whether any of the sums is less than it was, which only a restart does."""
        return (
            self.requests < earlier.requests
            or self.inference_us < earlier.inference_us
            or self.queue_us < earlier.queue_us
        )


@dataclass(frozen=True, slots=True)
class Scrape:
    """One reading of `/metrics`."""

    at: Instant
    mode: MetricsMode
    series: Mapping[SeriesKey, Counters]
    gauges: Mapping[str, float]
    """The host's gauges by name, such as `CPUUtilization`; unlabelled beyond host and level."""
    server_errors: float | None = None
    """Answers of 500 and above since the server's start; None where that is not published."""
    logged: bool = False
    """The series were added up from log files since tsmon began to read them."""
    lost_lines: int = 0
    """Lines that could not be read; the series they were of are not in it."""


def parse_scrape(text: str, at: Instant) -> Scrape:
    """Read the text of one scrape taken at `at`.

    Series that differ only in their host label are added up; a gauge that is NaN is left out. A
    line that cannot be read is counted and costs its own series alone; so does a counter that is
    NaN, infinite or negative, which none of TorchServe's is.

    Raises:
        UnreadableScrape: most of the text is no Prometheus exposition.
    """
    try:
        return _read(text, at)
    except (ValueError, KeyError, IndexError, AttributeError) as error:
        sound, lost = _sound_lines(text)
        if not lost or lost > len(sound):
            raise UnreadableScrape(
                f"/metrics is no Prometheus text: {excerpt(str(error), LONGEST_EXCERPT)}",
                "is this the metrics address?",
            ) from None
    scrape = _read("\n".join(sound), at)
    return replace(scrape, lost_lines=scrape.lost_lines + lost)


def _read(text: str, at: Instant) -> Scrape:
    # Imported here because its package costs 70 ms, which no command without metrics should pay.
    from prometheus_client.parser import text_string_to_metric_families

    counters: dict[str, dict[SeriesKey, float]] = {REQUESTS: {}, INFERENCE_US: {}, QUEUE_US: {}}
    gauges: dict[str, float] = {}
    names: set[str] = set()
    bad: set[SeriesKey] = set()
    errors, lost = 0.0, 0
    for family in text_string_to_metric_families(text):
        names.add(family.name)
        for sample in family.samples:
            name, value = _counter_name(sample.name), _sound(sample.value)
            if name in counters:
                key = SeriesKey(
                    sample.labels.get("model_name", ""),
                    sample.labels.get("model_version", DEFAULT_VERSION_LABEL),
                )
                if value is None:
                    bad.add(key)
                    lost += 1
                else:
                    counters[name][key] = counters[name].get(key, 0.0) + value
            elif name == SERVER_ERRORS:
                errors += value or 0.0
                lost += value is None
            elif family.type == "gauge" and value is not None:
                gauges[sample.name] = value
    published = errors if SERVER_ERRORS in names else None
    series = {key: sums for key, sums in _series(counters).items() if key not in bad}
    return Scrape(at, _mode(names), series, gauges, published, lost_lines=lost)


def _sound_lines(text: str) -> tuple[list[str], int]:
    """The lines that can be read one by one, and how many others there are."""
    from prometheus_client.parser import text_string_to_metric_families

    sound: list[str] = []
    lost = 0
    for line in text.split("\n"):
        try:
            list(text_string_to_metric_families(line))
        except (ValueError, KeyError, IndexError, AttributeError):
            lost += 1
        else:
            if line.strip():
                sound.append(line)
    return sound, lost


def _sound(value: float) -> float | None:
    """The value, if it is one that a sum or a size can have."""
    try:
        number = float(value)
    except OverflowError:  # an integer of hundreds of digits
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _counter_name(sample_name: str) -> str:
    return sample_name if sample_name == REQUESTS else sample_name.removesuffix("_total")


def _mode(names: set[str]) -> MetricsMode:
    if not names:
        return MetricsMode.LOG
    ours = {REQUESTS.removesuffix("_total"), INFERENCE_US, QUEUE_US}
    return MetricsMode.LEGACY if names <= ours else MetricsMode.PROMETHEUS


def _series(counters: dict[str, dict[SeriesKey, float]]) -> dict[SeriesKey, Counters]:
    keys = reduce(set.union, (set(values) for values in counters.values()), set[SeriesKey]())
    return {
        key: Counters(
            counters[REQUESTS].get(key, 0.0),
            counters[INFERENCE_US].get(key, 0.0),
            counters[QUEUE_US].get(key, 0.0),
        )
        for key in keys
    }
