"""Workers: how many, how they come up and how they fail."""

from __future__ import annotations

import pytest

from tests.contract.servers import Server
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.errors import InvalidArgument, NotFound
from tsmon.torchserve.management import Registration
from tsmon.torchserve.rollout import Outcome, RolloutProgress, follow


@pytest.mark.since("0.6.0", "pids of workers from their start on")
async def test_scaling_is_accepted_at_once_and_its_workers_become_ready(
    client: TorchServe,
) -> None:
    await client.management.register(Registration("digit.mar"))
    assert await client.management.scale("digit", 2) == "Processing worker updates..."
    assert (await _end(client, "digit", 2)).outcome is Outcome.DONE
    workers = (await client.management.describe("digit")).workers
    assert [worker.ready for worker in workers] == [True, True]
    assert len({worker.id for worker in workers}) == len({worker.pid for worker in workers}) == 2


async def test_fewer_workers_are_the_first_ones_and_a_new_one_gets_a_new_id(
    client: TorchServe,
) -> None:
    await client.management.register(Registration("digit.mar", initial_workers=2))
    await _end(client, "digit", 2)
    first, last = (await client.management.describe("digit")).workers
    await client.management.scale("digit", 1)
    assert (await _end(client, "digit", 1)).outcome is Outcome.DONE
    assert (await client.management.describe("digit")).workers == (first,)
    await client.management.scale("digit", 2)
    await _end(client, "digit", 2)
    ids = [worker.id for worker in (await client.management.describe("digit")).workers]
    assert ids[0] == first.id
    assert ids[1] not in {first.id, last.id}


async def test_scaling_to_0_leaves_the_model_without_workers(client: TorchServe) -> None:
    await client.management.register(Registration("digit.mar", initial_workers=1))
    await _end(client, "digit", 1)
    await client.management.scale("digit", 0)
    assert (await _end(client, "digit", 0)).outcome is Outcome.DONE
    model = await client.management.describe("digit")
    assert (model.min_workers, model.max_workers, model.workers) == (0, 0, ())


async def test_synchronous_scaling_names_model_and_version(client: TorchServe) -> None:
    await client.management.register(Registration("digit.mar"))
    one = await client.management.scale("digit", 1, synchronous=True)
    assert one == "Workers scaled to 1 for model: digit"
    none = await client.management.scale("digit", 0, version="1.0", synchronous=True)
    assert none == "Workers scaled to 0 for model: digit, version: 1.0"


@pytest.mark.parametrize(("workers", "most"), [(-1, None), (2, 1), (0, 3)])
async def test_counts_the_server_would_misread_are_not_sent(
    client: TorchServe, workers: int, most: int | None
) -> None:
    # The model does not exist: the server's answer would be NotFound.
    with pytest.raises(InvalidArgument):
        await client.management.scale("digit", workers, max_workers=most)


async def test_unknown_model_and_version_cannot_be_scaled(client: TorchServe) -> None:
    with pytest.raises(NotFound):
        await client.management.scale("digit", 1)
    await client.management.register(Registration("digit.mar"))
    with pytest.raises(NotFound):
        await client.management.scale("digit", 1, version="9.0")


@pytest.mark.since("0.6.0", "READY for workers that have loaded their model alone")
async def test_worker_that_loads_slowly_is_not_ready_until_it_has(
    server: Server, client: TorchServe
) -> None:
    server.keep_waiting("held")
    await client.management.register(Registration("held.mar", initial_workers=1))
    seen: list[RolloutProgress] = []
    async for progress in follow(client.management, "held", 1):
        seen.append(progress)
        if len(seen) == 2:
            server.release("held")
    assert [progress.outcome for progress in seen[:2]] == [Outcome.RUNNING] * 2
    assert [progress.ready for progress in seen[:2]] == [0, 0]
    assert (seen[-1].outcome, seen[-1].ready) == (Outcome.DONE, 1)


@pytest.mark.since("0.6.0", "READY for workers that have loaded their model alone")
async def test_worker_that_keeps_dying_fails_the_rollout_but_the_model_stays(
    client: TorchServe,
) -> None:
    message = await client.management.register(Registration("dying.mar", initial_workers=1))
    assert message == "Processing worker updates..."
    end = await _end(client, "dying", 1)
    assert end.outcome is Outcome.FAILED
    assert "keeps dying" in end.reason
    model = await client.management.describe("dying")
    assert [worker.status for worker in model.workers] == ["UNLOADING"]


async def test_rollout_of_a_model_that_is_gone_fails(client: TorchServe) -> None:
    end = await _end(client, "digit", 1)
    assert (end.outcome, end.reason) == (Outcome.FAILED, "digit is no longer registered")


async def _end(client: TorchServe, name: str, wanted: int) -> RolloutProgress:
    return [progress async for progress in follow(client.management, name, wanted)][-1]
