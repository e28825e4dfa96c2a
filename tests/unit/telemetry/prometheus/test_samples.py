"""Scrapes and models put together again from single samples."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.telemetry.prometheus.fake import labels
from tests.unit.telemetry.prometheus.fake_promql import Key
from tests.unit.telemetry.scrapes import MNIST, at
from tsmon.telemetry.prometheus.client import PromSample, Series
from tsmon.telemetry.prometheus.samples import (
    SeriesReading,
    SeriesReadings,
    by_moment,
    is_up,
    models_from_samples,
    scrape_from_samples,
)
from tsmon.telemetry.scrape import INFERENCE_US, QUEUE_US, REQUESTS, Counters, MetricsMode
from tsmon.telemetry.source import Description

LABELS = {"model_name": "mnist", "model_version": "default"}


def test_samples_of_one_moment_are_one_scrape() -> None:
    up = Series({"__name__": "up"}, (PromSample(1, 1), PromSample(2, 0)))
    requests = Series(dict(labels(REQUESTS, **LABELS)), (PromSample(1, 5),))
    moments = by_moment([requests, up])
    assert list(moments) == [1, 2]
    assert [is_up(each) for each in moments.values()] == [True, False]
    assert scrape_from_samples(moments[1], at(0)).series == {MNIST: Counters(5)}


def test_series_of_several_hosts_are_added_up() -> None:
    readings = _readings(
        {
            labels(REQUESTS, hostname="a", **LABELS): 3,
            labels(REQUESTS, hostname="b", **LABELS): 4,
            labels(INFERENCE_US, hostname="a", **LABELS): 2000,
            labels(QUEUE_US, hostname="b", **LABELS): 100,
        }
    )
    assert scrape_from_samples(readings, at(0)).series == {MNIST: Counters(7, 2000, 100)}


@pytest.mark.parametrize("value", [math.nan, math.inf, -1.0])
def test_value_no_counter_can_have_is_left_out(value: float) -> None:
    readings = _readings({labels(REQUESTS, **LABELS): value})
    assert scrape_from_samples(readings, at(0)).series == {}


@pytest.mark.parametrize(
    ("names", "mode"),
    [
        ([], MetricsMode.LOG),
        ([REQUESTS], MetricsMode.LEGACY),
        (["Requests2XX"], MetricsMode.PROMETHEUS),
        (["MemoryUsed", REQUESTS], MetricsMode.PROMETHEUS),
    ],
)
def test_mode_is_told_from_the_series_there_are(names: list[str], mode: MetricsMode) -> None:
    readings = _readings({labels("up"): 1.0, **{labels(name): 1.0 for name in names}})
    scrape = scrape_from_samples(readings, at(0))
    assert scrape.mode is mode
    assert [bool(scrape.published.lines_of(name)) for name in names] == [True] * len(names)


def test_only_version_with_workers_is_the_default() -> None:
    entries = _models(("mnist", "default"), workers=["W-9001-mnist_1.0", "W-9000-mnist_1.0"])
    assert _told(entries) == [("mnist", "1.0", True)]
    assert [worker.id for worker in entries[0].model.workers] == ["9000", "9001"]
    assert not entries[0].model.workers[0].ready


def test_which_of_several_versions_is_the_default_is_not_claimed() -> None:
    entries = _models(("mnist", "default"), workers=["W-9000-mnist_1.0", "W-9001-mnist_2.0"])
    assert _told(entries) == [
        ("mnist", "1.0", False),
        ("mnist", "2.0", False),
        ("mnist", "default", False),
    ]


def test_version_that_was_only_named_is_not_taken_for_the_default() -> None:
    entries = _models(("mnist", "default"), ("mnist", "1.0"), workers=[])
    assert _told(entries) == [("mnist", "1.0", False), ("mnist", "default", False)]


def test_model_without_requests_is_known_from_its_workers() -> None:
    assert _told(_models(workers=["W-9000-mnist_1.0", "nonsense"])) == [("mnist", "1.0", True)]


@given(st.text("ab_", min_size=1, max_size=6), st.text("12._", min_size=1, max_size=6))
def test_name_with_requests_is_told_from_its_version_whatever_is_in_them(
    name: str, version: str
) -> None:
    entries = _models((name, "default"), workers=[f"W-9000-{name}_{version}"])
    assert _told(entries) == [(name, version, True)]


def _models(*series: tuple[str, str], workers: list[str]) -> tuple[Description, ...]:
    requests = {
        labels(REQUESTS, model_name=name, model_version=version): 1.0 for name, version in series
    }
    loads = {labels("WorkerLoadTime", WorkerName=worker): 1.0 for worker in workers}
    return models_from_samples(_readings({**requests, **loads}))


def _told(entries: tuple[Description, ...]) -> list[tuple[str, str, bool]]:
    return [(entry.model.name, entry.model.version, entry.is_default) for entry in entries]


def _readings(values: dict[Key, float]) -> SeriesReadings:
    return tuple(SeriesReading(dict(key), value) for key, value in values.items())
