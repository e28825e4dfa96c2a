"""What a scrape without series is taken for."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.unit.telemetry.prometheus.fake import INSTANCE, FakePrometheus
from tests.unit.telemetry.scrapes import MNIST, at
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.prometheus.modes import MODE_PATIENCE_S, KnownMode
from tsmon.telemetry.prometheus.source import PrometheusSource
from tsmon.telemetry.scrape import Counters, MetricsMode, Scrape, SeriesKey
from tsmon.telemetry.traffic import Missing


def _scrape(
    seconds: float, mode: MetricsMode, series: Mapping[SeriesKey, Counters] | None = None
) -> Scrape:
    return Scrape(at(seconds), mode, series or {})


@pytest.mark.parametrize("mode", [MetricsMode.PROMETHEUS, MetricsMode.LEGACY])
def test_a_scrape_without_series_does_not_change_the_mode(mode: MetricsMode) -> None:
    known = KnownMode()
    known.settle(_scrape(0, mode, {MNIST: Counters(1)}))
    settled = known.settle(_scrape(15, MetricsMode.LOG))
    assert (settled.mode, settled.series) == (mode, {})


def test_without_anything_before_it_is_mode_log() -> None:
    assert KnownMode().settle(_scrape(0, MetricsMode.LOG)).mode is MetricsMode.LOG


def test_a_server_that_writes_no_gauges_any_more_is_in_mode_log() -> None:
    known = KnownMode()
    known.settle(_scrape(0, MetricsMode.PROMETHEUS))
    assert known.settle(_scrape(MODE_PATIENCE_S, MetricsMode.LOG)).mode is MetricsMode.PROMETHEUS
    assert known.settle(_scrape(MODE_PATIENCE_S + 1, MetricsMode.LOG)).mode is MetricsMode.LOG
    assert known.settle(_scrape(MODE_PATIENCE_S + 2, MetricsMode.LOG)).mode is MetricsMode.LOG


def test_other_series_show_another_mode_at_once() -> None:
    known = KnownMode()
    known.settle(_scrape(0, MetricsMode.PROMETHEUS))
    assert known.settle(_scrape(1, MetricsMode.LEGACY)).mode is MetricsMode.LEGACY


async def test_right_after_a_restart_the_mode_is_the_one_before() -> None:
    prometheus = FakePrometheus()
    prometheus.scrape(0, {MNIST: Counters(5)})
    prometheus.scrape(15, {MNIST: Counters(9)})
    prometheus.scrape(30, {})
    prometheus.scrape(45, {MNIST: Counters(2)})
    async with prometheus.client() as client:
        monitor = Monitor(PrometheusSource(client, INSTANCE))
        for observation in await PrometheusSource(client, INSTANCE).recall(100):
            snapshot = monitor.digest(observation)
            assert snapshot.metrics.mode is MetricsMode.LEGACY
    assert snapshot.server.lives == 1
    assert snapshot.models[0].traffic.interval is not Missing.NO_COUNTERS
