"""The source on a real Prometheus, and what a monitor makes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import pairwise

import pytest

from tests.integration.prometheus.archives import LATE, MODELS
from tests.integration.prometheus.scenario import Scenario
from tests.integration.prometheus.server import JOB
from tests.tui.seat import seated
from tsmon.fleet.prometheus_servers import PrometheusServers
from tsmon.telemetry.prometheus.client import Prometheus
from tsmon.telemetry.prometheus.errors import NoSuchInstance, QueryFailed, TargetDown
from tsmon.telemetry.prometheus.instances import Instance, discover
from tsmon.telemetry.prometheus.source import PrometheusSource
from tsmon.telemetry.scrape import MetricsMode, Scrape
from tsmon.telemetry.snapshot import ServerState
from tsmon.tui.app.app import TsmonApp
from tsmon.tui.state.session import PrometheusSession

pytestmark = pytest.mark.integration


@pytest.fixture
async def prometheus(scenario: Scenario) -> AsyncIterator[Prometheus]:
    async with Prometheus(scenario.server.url) as client:
        yield client


def test_each_scrape_is_given_once_and_in_order(scenario: Scenario) -> None:
    scrapes = [
        each.scrape for each in scenario.through.observations if isinstance(each.scrape, Scrape)
    ]
    assert len(scrapes) > 30
    assert all(later.at.since(earlier.at) > 0.5 for earlier, later in pairwise(scrapes))
    # The first scrape of a server's life may have no series yet, from which the mode is told.
    telling = [scrape for scrape in scrapes if scrape.published]
    assert len(telling) > 30
    assert {scrape.mode for scrape in telling} == {MetricsMode.PROMETHEUS}


def test_monitor_sees_the_same_models_and_the_restart(scenario: Scenario) -> None:
    snapshots = scenario.through.snapshots
    assert {ServerState.UP, ServerState.AWAY} == {each.server.state for each in snapshots}
    assert max(each.server.lives for each in snapshots) == 1
    names = {model.key.name for each in snapshots for model in each.models}
    assert names == {*MODELS, LATE}
    workers = {
        (model.key.name, worker.worker.id)
        for each in snapshots
        for model in each.models
        for worker in model.workers
    }
    assert {("quick", "9000"), ("middle", "9001"), ("slow", "9002")} <= workers


def test_down_target_says_why(scenario: Scenario) -> None:
    problems = [each.models for each in scenario.through.observations]
    down = [problem for problem in problems if isinstance(problem, TargetDown)]
    assert any("connect" in str(problem) for problem in down)


async def test_instances_with_torchserve_are_told_from_other_targets(
    scenario: Scenario, prometheus: Prometheus
) -> None:
    assert await discover(prometheus) == [Instance(scenario.server.instance, JOB, up=False)]


async def test_other_instance_is_refused_with_those_there_are(
    scenario: Scenario, prometheus: Prometheus
) -> None:
    observation = await PrometheusSource(prometheus, "gpu7:8082").observe(None)
    assert isinstance(observation.scrape, NoSuchInstance)
    assert observation.scrape.instances == (scenario.server.instance,)


async def test_stopped_torchserve_is_down(scenario: Scenario, prometheus: Prometheus) -> None:
    observation = await PrometheusSource(prometheus, scenario.server.instance).observe(None)
    assert isinstance(observation.models, TargetDown)
    assert "connection refused" in str(observation.models)


async def test_monitor_shows_the_past_that_prometheus_has(scenario: Scenario) -> None:
    client = Prometheus(scenario.server.url)
    session = PrometheusSession(client, scenario.server.instance)
    async with seated(TsmonApp(session), size=(140, 40)) as seat:
        await seat.sees("✗ away", "PROMETHEUS SERVER", "connection refused")
        await seat.press("left_curly_bracket")
        await seat.sees("PAUSED", "server away")
        await seat.press("left_square_bracket")
        await seat.sees("● up", *MODELS, "? 1")
        assert len(session.monitor.past) > 30


async def test_error_of_a_query_is_told_in_the_words_of_prometheus(prometheus: Prometheus) -> None:
    with pytest.raises(QueryFailed, match="parse error") as error:
        await prometheus.query("up{")
    assert error.value.type == "bad_data"


async def test_the_fleet_shows_that_the_instance_is_down(
    scenario: Scenario, prometheus: Prometheus
) -> None:
    servers = PrometheusServers(prometheus, JOB, 2.0)

    await servers.read()

    (row,) = servers.rows
    assert row.target.name == scenario.server.instance
    assert row.figures.sign.word == "away", "TorchServe is stopped by now"
    assert "could not scrape" in row.figures.evidence
