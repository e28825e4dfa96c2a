"""Carrying a plan out on a server."""

from __future__ import annotations

from msgspec.structs import replace

from tests.fake import FakeTorchServe, Loading
from tsmon.declared.applying import StepOutcome, carry_out
from tsmon.declared.difference import difference
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
