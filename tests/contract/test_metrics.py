"""What `/metrics` says in each mode, and what a request changes in it."""

from __future__ import annotations

import pytest

from tests.contract.servers import Server
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.scrape import Counters, MetricsMode, Scrape, SeriesKey, parse_scrape
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.errors import HandlerFailed, NoCapacity
from tsmon.torchserve.management import Registration


async def test_mode_log_answers_with_nothing(bare: Server) -> None:
    async with bare.client() as client:
        assert await client.metrics.scrape() == ""


@pytest.mark.since("0.12.0", "counters before the first request")
async def test_mode_legacy_has_the_three_counters_alone(fleeting: Server) -> None:
    async with fleeting.client() as client:
        scrape = await _scrape(client)
    assert scrape.mode is MetricsMode.LEGACY
    assert not scrape.published.lines_of("MemoryUsed")


@pytest.mark.since("0.8.0", "a choice of metrics_mode")
async def test_mode_prometheus_is_known_before_the_first_request(client: TorchServe) -> None:
    assert (await _scrape(client)).mode is MetricsMode.PROMETHEUS


async def test_model_without_requests_has_no_series(client: TorchServe) -> None:
    await client.management.register(Registration("digit.mar", model_name="quiet"))
    assert not [key for key in (await _scrape(client)).series if key.model == "quiet"]


async def test_prediction_moves_the_counters_of_the_version_its_path_names(
    client: TorchServe,
) -> None:
    registration = Registration("digit.mar", model_name='odd "name"\\', initial_workers=1)
    await client.management.register(registration, synchronous=True)
    for version in (None, "1.0", "1.0"):
        await client.inference.predict('odd "name"\\', b"four", version=version)
    series = (await _scrape(client)).series
    unnamed = series[SeriesKey('odd "name"\\', "default")]
    named = series[SeriesKey('odd "name"\\', "1.0")]
    assert (unnamed.requests, named.requests) == (1, 2)
    for counters in (unnamed, named):
        assert counters.inference_us > 0
        assert counters.queue_us > 0


async def test_refused_request_is_counted_but_has_no_latency(client: TorchServe) -> None:
    await client.management.register(Registration("digit.mar", model_name="refusing"))
    with pytest.raises(NoCapacity):
        await client.inference.predict("refusing", b"four")
    counters = (await _scrape(client)).series[SeriesKey("refusing", "default")]
    assert counters == Counters(requests=1)


async def test_request_whose_handler_raised_is_counted_but_has_no_latency(
    client: TorchServe,
) -> None:
    registration = Registration("raising.mar", initial_workers=1)
    await client.management.register(registration, synchronous=True)
    key = SeriesKey("raising", "1.0")
    before = (await _scrape(client)).series.get(key, Counters())
    with pytest.raises(HandlerFailed):
        await client.inference.predict("raising", b"four", version="1.0")
    assert (await _scrape(client)).series[key] - before == Counters(requests=1)


async def test_series_outlive_their_model(client: TorchServe) -> None:
    await client.management.register(Registration("digit.mar", model_name="mortal"))
    with pytest.raises(NoCapacity):
        await client.inference.predict("mortal", b"four")
    await client.management.unregister("mortal")
    assert SeriesKey("mortal", "default") in (await _scrape(client)).series


async def _scrape(client: TorchServe) -> Scrape:
    return parse_scrape(await client.metrics.scrape(), Instant.now())
