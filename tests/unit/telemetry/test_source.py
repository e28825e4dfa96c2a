"""How a live source asks: little of settled models, at once of those that change."""

from __future__ import annotations

import asyncio
import threading

import httpx
import pytest

from tests.fake import FakeTorchServe, Loading
from tsmon.telemetry import live
from tsmon.telemetry.descriptions import DESCRIBES_AT_ONCE
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.live import DESCRIBES_PER_TICK, LARGE_SCRAPE, LiveSource
from tsmon.telemetry.scrape import Scrape, ScrapeReader, UnreadableScrape
from tsmon.telemetry.snapshot import ModelKey
from tsmon.telemetry.source import Observation
from tsmon.torchserve.errors import TimedOut, Unreachable


@pytest.fixture
def server() -> FakeTorchServe:
    return FakeTorchServe()


async def test_every_version_is_seen_and_which_one_is_the_default(server: FakeTorchServe) -> None:
    server.load("mnist", "1.0")
    server.load("mnist", "2.0")
    server.load("resnet", "1.0")
    async with server.client() as client:
        observation = await LiveSource(client).observe(None)
    assert _models(observation) == [("mnist", "1.0"), ("mnist", "2.0"), ("resnet", "1.0")]
    assert isinstance(observation.models, tuple)
    assert [entry.is_default for entry in observation.models] == [True, False, True]


async def test_all_of_200_models_are_seen_at_the_first_look(server: FakeTorchServe) -> None:
    server.load_many(200)
    async with server.client() as client:
        observation = await LiveSource(client).observe(None)
    assert len(_models(observation)) == 200


async def test_a_large_scrape_is_parsed_beside_the_loop(
    server: FakeTorchServe, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed_in: list[threading.Thread] = []

    read = ScrapeReader.read

    def parse(reader: ScrapeReader, text: str, at: Instant) -> Scrape:
        parsed_in.append(threading.current_thread())
        return read(reader, text, at)

    monkeypatch.setattr(ScrapeReader, "read", parse)
    async with server.client() as client:
        await LiveSource(client).observe(None)
        for number in range(LARGE_SCRAPE // 50):
            server.arrive(f"model-{number}", "1.0")
        observation = await LiveSource(client).observe(None)
    assert isinstance(observation.scrape, Scrape)
    assert len(observation.scrape.series) == LARGE_SCRAPE // 50
    here = threading.current_thread()
    assert [thread is here for thread in parsed_in] == [True, False]


async def test_settled_models_are_described_a_few_at_a_time_in_turn(
    server: FakeTorchServe,
) -> None:
    server.load_many(20)
    described: list[str] = []
    async with server.client() as client:
        source = LiveSource(client)
        await source.observe(None)
        for _ in range(5):
            server.requests.clear()
            assert len(_models(await source.observe(None))) == 20
            turn = server.sent("GET", "/models/")
            assert len(turn) == DESCRIBES_PER_TICK
            described += turn
    counts = [described.count(path) for path in set(described)]
    assert counts == [2] * 20


async def test_focus_and_unsettled_models_are_described_at_every_look(
    server: FakeTorchServe,
) -> None:
    server.load_many(30)
    server.load("held", loading=Loading.HELD)
    async with server.client() as client:
        source = LiveSource(client)
        await source.observe(None)
        for _ in range(3):
            server.requests.clear()
            await source.observe(ModelKey("model-007", "1.0"))
            turn = server.sent("GET", "/models/")
            assert (
                turn.count("GET /models/held/all") == turn.count("GET /models/model-007/all") == 1
            )


async def test_descriptions_are_asked_for_a_few_at_once(server: FakeTorchServe) -> None:
    server.load_many(10)
    hold = server.hold("/models/")
    async with server.client() as client:
        looking = asyncio.create_task(LiveSource(client).observe(None))
        await hold.arrival(DESCRIBES_AT_ONCE)
        await client.management.api_description()  # whatever could arrive meanwhile has
        assert len(hold.waiting) == DESCRIBES_AT_ONCE
        hold.release()
        assert len(_models(await looking)) == 10


async def test_model_removed_between_list_and_description_is_left_out(
    server: FakeTorchServe,
) -> None:
    mnist = server.load("mnist")
    server.load("resnet")
    hold = server.hold("/models/mnist")
    async with server.client() as client:
        looking = asyncio.create_task(LiveSource(client).observe(None))
        await hold.arrival()
        server.registry.remove(mnist)
        hold.release()
        assert _models(await looking) == [("resnet", "1.0")]


async def test_models_and_scrape_fail_each_by_itself(server: FakeTorchServe) -> None:
    server.load("mnist")
    async with server.client() as client:
        source = LiveSource(client)
        server.fail("/metrics", httpx.ReadTimeout, times=1)
        observation = await source.observe(None)
        assert isinstance(observation.scrape, TimedOut)
        assert _models(observation) == [("mnist", "1.0")]
        server.fail("/models", httpx.ReadTimeout)
        observation = await source.observe(None)
        assert isinstance(observation.models, TimedOut)
        assert isinstance(observation.scrape, Scrape)
        server.heal()
        server.fail("/metrics", httpx.Response(200, text="<html>"))
        assert isinstance((await source.observe(None)).scrape, UnreadableScrape)


async def test_facts_are_asked_for_once_per_life(server: FakeTorchServe) -> None:
    async with server.client() as client:
        source = LiveSource(client)
        for _ in range(2):
            facts = (await source.observe(None)).facts
            assert facts is not None
            assert (facts.version, facts.model_api) == ("0.12.0", True)
        assert server.sent("GET", "/api-description") == ["GET /api-description"]
        server.kill()
        observation = await source.observe(None)
        assert observation.facts is None
        assert isinstance(observation.models, Unreachable)
        server.model_api = False
        server.start()
        facts = (await source.observe(None)).facts
        assert facts is not None
        assert facts.model_api is False


async def test_read_only_source_changes_nothing_and_does_not_try(server: FakeTorchServe) -> None:
    async with server.client(read_only=True) as client:
        facts = (await LiveSource(client).observe(None)).facts
    assert facts is not None
    assert facts.model_api is None
    assert server.sent("POST") == server.sent("PUT") == server.sent("DELETE") == []


async def test_logs_are_looked_for_once_per_life_and_not_while_the_server_is_away(
    server: FakeTorchServe, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []
    monkeypatch.setattr(live, "find_logs", looks.append)
    async with server.client() as client:
        source = LiveSource(client)
        for _ in range(3):
            await source.observe(None)
        assert len(looks) == 1
        server.kill()
        for _ in range(3):
            await source.observe(None)
        assert len(looks) == 1
        server.start()
        await source.observe(None)
    assert looks == [client.addresses.management] * 2


def _models(observation: Observation) -> list[tuple[str, str]]:
    assert isinstance(observation.models, tuple)
    return [(entry.model.name, entry.model.version) for entry in observation.models]
