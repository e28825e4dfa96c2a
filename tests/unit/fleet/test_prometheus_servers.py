"""The servers that a Prometheus reports."""

from __future__ import annotations

import time
from collections.abc import Sequence

import httpx
import pytest

from tests.unit.telemetry.prometheus.fake import NOW, FakePrometheus, labels
from tsmon.config.schema import LimitSettings
from tsmon.fleet.prometheus_servers import PrometheusServers
from tsmon.fleet.targets import Origin
from tsmon.telemetry.limits.limit import Limit, read_limits
from tsmon.telemetry.scrape import Counters, SeriesKey
from tsmon.telemetry.traffic import Missing
from tsmon.torchserve.errors import Unreachable

MNIST = SeriesKey("mnist", "1.0")
EVERY_S = 15


@pytest.fixture
def prometheus() -> FakePrometheus:
    """One that scraped two servers for a minute, and now is then."""
    made = FakePrometheus()
    for at in range(-60, 1, EVERY_S):
        for instance, factor in (("gpu7:8082", 1), ("gpu8:8082", 2)):
            scrape(made, at, 30.0 * factor * (at + 60) / EVERY_S, instance=instance)
    return made


def scrape(prometheus: FakePrometheus, at: float, requests: float, **target: str) -> None:
    sums = Counters(requests, requests * 5000.0, requests * 1000.0)
    prometheus.scrape(at, {MNIST: sums}, {labels("Requests5XX"): requests // 10}, **target)


def servers(
    prometheus: FakePrometheus,
    job: str = "",
    limits: Sequence[Limit] = (),
    pinned: Sequence[str] = (),
) -> PrometheusServers:
    return PrometheusServers(prometheus.client(), job, 2.0, limits, pinned)


async def test_one_round_of_questions_shows_all_servers(prometheus: FakePrometheus) -> None:
    found = servers(prometheus, "torchserve")

    await found.read()

    first, second = found.rows
    assert (first.target.name, second.target.name) == ("gpu7:8082", "gpu8:8082")
    assert first.target.origin is Origin.PROMETHEUS
    assert first.target.settings.url == "http://gpu7:8081"
    assert (first.figures.per_second, second.figures.per_second) == (2.0, 4.0)
    assert (first.figures.inference_ms, first.figures.queue_ms) == (5.0, 1.0)
    assert first.errors_per_second == 3 / EVERY_S
    assert first.figures.sign.word == "unknown", "workers are alive"
    assert first.is_up
    assert first.settled


async def test_no_samples_are_fetched(prometheus: FakePrometheus) -> None:
    found = servers(prometheus)
    await found.read()
    await found.read()

    assert prometheus.queries
    assert not [query for query in prometheus.queries if query.endswith("ms]")]


async def test_windows_fit_the_interval_in_which_each_server_is_scraped(
    prometheus: FakePrometheus,
) -> None:
    for at in range(61):
        scrape(prometheus, at, 10.0 * at, instance="quick:8082")
        if at % EVERY_S == 0:
            scrape(prometheus, at, 120.0 + at, instance="gpu7:8082")
    found = servers(prometheus)
    await found.read()

    rates = {row.target.name: row.figures.per_second for row in found.rows}
    assert rates["quick:8082"] == pytest.approx(10.0)
    assert rates["gpu7:8082"] == pytest.approx(1.0)
    (asked,) = {each for each in prometheus.queries if "ts_queue_latency" in each}
    assert "[4s]" in asked
    assert "[64s]" in asked


async def test_the_same_address_in_two_clusters_is_two_servers(prometheus: FakePrometheus) -> None:
    for cluster, factor in (("a", 1), ("b", 3)):
        for at in range(-60, 1, EVERY_S):
            scrape(prometheus, at, factor * (at + 60.0), instance="pod:8082", cluster=cluster)
    found = servers(prometheus)
    await found.read()

    rates = {row.target.name: row.figures.per_second for row in found.rows}
    assert rates["a/pod:8082"] == 1.0
    assert rates["b/pod:8082"] == 3.0
    assert len({row.target.key for row in found.rows}) == 4


async def test_pods_are_called_by_their_names(prometheus: FakePrometheus) -> None:
    prometheus.targets.clear()
    scrape(prometheus, 0, 1, instance="10.0.0.1:8082", pod="serve-7", namespace="vision")
    found = servers(prometheus)
    await found.read()

    (row,) = found.rows
    assert (row.target.name, row.target.instance) == ("vision/serve-7", "10.0.0.1:8082")


async def test_a_target_that_is_down_is_away(prometheus: FakePrometheus) -> None:
    found = servers(prometheus)
    await found.read()

    prometheus.scrape(15, None)
    await found.read()

    assert found.rows[0].figures.sign.word == "away"
    assert "could not scrape gpu7:8082" in found.rows[0].figures.evidence
    assert found.rows[1].is_up


async def test_a_job_leaves_out_those_of_others(prometheus: FakePrometheus) -> None:
    scrape(prometheus, 0, 1, instance="gpu9:8082", job="staging.eu")

    found = servers(prometheus, "staging.eu")
    await found.read()

    assert [row.target.name for row in found.rows] == ["gpu9:8082"]


async def test_other_targets_of_a_job_are_no_servers(prometheus: FakePrometheus) -> None:
    prometheus.scrape(0, {}, {labels("go_goroutines"): 7.0}, instance="sidecar:9000")
    found = servers(prometheus)
    await found.read()

    assert {row.target.name for row in found.rows} == {"gpu7:8082", "gpu8:8082"}


async def test_a_clock_that_is_wrong_here_makes_no_server_old(
    prometheus: FakePrometheus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: NOW + 3600)
    found = servers(prometheus)
    await found.read()

    assert all(row.is_up for row in found.rows)


async def test_missed_scrapes_make_no_server_old(prometheus: FakePrometheus) -> None:
    found = servers(prometheus)
    await found.read()

    prometheus.now += 2 * EVERY_S + 10
    await found.read()

    assert all(row.is_up for row in found.rows)


async def test_samples_that_stay_away_are_reported(prometheus: FakePrometheus) -> None:
    found = servers(prometheus)
    await found.read()

    prometheus.now += 60
    await found.read()
    assert "has not scraped gpu7:8082 for 60 s" in found.rows[0].figures.evidence
    assert found.rows[0].figures.sign.word == "stale"

    prometheus.now += 600
    await found.read()
    assert [row.figures.sign.word for row in found.rows] == ["stale", "stale"], "they stay in sight"


async def test_a_server_scraped_once_has_no_rates_yet(prometheus: FakePrometheus) -> None:
    prometheus.targets.clear()
    scrape(prometheus, 0, 5)
    found = servers(prometheus)
    await found.read()

    (row,) = found.rows
    assert row.is_up
    assert isinstance(row.figures.per_second, Missing)
    assert row.errors_per_second is None


async def test_a_pod_that_is_no_target_any_more_leaves(prometheus: FakePrometheus) -> None:
    found = servers(prometheus)
    await found.read()

    prometheus.targets = {
        target: scrapes for target, scrapes in prometheus.targets.items() if "gpu7" in str(target)
    }
    await found.read()

    assert [row.target.name for row in found.rows] == ["gpu7:8082"]


async def test_a_model_without_requests_is_known_by_its_workers(
    prometheus: FakePrometheus,
) -> None:
    worker = labels("WorkerLoadTime", WorkerName="W-9001-idle_2.0")
    for stored in prometheus.targets[(("instance", "gpu7:8082"), ("job", "torchserve"))].values():
        stored[worker] = 1800.0
    found = servers(prometheus)
    await found.read()

    idle = {str(model.key): model.figures for model in found.rows[0].models}["idle 2.0"]
    assert (idle.per_second, idle.inference_ms) == (0.0, Missing.NO_TRAFFIC)


async def test_requests_that_name_no_version_are_of_the_only_one_loaded(
    prometheus: FakePrometheus,
) -> None:
    prometheus.targets.clear()
    for at in (-15, 0):
        sums = Counters(at + 15, 1000.0 * (at + 15), 0.0)
        worker = {labels("WorkerLoadTime", WorkerName="W-9000-my_model_1.0"): 900.0}
        prometheus.scrape(at, {SeriesKey("my_model", "default"): sums}, worker)
    found = servers(prometheus)
    await found.read()

    (model,) = found.rows[0].models
    assert (str(model.key), model.figures.per_second) == ("my_model 1.0", 1.0)


async def test_limits_on_models_are_judged_over_a_minute_or_five(
    prometheus: FakePrometheus,
) -> None:
    limits = read_limits(
        {
            "busy": LimitSettings(when="rate > 3/s"),
            "slow": LimitSettings(when="mean > 4 ms in 5 min", model="other"),
        }
    )
    found = servers(prometheus, limits=limits)
    await found.read()

    assert [row.figures.sign.word for row in found.rows] == ["unknown", "over limit"]
    (busy,) = [row.models[0].figures.evidence for row in found.rows[1:]]
    assert "rate" in busy
    assert any("[60s]" in query for query in prometheus.queries)
    assert any("[300s]" in query and "rate(" in query for query in prometheus.queries)


async def test_longer_windows_are_asked_for_by_limits_alone(prometheus: FakePrometheus) -> None:
    limits = read_limits({"p95": LimitSettings(when="p95 > 50 ms")})
    await servers(prometheus, limits=limits).read()

    assert not [query for query in prometheus.queries if "rate(" in query and "[60s]" in query]


async def test_a_limit_on_a_series_is_judged(prometheus: FakePrometheus) -> None:
    for target, scrapes in prometheus.targets.items():
        for stored in scrapes.values():
            stored[labels("CPUUtilization")] = 95.0 if "gpu7" in str(target) else 5.0
    limits = read_limits({"hot": LimitSettings(when="value > 90", series="CPUUtilization")})
    found = servers(prometheus, limits=limits)
    await found.read()

    exceeded = [
        (row.target.name, series.text)
        for row in found.rows
        for series in row.series
        if any(status.exceeded for status in series.limits)
    ]
    assert exceeded == [("gpu7:8082", "CPUUtilization")]


async def test_only_what_rows_are_made_of_is_fetched(prometheus: FakePrometheus) -> None:
    await servers(prometheus, pinned=["PredictionTime{x}"]).read()

    (fetched,) = {each for each in prometheus.queries if each.startswith("{")}
    assert "PredictionTime" in fetched
    assert "HandlerTime" not in fetched


async def test_a_prometheus_that_is_away_is_an_error(prometheus: FakePrometheus) -> None:
    prometheus.answer = httpx.ConnectError

    with pytest.raises(Unreachable):
        await servers(prometheus).read()
