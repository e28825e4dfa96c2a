"""Workers are restarted one at a time where their processes are here, else all at once."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator

import pytest

from tests.fake import FakeTorchServe, Loading
from tests.fake.models import Version, Worker
from tsmon.serving import restart
from tsmon.serving.restart import CannotRoll, RestartAtOnce, RollingRestart
from tsmon.torchserve import rollout
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.errors import InvalidArgument
from tsmon.torchserve.procedure import StepState
from tsmon.torchserve.records import WORKER_SCRIPT

IDLE = "import sys; print(flush=True); sys.stdin.read()"


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollout, "ROLLOUT_POLL_S", 0)
    monkeypatch.setattr(restart, "RESTART_POLL_S", 0)


@pytest.fixture
def server() -> FakeTorchServe:
    return FakeTorchServe()


@pytest.fixture
async def client(server: FakeTorchServe) -> AsyncIterator[TorchServe]:
    async with server.client() as opened:
        yield opened


class Processes:
    """Real processes behind the fake's workers; one that ends is started anew."""

    def __init__(self) -> None:
        self._running: list[asyncio.subprocess.Process] = []
        self._keepers: list[asyncio.Task[None]] = []

    async def put_behind(self, version: Version) -> None:
        for worker in version.workers:
            await self._start(worker)

    async def _start(self, worker: Worker) -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-S", "-c", IDLE, f"/ts/{WORKER_SCRIPT}"),
            *("--sock-type", "unix", "--sock-name", f"/tmp/.ts.sock.{worker.port}"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        await process.stdout.readline()
        worker.pid, worker.ready = process.pid, True
        self._running.append(process)
        self._keepers.append(asyncio.create_task(self._keep(worker, process)))

    async def _keep(self, worker: Worker, process: asyncio.subprocess.Process) -> None:
        await process.wait()
        worker.ready = False
        await self._start(worker)

    async def end(self) -> None:
        for keeper in self._keepers:
            keeper.cancel()
        for process in self._running:
            if process.returncode is None:
                process.kill()
            await process.wait()


@pytest.fixture
async def processes() -> AsyncIterator[Processes]:
    started = Processes()
    yield started
    await started.end()


async def test_each_process_is_replaced_while_a_stand_in_serves(
    server: FakeTorchServe, client: TorchServe, processes: Processes
) -> None:
    version = server.load("mnist", workers=2)
    await processes.put_behind(version)
    before = [worker.pid for worker in version.workers]
    procedure = RollingRestart(client, await client.management.describe("mnist"))
    ready: list[int] = []

    ending = await procedure.run(lambda: ready.append(version.ready))

    after = [worker.pid for worker in version.workers]
    assert ending.done, ending
    assert ending.message == "2 workers of mnist 1.0 restarted, one at a time"
    assert len(after) == 2
    assert not set(before) & set(after)
    assert min(ready) >= 2, "there were never fewer than before"
    assert [step.mark for step in procedure.steps] == [StepState.DONE] * 4


async def test_the_most_workers_stay_what_they_were(
    server: FakeTorchServe, client: TorchServe, processes: Processes
) -> None:
    version = server.load("mnist")
    server.registry.scale(version, 1, 4)
    await processes.put_behind(version)
    procedure = RollingRestart(client, await client.management.describe("mnist"))

    assert (await procedure.run(lambda: None)).done

    assert (version.min_workers, version.max_workers, len(version.workers)) == (1, 4, 1)


async def test_stopped_half_way_the_stand_in_goes_and_the_workers_stay(
    server: FakeTorchServe, client: TorchServe, processes: Processes
) -> None:
    version = server.load("mnist", workers=2)
    await processes.put_behind(version)
    procedure = RollingRestart(client, await client.management.describe("mnist"))
    task: asyncio.Task[object] | None = None

    def stop() -> None:
        if procedure.steps[2].mark is StepState.UNDER_WAY and task is not None:
            task.cancel()

    task = asyncio.create_task(procedure.run(stop))
    with pytest.raises(asyncio.CancelledError):
        await task

    assert procedure.ending is not None
    assert procedure.ending.message == "stopped; 1 of 2 workers have been restarted"
    assert [worker.port for worker in version.workers] == [9000, 9001]


async def test_processes_of_another_machine_cannot_be_ended(
    server: FakeTorchServe, client: TorchServe
) -> None:
    server.load("mnist")
    with pytest.raises(
        CannotRoll, match="process 20001 of worker 9000 is not on this machine: it ended"
    ):
        RollingRestart(client, await client.management.describe("mnist"))


async def test_a_worker_of_another_server_here_is_not_ended(
    server: FakeTorchServe, client: TorchServe, processes: Processes
) -> None:
    theirs = server.load("theirs")
    ours = server.load("ours")
    await processes.put_behind(theirs)
    ours.workers[0].pid = theirs.workers[0].pid

    with pytest.raises(CannotRoll, match="is not worker 9001"):
        RollingRestart(client, await client.management.describe("ours"))


async def test_a_server_elsewhere_is_not_taken_for_one_here() -> None:
    server = FakeTorchServe(addresses=Addresses.from_server("http://gpu7:8081"))
    server.load("mnist")
    async with server.client() as client:
        with pytest.raises(CannotRoll, match="the server is on another machine"):
            RollingRestart(client, await client.management.describe("mnist"))


async def test_without_workers_there_is_nothing_to_restart(
    server: FakeTorchServe, client: TorchServe
) -> None:
    server.load("mnist", workers=0)
    found = await client.management.describe("mnist")
    for kind in (RollingRestart, RestartAtOnce):
        with pytest.raises(InvalidArgument, match="no workers to restart"):
            kind(client, found)


async def test_all_at_once_there_are_new_workers_and_as_many(
    server: FakeTorchServe, client: TorchServe
) -> None:
    version = server.load("mnist", workers=2)
    procedure = RestartAtOnce(client, await client.management.describe("mnist"))

    ending = await procedure.run(lambda: None)

    assert ending.message == "2 workers of mnist 1.0 restarted, all at once"
    assert [worker.port for worker in version.workers] == [9002, 9003]


async def test_stopped_between_end_and_start_the_workers_are_started_all_the_same(
    server: FakeTorchServe, client: TorchServe
) -> None:
    version = server.load("mnist", workers=2, loading=Loading.AT_ONCE)
    procedure = RestartAtOnce(client, await client.management.describe("mnist"))
    task: asyncio.Task[object] | None = None

    def stop() -> None:
        if procedure.steps[0].mark is StepState.UNDER_WAY and task is not None:
            task.cancel()

    task = asyncio.create_task(procedure.run(stop))
    with pytest.raises(asyncio.CancelledError):
        await task

    assert len(version.workers) == 2
    assert procedure.ending is not None
    assert "2 workers of mnist 1.0 are starting" in procedure.ending.message
