"""tsmon and Prometheus say the same of the same server: request rate, inference ms, queue ms."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.integration.prometheus.archives import LATE
from tests.integration.prometheus.compare import (
    WHOLE_PHASE_S,
    arrived,
    compare_with_pairs,
    compare_with_rate,
    counted,
    phase_of,
    total_increases,
    windows,
)
from tests.integration.prometheus.report import QUANTITIES, Report
from tests.integration.prometheus.scenario import Scenario, Watch
from tests.integration.prometheus.server import JOB
from tsmon.telemetry.prometheus.client import Prometheus
from tsmon.telemetry.prometheus.source import PrometheusSource
from tsmon.telemetry.scrape import Scrape

pytestmark = pytest.mark.integration

PHASES = ["steady", "changing", "after restart"]
LONG_WINDOW_S = 28.0
SAME = 1e-6
"""The same samples give the same figures; what is left is the rounding of time."""
CONSTANT = ["steady", "after restart"]
"""Phases in which a second more or less at the edge of a window changes little."""


@pytest.fixture
async def prometheus(scenario: Scenario) -> AsyncIterator[Prometheus]:
    async with Prometheus(scenario.server.url) as client:
        yield client


@pytest.fixture
async def stored(scenario: Scenario, prometheus: Prometheus) -> list[Scrape]:
    """Every scrape of the scenario as Prometheus stored it."""
    source = PrometheusSource(prometheus, scenario.server.instance, {"job": JOB})
    return await source.scrapes(600, scenario.counted_at[-1])


@pytest.mark.parametrize("phase", PHASES)
async def test_same_samples_same_sums(
    scenario: Scenario, prometheus: Prometheus, stored: list[Scrape], phase: str, report: Report
) -> None:
    ours = windows(stored, scenario.phases[phase])
    largest = await compare_with_pairs(prometheus, scenario, ours)
    report.table("same samples, increases added up, 8 s", phase, largest)
    assert largest.windows >= 9
    assert largest.of(*QUANTITIES) < SAME


@pytest.mark.parametrize("phase", PHASES)
async def test_same_samples_same_as_rate(
    scenario: Scenario, prometheus: Prometheus, stored: list[Scrape], phase: str, report: Report
) -> None:
    ours = windows(stored, scenario.phases[phase])
    largest = await compare_with_rate(prometheus, scenario, ours)
    report.table("same samples, rate(), 8 s", phase, largest)
    assert largest.windows >= 9
    assert largest.of(*QUANTITIES) < 0.01


async def test_same_samples_over_half_a_minute_of_both_loads(
    scenario: Scenario, prometheus: Prometheus, stored: list[Scrape], report: Report
) -> None:
    both = scenario.phases["steady"][0], scenario.phases["changing"][1]
    ours = list(windows(stored, both, LONG_WINDOW_S))
    largest = await compare_with_rate(prometheus, scenario, ours)
    report.table("same samples, rate(), 28 s", "steady and changing", largest)
    assert min(window.usage.seconds for window in ours) > LONG_WINDOW_S - 2
    assert largest.of(*QUANTITIES) < 0.01


@pytest.mark.parametrize("phase", PHASES)
async def test_own_scrapes_beside_rate(
    scenario: Scenario, prometheus: Prometheus, phase: str, report: Report
) -> None:
    ours = windows(_scrapes(scenario.live), scenario.phases[phase])
    largest = await compare_with_rate(prometheus, scenario, ours)
    report.table("own scrapes, rate(), 8 s", phase, largest)
    if phase in CONSTANT:
        assert largest.of("requests/s", "inference ms") < 0.25


@pytest.mark.parametrize("phase", PHASES)
async def test_own_scrapes_beside_rate_over_a_whole_phase(
    scenario: Scenario, prometheus: Prometheus, phase: str, report: Report
) -> None:
    scrapes = phase_of(_scrapes(scenario.live), scenario.phases[phase])
    *_, last = scrapes
    ours = [
        window
        for window in windows(scrapes, scenario.phases[phase], WHOLE_PHASE_S)
        if window.at == last.at.wall.timestamp()
    ]
    largest = await compare_with_rate(prometheus, scenario, ours)
    report.table("own scrapes, rate(), whole phase", phase, largest)
    if phase in CONSTANT:
        assert largest.of("requests/s", "inference ms") < 0.1


async def test_what_was_sent_is_what_was_counted(scenario: Scenario, stored: list[Scrape]) -> None:
    for sent, at in zip(scenario.sent, scenario.counted_at, strict=True):
        (scrape,) = phase_of(stored, (at, at))
        assert counted(scrape) == dict(sent)


async def test_prometheus_loses_the_first_sample_of_a_series_and_tsmon_does_not(
    scenario: Scenario, prometheus: Prometheus, stored: list[Scrape], report: Report
) -> None:
    found = await total_increases(prometheus, scenario, scenario.counted_at[-1])
    sent = sum(scenario.sent[1:], scenario.sent[0])
    assert {model: first + grown for model, (first, grown) in found.items()} == dict(sent)
    lost, _ = found[LATE]
    report.add(f"new series: of {sent[LATE]} requests increase() never sees the first {lost:g}")
    assert lost > 0
    assert arrived(stored, LATE) == sent[LATE]


def _scrapes(watch: Watch) -> list[Scrape]:
    return [each.scrape for each in watch.observations if isinstance(each.scrape, Scrape)]
