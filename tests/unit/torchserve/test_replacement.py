"""A replacement serves all the while: it is carried out, rolled back, or stopped half-way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from tests.fake import FakeTorchServe, Loading
from tsmon.torchserve import replacement, rollout
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.errors import NotFound, ReadOnly
from tsmon.torchserve.procedure import ProcedureResult, StepState
from tsmon.torchserve.replacement import Probe, Replacement, plan_replacement

MARKS_DONE = {
    "register": StepState.DONE,
    "ready": StepState.DONE,
    "test": StepState.SKIPPED,
    "default": StepState.DONE,
    "drain": StepState.DONE,
    "remove": StepState.DONE,
}


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollout, "ROLLOUT_POLL_S", 0)
    monkeypatch.setattr(replacement, "DRAIN_POLL_S", 0)


@pytest.fixture
def server() -> FakeTorchServe:
    """Serves version 1.0 with two workers and has an archive of version 2.0 in its store."""
    server = FakeTorchServe()
    server.load("mnist", "1.0", workers=2).settings |= {"batch_size": 4, "max_batch_delay": 20}
    server.archive("mnist", "2.0", url="mnist-2.mar")
    return server


@pytest.fixture
async def client(server: FakeTorchServe) -> AsyncIterator[TorchServe]:
    async with server.client() as opened:
        yield opened


async def replacing(
    client: TorchServe, url: str = "mnist-2.mar", probe: Probe | None = None, **options: str
) -> Replacement:
    plan = await plan_replacement(client, "mnist", url, probe=probe, grace_s=0, **options)
    return Replacement(client, plan)


async def run(procedure: Replacement) -> ProcedureResult:
    return await procedure.run(lambda: None)


async def begun(
    procedure: Replacement, has_come: Callable[[], bool]
) -> asyncio.Task[ProcedureResult]:
    """A procedure that has come to some point."""
    reached = asyncio.Event()
    task = asyncio.create_task(procedure.run(lambda: reached.set() if has_come() else None))
    await reached.wait()
    return task


def marks(procedure: Replacement) -> dict[str, StepState]:
    return {step.id: step.mark for step in procedure.steps}


async def test_the_new_version_takes_over_with_the_settings_of_the_old_one(
    server: FakeTorchServe, client: TorchServe
) -> None:
    procedure = await replacing(client)

    ending = await run(procedure)

    new = server.version("mnist")
    assert ending.done
    assert ending.message == "mnist 2.0, the default version, serves; mnist 1.0 is removed"
    assert marks(procedure) == MARKS_DONE
    assert list(server.registry.models["mnist"].versions) == ["2.0"]
    assert (new.ready, new.settings["batch_size"], new.settings["max_batch_delay"]) == (2, 4, 20)


async def test_the_requests_are_the_ones_that_were_announced(
    server: FakeTorchServe, client: TorchServe
) -> None:
    procedure = await replacing(client)
    announced = [str(change) for change in procedure.plan.changes("2.0")]

    await run(procedure)

    changes = [r for r in server.requests if r.method in {"POST", "PUT", "DELETE"}]
    assert [f"{r.method} {r.url.raw_path.decode()}" for r in changes] == announced


async def test_the_new_version_gets_requests_only_when_its_workers_are_ready(
    server: FakeTorchServe, client: TorchServe
) -> None:
    server.archive("mnist", "2.0", url="mnist-2.mar", loading=Loading.HELD)
    procedure = await replacing(client)
    task = await begun(procedure, lambda: marks(procedure)["ready"] is StepState.UNDER_WAY)
    assert server.registry.models["mnist"].default == "1.0"

    server.release("mnist", "2.0")

    assert (await task).done
    assert server.registry.models["mnist"].default == "2.0"


async def test_workers_that_do_not_start_leave_the_old_version_alone(
    server: FakeTorchServe, client: TorchServe
) -> None:
    server.archive("mnist", "2.0", url="mnist-2.mar", loading=Loading.DIES)
    procedure = await replacing(client)

    ending = await run(procedure)

    assert not ending.done
    assert "keeps dying while loading" in ending.message
    assert "mnist 2.0 is removed again, mnist 1.0 still serves" in ending.message
    assert "model_log.log" in ending.hint
    assert marks(procedure)["ready"] is StepState.FAILED
    assert list(server.registry.models["mnist"].versions) == ["1.0"]
    assert server.version("mnist", "1.0").ready == 2


async def test_a_test_request_that_fails_leaves_the_old_version_alone(
    server: FakeTorchServe, client: TorchServe
) -> None:
    def broken(body: bytes) -> int:
        raise ValueError

    server.archive("mnist", "2.0", url="mnist-2.mar", digit=broken)
    procedure = await replacing(client, probe=Probe("seven.png", b"7"))

    ending = await run(procedure)

    assert "503" in ending.message
    assert marks(procedure)["test"] is StepState.FAILED
    assert list(server.registry.models["mnist"].versions) == ["1.0"]


async def test_a_test_request_goes_to_the_new_version_and_its_answer_is_shown(
    server: FakeTorchServe, client: TorchServe
) -> None:
    procedure = await replacing(client, probe=Probe("seven.png", b"7"))

    await run(procedure)

    assert server.sent("POST", "/predictions") == ["POST /predictions/mnist/2.0"]
    (test,) = [step for step in procedure.steps if step.id == "test"]
    assert test.mark is StepState.DONE
    assert test.detail.startswith("seven.png: ")


async def test_the_same_version_again_is_refused_and_nothing_is_removed(
    server: FakeTorchServe, client: TorchServe
) -> None:
    procedure = await replacing(client, "mnist-1.0.mar")

    ending = await run(procedure)

    assert "already registered" in ending.message
    assert "mnist 1.0 still serves" in ending.message
    assert "different version" in ending.hint
    assert server.sent("DELETE") == []


async def test_an_archive_that_is_not_there_changes_nothing(
    server: FakeTorchServe, client: TorchServe
) -> None:
    ending = await run(await replacing(client, "nowhere.mar"))

    assert "Model not found at: nowhere.mar; mnist 1.0 still serves" in ending.message
    assert list(server.registry.models["mnist"].versions) == ["1.0"]


async def test_a_default_that_cannot_be_set_is_rolled_back(
    server: FakeTorchServe, client: TorchServe
) -> None:
    server.fail("/models/mnist/2.0/set-default", httpx.Response(500, text="no"))

    ending = await run(await replacing(client))

    assert "mnist 2.0 is removed again" in ending.message
    assert list(server.registry.models["mnist"].versions) == ["1.0"]


async def test_requests_that_wait_for_the_old_version_are_waited_for(
    server: FakeTorchServe, client: TorchServe
) -> None:
    old = server.version("mnist", "1.0")
    old.queued = 3
    procedure = await replacing(client)
    task = await begun(procedure, lambda: "3 requests are queued" in procedure.steps[4].detail)
    assert "1.0" in server.registry.models["mnist"].versions

    old.queued = 0

    assert (await task).done


async def test_an_old_version_that_goes_on_being_asked_is_left(
    server: FakeTorchServe, client: TorchServe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replacement, "DRAIN_S", 0)
    server.version("mnist", "1.0").queued = 3

    ending = await run(await replacing(client))

    assert not ending.done
    assert "mnist 2.0 serves, and mnist 1.0 is still registered" in ending.message
    assert "tsmon unregister mnist --model-version 1.0" in ending.hint
    assert server.registry.models["mnist"].default == "2.0"


@pytest.mark.parametrize(
    ("stage", "left", "default"),
    [("register", ["1.0"], "1.0"), ("ready", ["1.0"], "1.0"), ("drain", ["1.0", "2.0"], "2.0")],
)
async def test_stopped_anywhere_it_leaves_a_version_that_serves(
    server: FakeTorchServe, client: TorchServe, stage: str, left: list[str], default: str
) -> None:
    server.version("mnist", "1.0").queued = 1
    if stage == "ready":
        server.archive("mnist", "2.0", url="mnist-2.mar", loading=Loading.HELD)
    procedure = await replacing(client)
    task: asyncio.Task[ProcedureResult] | None = None

    def stop() -> None:
        if marks(procedure)[stage] is StepState.UNDER_WAY and task is not None:
            task.cancel()

    task = asyncio.create_task(procedure.run(stop))
    with pytest.raises(asyncio.CancelledError):
        await task

    assert list(server.registry.models["mnist"].versions) == left
    assert server.registry.models["mnist"].default == default
    assert server.version("mnist").ready == 2
    assert procedure.ending is not None
    assert procedure.ending.message.startswith("stopped; ")
    assert marks(procedure)[stage] is StepState.STOPPED


async def test_a_version_that_is_not_the_default_one_is_replaced_without_touching_the_default(
    server: FakeTorchServe, client: TorchServe
) -> None:
    server.load("mnist", "1.1")
    procedure = await replacing(client, version="1.1")

    ending = await run(procedure)

    assert ending.message == "mnist 2.0 serves; mnist 1.1 is removed"
    assert marks(procedure)["default"] is StepState.SKIPPED
    assert sorted(server.registry.models["mnist"].versions) == ["1.0", "2.0"]
    assert server.registry.models["mnist"].default == "1.0"


async def test_a_model_that_is_not_there_cannot_be_replaced(client: TorchServe) -> None:
    with pytest.raises(NotFound):
        await plan_replacement(client, "cifar", "mnist-2.mar")


async def test_a_read_only_session_sends_nothing(server: FakeTorchServe) -> None:
    async with server.client(read_only=True) as client:
        procedure = await replacing(client)
        with pytest.raises(ReadOnly):
            await run(procedure)
    assert server.sent("POST") + server.sent("PUT") + server.sent("DELETE") == []


@pytest.mark.parametrize("removed", [("1.0",), ("2.0",), ("1.0", "2.0")])
async def test_what_somebody_else_removes_while_the_new_one_loads_is_told(
    server: FakeTorchServe, client: TorchServe, removed: tuple[str, ...]
) -> None:
    server.archive("mnist", "2.0", url="mnist-2.mar", loading=Loading.HELD)
    procedure = await replacing(client)
    task = await begun(procedure, lambda: marks(procedure)["ready"] is StepState.UNDER_WAY)
    for version in removed:
        server.registry.remove(server.version("mnist", version))
    if removed == ("1.0",):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    else:
        await task
    ending = procedure.ending
    assert ending is not None
    assert not ending.done
    assert ending.message.endswith(
        {
            ("1.0",): "mnist 1.0 was removed by someone else; mnist 2.0 stays in its place",
            ("2.0",): "mnist 2.0 is no longer registered; mnist 1.0 still serves",
            ("1.0", "2.0"): "mnist 2.0 is missing too: nothing serves",
        }[removed].replace("mnist 2.0 is no longer", "mnist is no longer")
    )
    assert list(server.registry.models) == ([] if len(removed) == 2 else ["mnist"])


async def test_somebody_who_scales_the_new_version_meanwhile_is_named(
    server: FakeTorchServe, client: TorchServe
) -> None:
    server.archive("mnist", "2.0", url="mnist-2.mar", loading=Loading.HELD)
    procedure = await replacing(client)
    task = await begun(procedure, lambda: marks(procedure)["ready"] is StepState.UNDER_WAY)
    server.registry.scale(server.version("mnist", "2.0"), 5, 5)
    ending = await task
    assert "someone else has scaled it to 5" in ending.message
    assert "mnist 1.0 still serves" in ending.message
