"""The servers that a Prometheus tells of."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from tests.unit.telemetry.prometheus.fake import NOW, FakePrometheus, labels
from tsmon.fleet.prometheus_servers import PrometheusServer, PrometheusServers
from tsmon.fleet.targets import Origin
from tsmon.telemetry.scrape import Counters, SeriesKey
from tsmon.torchserve.errors import Unreachable

MNIST = SeriesKey("mnist", "1.0")


@pytest.fixture
def prometheus(monkeypatch: pytest.MonkeyPatch) -> FakePrometheus:
    """One that scraped two servers twice each, and now is then."""
    made = FakePrometheus()
    for instance, factor in (("gpu7:8082", 1), ("gpu8:8082", 2)):
        for at, requests in ((-15, 10), (0, 40 * factor)):
            sums = Counters(requests, requests * 5000.0, requests * 1000.0)
            others = {labels("Requests5XX"): float(requests // 10)}
            made.scrape(at, {MNIST: sums}, others, instance=instance)
    monkeypatch.setattr(time, "time", lambda: NOW)
    return made


async def test_one_query_tells_of_all_instances(prometheus: FakePrometheus) -> None:
    told = PrometheusServers(prometheus.client(), "torchserve", 2.0)

    await told.read()

    first, second = told.rows
    assert (first.target.name, second.target.name) == ("gpu7:8082", "gpu8:8082")
    assert first.target.origin is Origin.PROMETHEUS
    assert first.target.settings.url == "http://gpu7:8081"
    assert (first.figures.per_second, second.figures.per_second) == (2.0, 70 / 15)
    assert (first.figures.inference_ms, first.figures.queue_ms) == (5.0, 1.0)
    assert first.errors_per_second == 3 / 15
    assert first.figures.sign.word == "unknown", "workers are alive"
    assert len(prometheus.queries) == 3, "the instances, the time, all samples"


async def test_the_same_scrape_read_again_is_no_new_interval(prometheus: FakePrometheus) -> None:
    told = PrometheusServers(prometheus.client(), "", 2.0)
    await told.read()

    await told.read()

    assert told.rows[0].figures.per_second == 2.0


async def test_a_target_that_is_down_is_away(prometheus: FakePrometheus) -> None:
    told = PrometheusServers(prometheus.client(), "", 2.0)
    await told.read()

    prometheus.scrape(15, None)
    await told.read()

    assert told.rows[0].figures.sign.word == "away"
    assert told.rows[1].is_up


async def test_a_job_leaves_out_those_of_others(prometheus: FakePrometheus) -> None:
    prometheus.scrape(0, {MNIST: Counters(1, 1, 1)}, instance="gpu9:8082", job="staging")

    told = PrometheusServers(prometheus.client(), "staging", 2.0)
    await told.read()

    assert [row.target.name for row in told.rows] == ["gpu9:8082"]


async def test_a_clock_that_is_wrong_here_makes_no_server_old(
    prometheus: FakePrometheus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: NOW + 3600)
    told = PrometheusServers(prometheus.client(), "", 2.0)
    await told.read()

    assert all(row.is_up for row in told.rows)


async def test_an_answer_that_is_read_slowly_makes_no_server_old(
    prometheus: FakePrometheus, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = PrometheusServers(prometheus.client(), "", 2.0)
    slowness, real = [0.0], time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: real() + slowness[0])
    take = PrometheusServer.take

    def slowly(server: PrometheusServer, series: Any, asked: Any) -> None:
        slowness[0] += 300
        take(server, series, asked)

    monkeypatch.setattr(PrometheusServer, "take", slowly)
    await told.read()

    assert all(row.is_up for row in told.rows)


async def test_only_what_rows_are_made_of_is_fetched(prometheus: FakePrometheus) -> None:
    await PrometheusServers(prometheus.client(), "", 2.0, pinned=["PredictionTime{x}"]).read()

    fetched = prometheus.queries[-1]
    assert "PredictionTime" in fetched
    assert "HandlerTime" not in fetched


async def test_samples_that_stay_away_are_told(prometheus: FakePrometheus) -> None:
    told = PrometheusServers(prometheus.client(), "", 2.0)
    await told.read()

    prometheus.now += 60
    await told.read()

    assert "has not scraped gpu7:8082 for 60 s" in told.rows[0].figures.evidence


async def test_a_prometheus_that_is_away_is_an_error(prometheus: FakePrometheus) -> None:
    prometheus.answer = httpx.ConnectError

    with pytest.raises(Unreachable):
        await PrometheusServers(prometheus.client(), "", 2.0).read()
