"""Decisions carried out on a server, and those of a dry run that are only said."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import httpx
import pytest
from msgspec.structs import replace

from tests.fake import FakeTorchServe, Loading
from tests.unit.load.autoscale.test_decision import AWAY, reading
from tests.unit.load.autoscale.world import KEY, snapshot
from tsmon.load.autoscale.decision import Autoscaler, Policy, Reading
from tsmon.load.autoscale.loop import Autoscaling, Step, StepKind
from tsmon.load.autoscale.watching import Watching
from tsmon.load.capacity.prediction import LatencyGoal
from tsmon.load.capacity.situation import Machine
from tsmon.telemetry.snapshot import Snapshot
from tsmon.torchserve import rollout

POLICY = Policy(most=4, up_after_s=0, down_after_s=10)


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollout, "ROLLOUT_POLL_S", 0)


@pytest.fixture
def server() -> FakeTorchServe:
    fake = FakeTorchServe()
    fake.load(KEY.name)
    return fake


class Script(Watching):
    """Gives readings that were made up, of the workers that the server has."""

    def __init__(self, server: FakeTorchServe, readings: Sequence[Reading]) -> None:
        super().__init__(KEY, LatencyGoal())
        self._server = server
        self._coming = iter(readings)

    def read(self, snapshot: Snapshot, machine: Machine | None) -> Reading:
        made_up = next(self._coming)
        if made_up.workers is None or not self._server.is_up:
            return made_up
        return replace(made_up, workers=len(self._server.version(KEY.name).workers))


async def steps(
    server: FakeTorchServe, *readings: Reading, acts: bool = True, policy: Policy = POLICY
) -> list[Step]:
    """What happens at these readings."""

    async def ticks() -> AsyncIterator[Snapshot]:
        for second, _ in enumerate(readings):
            yield snapshot(second)

    async with server.client() as client:
        scaling = Autoscaling(
            key=KEY,
            management=client.management,
            watching=Script(server, readings),
            scaler=Autoscaler(policy),
            acts=acts,
            machine_of=lambda _: None,
        )
        return [step async for step in scaling.steps(ticks())]


def kinds(found: Sequence[Step]) -> list[StepKind]:
    return [step.kind for step in found]


def workers(server: FakeTorchServe) -> int:
    return len(server.version(KEY.name).workers)


async def test_a_change_is_carried_out_and_waited_for(server: FakeTorchServe) -> None:
    found = await steps(server, reading(0, 25.0, 1), reading(1, 25.0, 3))
    assert kinds(found) == [StepKind.SCALING, StepKind.READY, StepKind.STEADY]
    assert (found[0].workers, found[0].target, workers(server)) == (1, 3, 3)
    assert found[1].why.startswith("3 workers ready after ")


async def test_a_dry_run_changes_nothing_and_says_once_what_it_would_do(
    server: FakeTorchServe,
) -> None:
    found = await steps(server, *(reading(n, 25.0 + n / 10, 1) for n in range(9)), acts=False)
    assert kinds(found) == [StepKind.WOULD_SCALE]
    assert (found[0].workers, found[0].target) == (1, 3)
    assert not server.sent("PUT")


async def test_what_stays_as_it_is_is_said_once(server: FakeTorchServe) -> None:
    away = Reading(at=3, workers=None, unknown=AWAY)
    found = await steps(
        server,
        *(reading(n, 8.0, 1) for n in range(3)),
        *(replace(away, at=n) for n in (3.0, 4.0)),
        reading(5, 8.0, 1),
    )
    assert kinds(found) == [StepKind.STEADY, StepKind.HOLDING, StepKind.STEADY]
    assert found[1].why == "connection refused"


async def test_workers_that_do_not_become_ready_are_taken_back_and_not_tried_again(
    server: FakeTorchServe,
) -> None:
    server.version(KEY.name).archive.loading = Loading.DIES
    found = await steps(server, *(reading(n, 25.0, 1) for n in range(3)))
    assert kinds(found) == [
        StepKind.SCALING,
        StepKind.FAILED,
        StepKind.BACK,
        StepKind.SCALING,
        StepKind.FAILED,
        StepKind.BACK,
        StepKind.HOLDING,
    ]
    assert [step.target for step in found if step.kind is StepKind.SCALING] == [3, 2]
    assert "keeps dying while loading the model" in found[1].why
    assert workers(server) == 1


async def test_a_refused_change_is_said_and_it_goes_on(server: FakeTorchServe) -> None:
    server.fail("/models", httpx.ConnectError, times=1)
    found = await steps(server, reading(0, 25.0, 1), reading(1, 25.0, 1))
    assert kinds(found) == [
        StepKind.SCALING,
        StepKind.FAILED,
        StepKind.SCALING,
        StepKind.READY,
    ]
    assert workers(server) == 3


async def test_a_change_by_someone_else_is_said(server: FakeTorchServe) -> None:
    class Other(Script):
        def read(self, snapshot: Snapshot, machine: Machine | None) -> Reading:
            found = super().read(snapshot, machine)
            server.registry.scale(server.version(KEY.name), 2, 2)
            return found

    async def ticks() -> AsyncIterator[Snapshot]:
        for second in range(2):
            yield snapshot(second)

    readings = [reading(0, 18.0, 2), reading(1, 18.0, 2)]
    async with server.client() as client:
        scaling = Autoscaling(
            key=KEY,
            management=client.management,
            watching=Other(server, readings),
            scaler=Autoscaler(Policy(most=4)),
            acts=True,
            machine_of=lambda _: None,
        )
        found = [step async for step in scaling.steps(ticks())]
    assert StepKind.OVERTAKEN in kinds(found)
    assert not server.sent("PUT")
