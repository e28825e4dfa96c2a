"""A rollout ends when its workers are ready, keep dying, or time is up."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.fake import FakeTorchServe, Loading
from tsmon.torchserve import rollout
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.rollout import Outcome, RolloutProgress, follow


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollout, "ROLLOUT_POLL_S", 0)


@pytest.fixture
def server() -> FakeTorchServe:
    return FakeTorchServe()


@pytest.fixture
async def client(server: FakeTorchServe) -> AsyncIterator[TorchServe]:
    async with server.client() as opened:
        yield opened


async def test_ready_workers_end_it_at_the_first_look(
    server: FakeTorchServe, client: TorchServe
) -> None:
    server.load("mnist", workers=2)
    (only,) = await _steps(client, "mnist", 2)
    assert (only.outcome, only.ready, only.wanted) == (Outcome.DONE, 2, 2)


async def test_workers_that_are_too_many_are_not_the_end(
    server: FakeTorchServe, client: TorchServe
) -> None:
    server.load("mnist", workers=3)
    last = (await _steps(client, "mnist", 2, timeout_s=0))[-1]
    assert (last.outcome, last.ready) == (Outcome.FAILED, 3)


async def test_one_death_is_forgiven(server: FakeTorchServe, client: TorchServe) -> None:
    server.load("mnist", loading=Loading.DIES_ONCE)
    steps = await _steps(client, "mnist", 1)
    assert [step.outcome for step in steps] == [*[Outcome.RUNNING] * 3, Outcome.DONE]


async def test_second_death_of_a_worker_ends_it(server: FakeTorchServe, client: TorchServe) -> None:
    server.load("mnist", loading=Loading.DIES)
    *running, last = await _steps(client, "mnist", 1)
    # Without a process, in the first, in the second; the third one is the second's death.
    assert [step.outcome for step in running] == [Outcome.RUNNING] * 3
    assert last.outcome is Outcome.FAILED
    assert last.reason == "worker 9000 keeps dying while loading the model"
    assert "model_log.log" in last.hint


async def test_time_up_says_how_many_are_ready(server: FakeTorchServe, client: TorchServe) -> None:
    server.load("mnist", workers=2, loading=Loading.HELD)
    server.version("mnist").workers[0].become_ready()
    last = (await _steps(client, "mnist", 2, timeout_s=0))[-1]
    assert (last.outcome, last.reason) == (Outcome.FAILED, "1 of 2 workers are ready after 0 s")


@pytest.mark.parametrize(("least", "most", "words"), [(5, 5, "5"), (3, 6, "3 to 6")])
async def test_somebody_elses_number_ends_it_at_once(
    server: FakeTorchServe, client: TorchServe, least: int, most: int, words: str
) -> None:
    version = server.load("mnist", workers=2, loading=Loading.HELD)
    steps = follow(client.management, "mnist", 2)
    assert (await anext(steps)).outcome is Outcome.RUNNING
    server.registry.scale(version, least, most)
    last = [step async for step in steps][-1]
    assert (last.outcome, last.overtaken) == (Outcome.FAILED, True)
    assert last.reason == f"someone else has scaled it to {words}, and that was left in place"


async def test_an_archive_may_decide_how_many_workers_a_registration_has(
    server: FakeTorchServe, client: TorchServe
) -> None:
    server.load("mnist", workers=3, loading=Loading.HELD)
    steps = follow(client.management, "mnist", 2, registered=True)
    assert (await anext(steps)).outcome is Outcome.RUNNING
    await steps.aclose()  # type: ignore[attr-defined]


async def test_model_removed_meanwhile_ends_it(server: FakeTorchServe, client: TorchServe) -> None:
    version = server.load("mnist", loading=Loading.HELD)
    outcomes = []
    async for step in follow(client.management, "mnist", 1):
        outcomes.append(step.outcome)
        if step.outcome is Outcome.RUNNING:
            server.registry.remove(version)
    assert outcomes == [Outcome.RUNNING, Outcome.FAILED]


async def test_named_version_is_followed(server: FakeTorchServe, client: TorchServe) -> None:
    server.load("mnist", "1.0", workers=0)
    server.load("mnist", "2.0", workers=1)
    assert (await _steps(client, "mnist", 1, version="2.0"))[-1].outcome is Outcome.DONE


async def _steps(
    client: TorchServe,
    name: str,
    wanted: int,
    *,
    version: str | None = None,
    timeout_s: float | None = None,
) -> list[RolloutProgress]:
    steps = follow(client.management, name, wanted, version=version, timeout_s=timeout_s)
    return [step async for step in steps]
