"""Carrying a plan out on a server."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace

from tests.fake import FakeTorchServe, Loading
from tsmon.declared.applying import StepOutcome, carry_out
from tsmon.declared.changes import ReplaceBy, plan_for
from tsmon.declared.difference import Action, difference
from tsmon.declared.state import DeclaredState, DeclaredVersion, state_of


async def apply(fake: FakeTorchServe, wanted: DeclaredState) -> list[StepOutcome]:
    async with fake.client() as client:
        before = await state_of(client.management)
        plan = difference(wanted, before, prune=True)
        steps = [step async for step in carry_out(client.management, plan, before)]
    return [each.outcome for each in steps if each.outcome is not StepOutcome.UNDER_WAY]


async def found(fake: FakeTorchServe) -> DeclaredState:
    async with fake.client() as client:
        return await state_of(client.management)


async def test_a_server_that_forgot_all_gets_it_back(fake: FakeTorchServe) -> None:
    fake.load("a", "1.0", workers=2)
    fake.load("a", "2.0")
    fake.load("b")
    wanted = await found(fake)
    fake.restart()
    assert (await found(fake)).models == ()

    assert set(await apply(fake, wanted)) == {StepOutcome.DONE}
    assert await found(fake) == wanted
    assert await apply(fake, wanted) == []


async def test_a_default_version_with_others_is_registered_again_and_stays_it(
    fake: FakeTorchServe,
) -> None:
    fake.load("a", "1.0")
    fake.load("a", "2.0")
    before = await found(fake)
    first = replace(before.models[0], batch_size=4)
    wanted = DeclaredState((first, before.models[1]))

    assert set(await apply(fake, wanted)) == {StepOutcome.DONE}
    assert set((await found(fake)).models) == set(wanted.models)


async def test_it_stops_at_the_first_step_that_fails(fake: FakeTorchServe) -> None:
    fake.archive("bad", loading=Loading.DIES)
    fake.archive("good")
    wanted = DeclaredState(
        (
            DeclaredVersion("bad", "1.0", "bad.mar", True, 1, 1),
            DeclaredVersion("good", "1.0", "good.mar", True, 1, 1),
        )
    )
    assert await apply(fake, wanted) == [StepOutcome.FAILED, StepOutcome.NOT_TRIED]
    assert "good" not in fake.registry.models


async def test_an_archive_of_another_version_is_said(fake: FakeTorchServe) -> None:
    fake.archive("a", "3.0")
    async with fake.client() as client:
        wanted = DeclaredState((DeclaredVersion("a", "1.0", "a.mar", True, 1, 1),))
        plan = difference(wanted, DeclaredState(), prune=False)
        steps = [each async for each in carry_out(client.management, plan, DeclaredState())]
    assert steps[-1].outcome is StepOutcome.FAILED
    assert "a.mar has another version: 3.0 is registered" in steps[-1].detail


async def test_a_version_that_is_replaced_finishes_what_is_queued(fake: FakeTorchServe) -> None:
    old = fake.load("a", "1.0")
    fake.archive("a", "2.0", url="a-2.mar")
    old.queued = 3
    before = await found(fake)
    plan = plan_for("", ReplaceBy("a", "", "a-2.mar", "2.0"), before).plan

    async with fake.client() as client:
        async for step in carry_out(client.management, plan, before):
            assert step.outcome is not StepOutcome.FAILED
            if step.step.action is Action.UNREGISTER and old.queued:
                assert not fake.sent("DELETE")
                asyncio.get_running_loop().call_later(0.4, setattr, old, "queued", 0)
    assert old.queued == 0
    assert fake.sent("DELETE") == ["DELETE /models/a/1.0"]
    assert str((await found(fake)).models[0]) == "a 2.0"
