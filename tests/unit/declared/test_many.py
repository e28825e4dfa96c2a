"""Changing several servers, one after the other or a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.fake import FakeTorchServe, Loading
from tsmon.declared.changes import Change, RegisterOn, ScaleTo, ServerPlan, plan_for
from tsmon.declared.many import ChangeOfMany, Stand, plans_back
from tsmon.declared.state import DeclaredState, DeclaredVersion, state_of
from tsmon.torchserve.client import TorchServe

Fakes = dict[str, FakeTorchServe]


@pytest.fixture
def fakes() -> Fakes:
    fakes = {name: FakeTorchServe() for name in "abc"}
    for fake in fakes.values():
        fake.load("mnist")
    return fakes


def keep(server: str, state: DeclaredState) -> Path:
    assert state.models
    return Path(f"{server}.toml")


async def plans(fakes: Fakes, change: Change) -> list[ServerPlan]:
    found = []
    for name, fake in fakes.items():
        async with fake.client() as client:
            found.append(plan_for(name, change, await state_of(client.management)))
    return found


def work_on(fakes: Fakes, planned: Sequence[ServerPlan], at_once: int = 1) -> ChangeOfMany:
    def open_server(name: str) -> TorchServe:
        return fakes[name].client()

    return ChangeOfMany(planned, open_server, keep, at_once=at_once)


def stands(work: ChangeOfMany) -> list[Stand]:
    return [each.stand for each in work.servers.values()]


def workers(fakes: Fakes) -> list[int]:
    return [fake.version("mnist").min_workers for fake in fakes.values()]


@pytest.mark.parametrize("at_once", [1, 2, 3])
async def test_all_that_differ_are_changed_and_no_other(fakes: Fakes, at_once: int) -> None:
    fakes["b"].registry.scale(fakes["b"].version("mnist"), 2, 2)
    work = work_on(fakes, await plans(fakes, ScaleTo("mnist", "", 2)), at_once)
    await work.run()
    assert stands(work) == [Stand.DONE, Stand.UNCHANGED, Stand.DONE]
    assert workers(fakes) == [2, 2, 2]
    assert not fakes["b"].sent("PUT")
    assert [str(each.kept) for each in work.servers.values()] == ["a.toml", "None", "c.toml"]


async def test_it_stops_at_the_first_failure_and_goes_back(fakes: Fakes) -> None:
    fakes["a"].archive("new")
    fakes["b"].archive("new", loading=Loading.DIES)
    change = RegisterOn(DeclaredVersion("new", "1.0", "new.mar", False, 1, 1))
    work = work_on(fakes, await plans(fakes, change))
    await work.run()
    assert stands(work) == [Stand.DONE, Stand.FAILED, Stand.NOT_TRIED]
    assert "register new 1.0" in work.servers["b"].why
    assert not fakes["c"].sent("POST")

    assert list(work.to_put_back) == ["a", "b"]
    planned = await plans_back(work.to_put_back, lambda name: fakes[name].client())
    back = work_on(fakes, planned)
    await back.run()
    assert stands(back) == [Stand.DONE, Stand.DONE]
    assert all(list(fake.registry.models) == ["mnist"] for fake in fakes.values())


async def test_a_server_that_changed_since_the_plan_is_left_alone(fakes: Fakes) -> None:
    planned = await plans(fakes, ScaleTo("mnist", "", 2))
    fakes["a"].load("other")
    work = work_on(fakes, planned)
    await work.run()
    assert stands(work) == [Stand.FAILED, Stand.NOT_TRIED, Stand.NOT_TRIED]
    assert work.servers["a"].why == "its models changed after the plan was made"
    assert not work.to_put_back
    assert workers(fakes) == [1, 1, 1]


async def test_a_stop_ends_it_after_the_step(fakes: Fakes) -> None:
    planned = await plans(fakes, ScaleTo("mnist", "", 2))
    work = work_on(fakes, planned)
    version = fakes["a"].version("mnist")
    version.archive.loading = Loading.HELD
    task = asyncio.create_task(work.run())
    async with asyncio.timeout(10):
        while len(version.workers) < 2:  # noqa: ASYNC110 (the fake sets no event)
            await asyncio.sleep(0.01)
    task.cancel()
    fakes["a"].release("mnist")
    with pytest.raises(asyncio.CancelledError):
        await task
    assert stands(work) == [Stand.STOPPED, Stand.NOT_TRIED, Stand.NOT_TRIED]
    assert workers(fakes) == [2, 1, 1]
    assert list(work.to_put_back) == ["a"]
