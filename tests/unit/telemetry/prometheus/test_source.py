"""An instance seen through Prometheus: the same readings, each sample once, honest gaps."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.telemetry.prometheus.fake import INSTANCE, JOB, NOW, FakePrometheus, labels
from tests.unit.telemetry.scrapes import MNIST, scraped
from tsmon.telemetry.prometheus.errors import (
    AmbiguousInstance,
    NoNewSample,
    NoSuchInstance,
    TargetDown,
)
from tsmon.telemetry.prometheus.source import SAMPLE_POLL_S, PrometheusSource
from tsmon.telemetry.scrape import Counters, MetricsMode, Scrape, SeriesKey
from tsmon.telemetry.source import Observation
from tsmon.telemetry.traffic import TrafficMeter, Usage
from tsmon.torchserve.errors import TorchServeError, Unreachable

SUMS = Counters(10, 200_000, 50_000)

whole = st.integers(0, 10**6)
seconds = st.integers(1, 20_000).map(lambda milliseconds: milliseconds / 1000)
lives = st.lists(
    st.tuples(
        seconds,
        st.dictionaries(
            st.builds(SeriesKey, st.sampled_from(["mnist", 'a"b\\c']), st.just("default")),
            st.builds(Counters, whole, whole, whole),
        ),
    ),
    min_size=2,
    max_size=8,
)


@pytest.fixture
def prometheus() -> FakePrometheus:
    return FakePrometheus()


@given(lives)
def test_readings_are_those_of_a_meter_that_scraped_itself(
    life: list[tuple[float, dict[SeriesKey, Counters]]],
) -> None:
    fake, at, own = FakePrometheus(), 0.0, []
    for pause, series in life:
        at = round(at + pause, 3)
        fake.scrape(at, series)
        own.append(scraped(at, series))

    async def stored() -> list[Scrape]:
        async with fake.client() as client:
            return await PrometheusSource(client, INSTANCE).scrapes(1000)

    through = asyncio.run(stored())
    ours, theirs = TrafficMeter(), TrafficMeter()
    assert len(own) == len(through)
    for direct, again in zip(own, through, strict=True):
        readings = ours.observe(direct)
        for key, traffic in theirs.observe(again).items():
            assert again.series[key] == direct.series[key]
            interval, expected = traffic.interval, readings[key].interval
            if isinstance(interval, Usage) and isinstance(expected, Usage):
                assert interval.seconds == pytest.approx(expected.seconds, abs=1e-6)
                assert interval.arrived == expected.arrived
                assert interval.inference_ms == expected.inference_ms
            else:
                assert interval == expected
    assert ours.life == theirs.life


async def test_first_two_answers_make_an_interval_at_once(prometheus: FakePrometheus) -> None:
    for at, requests in ((0, 10), (15, 40), (30, 100)):
        prometheus.scrape(at, {MNIST: Counters(requests, requests * 20_000, 0)})
    async with prometheus.client() as client:
        source = PrometheusSource(client, INSTANCE)
        before, newest = await _scrape(source), await _scrape(source)
    meter = TrafficMeter()
    meter.observe(before)
    interval = meter.observe(newest)[MNIST].interval
    assert isinstance(interval, Usage)
    assert (interval.seconds, interval.per_second, interval.inference_ms) == (15, 4, 20)


async def test_sample_that_was_given_is_not_given_again_but_the_next_is_waited_for(
    prometheus: FakePrometheus,
) -> None:
    prometheus.scrape(0, {MNIST: SUMS})
    prometheus.scrape(15, {MNIST: SUMS})
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        prometheus.now += seconds
        if len(pauses) == 3:
            prometheus.scrape(30, {MNIST: SUMS})

    async with prometheus.client() as client:
        source = PrometheusSource(client, INSTANCE, pause=pause)
        seen = [await _scrape(source) for _ in range(3)]
    assert [scrape.at.wall.timestamp() - NOW for scrape in seen] == [0, 15, 30]
    assert pauses == [SAMPLE_POLL_S] * 3


async def test_sample_that_stays_away_is_a_gap_and_no_rate_of_0(
    prometheus: FakePrometheus,
) -> None:
    prometheus.scrape(0, {MNIST: SUMS})
    prometheus.scrape(15, {MNIST: SUMS})

    async def pause(seconds: float) -> None:
        prometheus.now += seconds

    async with prometheus.client() as client:
        source = PrometheusSource(client, INSTANCE, pause=pause)
        await _scrape(source)
        await _scrape(source)
        assert isinstance((await source.observe(None)).scrape, NoNewSample)
        assert prometheus.now == NOW + 15 + 46  # three scrape intervals, and the first after them
        prometheus.scrape(70, {MNIST: SUMS})
        assert (await _scrape(source)).series == {MNIST: SUMS}


async def test_sample_that_is_old_at_the_first_look_is_none(prometheus: FakePrometheus) -> None:
    prometheus.scrape(0, {MNIST: SUMS})
    prometheus.scrape(15, {MNIST: SUMS})
    prometheus.now += 100
    async with prometheus.client() as client:
        observation = await PrometheusSource(client, INSTANCE).observe(None)
    assert "for 100 s" in str(observation.models)
    assert isinstance(observation.scrape, NoNewSample)


async def test_target_that_cannot_be_scraped_is_away_with_the_reason(
    prometheus: FakePrometheus,
) -> None:
    prometheus.scrape(0, {MNIST: SUMS})
    prometheus.scrape(1, None)
    prometheus.last_error = "connect: connection refused"
    async with prometheus.client() as client:
        source = PrometheusSource(client, INSTANCE)
        assert (await _scrape(source)).series == {MNIST: SUMS}
        problem = (await source.observe(None)).models
        assert isinstance(problem, TargetDown)
        assert isinstance(problem, Unreachable)  # what a monitor shows as away
        assert "connection refused" in str(problem)
        prometheus.scrape(2, {MNIST: Counters(1, 1, 1)})
        assert (await _scrape(source)).series == {MNIST: Counters(1, 1, 1)}


async def test_target_that_came_up_just_now_begins_with_that(prometheus: FakePrometheus) -> None:
    prometheus.scrape(0, None)
    prometheus.scrape(1, {MNIST: SUMS})
    async with prometheus.client() as client:
        scrape = await _scrape(PrometheusSource(client, INSTANCE))
    assert scrape.series == {MNIST: SUMS}


async def test_instance_that_is_not_scraped_is_refused_with_those_that_are(
    prometheus: FakePrometheus,
) -> None:
    prometheus.scrape(0, {MNIST: SUMS})
    prometheus.scrape(0, {}, instance="node:9100", job="node")
    async with prometheus.client() as client:
        problem = (await PrometheusSource(client, "gpu8:8082").observe(None)).models
    assert isinstance(problem, NoSuchInstance)
    assert str(problem) == f"Prometheus scrapes no gpu8:8082; it has: {INSTANCE}"
    assert "--instance" in problem.hint


async def test_instance_that_leaves_the_configuration_is_none_any_more(
    prometheus: FakePrometheus,
) -> None:
    prometheus.scrape(0, {MNIST: SUMS})
    async with prometheus.client() as client:
        source = PrometheusSource(client, INSTANCE)
        await _scrape(source)
        prometheus.targets.clear()
        problem = (await source.observe(None)).models
    assert isinstance(problem, NoSuchInstance)
    assert "metrics_mode" in problem.hint


async def test_job_with_torchserves_metrics_is_preferred(prometheus: FakePrometheus) -> None:
    prometheus.scrape(0, {MNIST: SUMS})
    prometheus.scrape(0, {}, job="probe")
    async with prometheus.client() as client:
        assert (await _scrape(PrometheusSource(client, INSTANCE))).series == {MNIST: SUMS}
        other = await _scrape(PrometheusSource(client, INSTANCE, {"job": "probe"}))
    assert (other.series, other.mode) == ({}, MetricsMode.LOG)


async def test_two_jobs_with_torchserves_metrics_must_be_told_apart(
    prometheus: FakePrometheus,
) -> None:
    prometheus.scrape(0, {MNIST: SUMS})
    prometheus.scrape(0, {MNIST: SUMS}, job="twin")
    async with prometheus.client() as client:
        problem = (await PrometheusSource(client, INSTANCE).observe(None)).models
        assert isinstance(problem, AmbiguousInstance)
        assert problem.jobs == (JOB, "twin")
        assert (await _scrape(PrometheusSource(client, INSTANCE, {"job": "twin"}))).series == {
            MNIST: SUMS
        }


async def test_models_are_known_from_the_series(prometheus: FakePrometheus) -> None:
    prometheus.scrape(
        0, {MNIST: SUMS}, {labels("WorkerLoadTime", WorkerName="W-9000-mnist_1.0"): 9}
    )
    async with prometheus.client() as client:
        source = PrometheusSource(client, INSTANCE)
        observation = await source.observe(None)
    assert isinstance(observation.models, tuple)
    (entry,) = observation.models
    assert (entry.model.name, entry.model.version, entry.is_default) == ("mnist", "1.0", True)
    assert [(each.id, each.pid) for each in entry.model.workers] == [("9000", None)]
    assert observation.facts is None
    assert source.label == f"{INSTANCE} (Prometheus prom:9090)"


async def test_problem_of_the_way_is_that_of_both_halves(prometheus: FakePrometheus) -> None:
    prometheus.answer = httpx.ConnectError
    async with prometheus.client() as client:
        observation = await PrometheusSource(client, INSTANCE).observe(None)
    assert isinstance(observation.models, Unreachable)
    assert observation.scrape is observation.models
    assert "Prometheus" in str(observation.models)


async def _scrape(source: PrometheusSource) -> Scrape:
    observation: Observation = await source.observe(None)
    assert not isinstance(observation.scrape, TorchServeError), observation.scrape
    return observation.scrape
