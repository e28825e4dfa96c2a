"""What is asked of the fake server."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.fake import FakeTorchServe
from tsmon.doctor.asking import ask_server, key_file_facts
from tsmon.doctor.facts import Api, ExaminedServer
from tsmon.telemetry.scrape import MetricsMode, Scrape
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.connection import Connection
from tsmon.torchserve.errors import TokenRefused, Unreachable
from tsmon.torchserve.records import ApiDescription
from tsmon.torchserve.tokens import KeyKind, KeyRing


async def examine(server: FakeTorchServe, keys: KeyRing | None = None) -> ExaminedServer:
    def connect(url: str) -> Connection:
        return Connection(url, KeyRing(), transport=server.transport())

    ring = keys or KeyRing(server.keys.path)
    async with TorchServe(server.addresses, ring, transport=server.transport()) as client:
        return await ask_server(client, connect)


@pytest.fixture
def server(tmp_path: Path) -> FakeTorchServe:
    fake = FakeTorchServe(key_file=tmp_path / "key_file.json", metrics_mode="log")
    fake.load("mnist", workers=2)
    return fake


async def test_everything_is_asked_in_one_go(server: FakeTorchServe) -> None:
    facts = await examine(server)

    assert facts.reachable
    assert all(isinstance(answer, ApiDescription) for answer in facts.descriptions.values())
    assert (facts.ping, facts.wants_token) == ("Healthy", True)
    assert isinstance(facts.observation.scrape, Scrape)
    assert facts.observation.scrape.mode is MetricsMode.LOG
    assert facts.observation.facts is not None
    assert facts.observation.facts.model_api is True


async def test_nothing_is_changed(server: FakeTorchServe) -> None:
    before = server.registry.models.keys()

    await examine(server)

    assert server.registry.models.keys() == before
    assert server.sent("PUT") == server.sent("DELETE") == []


async def test_without_keys_the_parts_that_want_one_carry_the_refusal(
    server: FakeTorchServe,
) -> None:
    facts = await examine(server, KeyRing())

    assert facts.wants_token is True
    assert isinstance(facts.ping, TokenRefused)
    assert isinstance(facts.observation.models, TokenRefused)
    assert facts.reachable


async def test_a_server_without_tokens() -> None:
    assert (await examine(FakeTorchServe())).wants_token is False


async def test_a_stopped_server(server: FakeTorchServe) -> None:
    server.kill()

    facts = await examine(server)

    assert not facts.reachable
    assert facts.wants_token is None
    assert isinstance(facts.descriptions[Api.METRICS], Unreachable)


async def test_a_server_that_breaks_every_connection(server: FakeTorchServe) -> None:
    server.fail("/", httpx.ReadError)

    assert not (await examine(server)).reachable


def test_the_key_file_is_described_without_its_keys(server: FakeTorchServe) -> None:
    path = server.keys.path
    assert path is not None
    path.chmod(0o640)

    facts = key_file_facts(KeyRing(path))

    assert (facts.path, facts.mode, facts.problem) == (path, 0o640, "")
    assert facts.expires[KeyKind.MANAGEMENT] is not None
    assert facts.expires[KeyKind.API] is None


@pytest.mark.parametrize("text", [None, "no json"])
def test_a_bad_key_file_says_why(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "key_file.json"
    if text is not None:
        path.write_text(text)

    assert str(path) in key_file_facts(KeyRing(path)).problem
