"""Restarts the workers of a version.

TorchServe has no request for it. Scaling down ends the newest workers, so scaling up and down again
never replaces the old ones; only scaling to 0 does, and then nothing serves until the model is
loaded again. But it starts a worker again whose process has ended. On the server's own machine
the workers are therefore ended one at a time, with one more worker as stand-in for as long as that
takes. A request that the process has in hand as it ends is answered with 500, so it is ended at a
moment in which it computes nothing, if there is one soon.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING

import psutil

from tsmon.torchserve.errors import InvalidArgument, NotFound, TimedOut, TorchServeError
from tsmon.torchserve.procedure import (
    NotCarriedOut,
    Overtaken,
    Procedure,
    ProcedureResult,
    ProcedureStep,
    StepState,
    reasoned,
)
from tsmon.torchserve.protection import protected
from tsmon.torchserve.records import WORKER_SCRIPT, ModelVersion, Worker
from tsmon.torchserve.rollout import ROLLOUT_MARGIN_S
from tsmon.units import plural
from tsmon.untrusted.shell import shell_word

if TYPE_CHECKING:
    from tsmon.torchserve.client import TorchServe

RESTART_POLL_S = 0.25
IDLE_S = 0.02
"""A process that used no CPU for this long has no request in hand, as far as can be seen."""
IDLE_WAIT_S = 3.0
"""How long such a moment is waited for."""
BACK_OFF_S = 30.0
"""What TorchServe may wait before it starts a worker again that died repeatedly."""


class CannotRoll(TorchServeError):
    """The workers cannot be restarted one at a time from here."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(f"the workers cannot be restarted one at a time: {reason}", hint)
        self.reason = reason


class RollingRestart(Procedure):
    """Ends one process after the other; the model serves all the while."""

    def __init__(self, client: TorchServe, found: ModelVersion) -> None:
        """`found` is the version as it is now.

        Raises:
            CannotRoll: a worker's process is not one of this machine that may be ended.
            InvalidArgument: it has no workers.
        """
        if not client.addresses.is_local:
            raise CannotRoll("the server is on another machine")
        self._found = found
        self._processes = {worker.id: _process_of(worker) for worker in _workers(found)}
        self._has_stand_in = False
        super().__init__(
            client.management,
            [
                ProcedureStep("stand-in", "start a stand-in worker"),
                *(ProcedureStep(id_, f"restart worker {id_}") for id_ in self._processes),
                ProcedureStep("back", "remove the stand-in"),
            ],
        )

    async def _carry_out(self) -> None:
        workers = len(self._processes)
        with self._step("stand-in"):
            self._has_stand_in = True
            await protected(self._scale(workers + 1))
            await self._ready("stand-in", workers + 1)
        for id_, process in self._processes.items():
            with self._step(id_):
                await self._restart(id_, process)
        with self._step("back"):
            await self._idle_stand_in()
            await protected(self._remove_stand_in())
            await self._ready("back", workers)

    async def _ready(self, step: str, workers: int) -> None:
        found = self._found
        await self._until_ready(step, found.name, found.version, workers)

    async def _scale(self, workers: int) -> None:
        found = self._found
        await self._management.scale(found.name, workers, version=found.version)

    async def _remove_stand_in(self) -> None:
        """Set the number there was; the newest worker, which goes, is the stand-in."""
        found, workers = self._found, len(self._processes)
        for most in dict.fromkeys((workers, max(found.max_workers or 0, workers))):
            await self._management.scale(
                found.name, workers, version=found.version, max_workers=most
            )
        self._has_stand_in = False

    async def _idle_stand_in(self) -> None:
        """Wait for a moment in which the newest worker, which will go, has nothing in hand."""
        found = await self._management.describe(self._found.name, self._found.version)
        with suppress(CannotRoll):  # its process died
            await _idle_moment(_process_of(found.workers[-1]))

    async def _restart(self, id_: str, process: psutil.Process) -> None:
        self._report(id_, "waiting for it to be idle")
        idle = await _idle_moment(process)
        with suppress(psutil.NoSuchProcess):  # it died by itself: TorchServe starts it as well
            process.terminate()
        self._report(id_, f"process {process.pid} ended{'' if idle else ' while busy'}, starting")
        pid = await self._returned(id_, process.pid)
        self._report(id_, f"process {process.pid} → {pid}{'' if idle else ', ended while busy'}")

    async def _returned(self, id_: str, old_pid: int) -> int:
        """The process that a worker is ready in again.

        Raises:
            NotCarriedOut: it does not become ready.
        """
        limit = time.monotonic() + self._found.startup_patience_s + BACK_OFF_S + ROLLOUT_MARGIN_S
        while time.monotonic() < limit:
            worker = await self._worker(id_)
            if worker is not None and worker.ready and worker.pid not in {None, old_pid}:
                return worker.pid or 0
            await asyncio.sleep(RESTART_POLL_S)
        raise NotCarriedOut(
            f"worker {id_} did not become ready again", "the server's logs/model_log.log shows why"
        )

    async def _worker(self, id_: str) -> Worker | None:
        found = self._found
        try:
            now = await self._management.describe(found.name, found.version)
        except TimedOut:  # management shares its threads with busy inference
            return None
        worker = next((each for each in now.workers if each.id == id_), None)
        if worker is None:
            raise Overtaken(f"worker {id_} is gone: someone else scaled {found.name}")
        return worker

    def _arrived(self) -> ProcedureResult:
        return ProcedureResult(
            True, f"{_restarted(len(self._processes), self._found)}, one at a time"
        )

    async def _make_safe(self, error: TorchServeError | None) -> ProcedureResult:
        done = sum(step.mark is StepState.DONE for step in self.steps[1:-1])
        left = f"{done} of {len(self._processes)} workers have been restarted"
        hint = error.hint if error else ""
        if self._has_stand_in and not isinstance(error, Overtaken | NotFound):
            try:
                await self._remove_stand_in()
            except TorchServeError as trouble:
                back = _scale_command(self._found, len(self._processes))
                left = f"{left}; the stand-in may still be there: {trouble}"
                return ProcedureResult(False, reasoned(error, left), f"{back} removes it")
        return ProcedureResult(False, reasoned(error, left), hint)


class RestartAtOnce(Procedure):
    """Scales to 0 and back: nothing serves in between."""

    def __init__(self, client: TorchServe, found: ModelVersion) -> None:
        """`found` is the version as it is now.

        Raises:
            InvalidArgument: it has no workers.
        """
        self._found = found
        self._workers = len(_workers(found))
        super().__init__(
            client.management,
            [
                ProcedureStep("stop", "end all workers"),
                ProcedureStep(
                    "start", f"start {self._workers} again and wait until they are ready"
                ),
            ],
        )

    async def _carry_out(self) -> None:
        name, version = self._found.name, self._found.version
        with self._step("stop"):
            await protected(self._management.scale(name, 0, version=version))
        with self._step("start"):
            await protected(self._start())
            await self._until_ready("start", name, version, self._workers)

    async def _start(self) -> None:
        found = self._found
        most = max(found.max_workers or 0, self._workers)
        await self._management.scale(
            found.name, self._workers, version=found.version, max_workers=most
        )

    def _arrived(self) -> ProcedureResult:
        return ProcedureResult(True, f"{_restarted(self._workers, self._found)}, all at once")

    async def _make_safe(self, error: TorchServeError | None) -> ProcedureResult:
        words = f"{self._workers} workers of {self._found.name} {self._found.version}"
        if isinstance(error, Overtaken | NotFound):
            left = f"the {words} were not started again"
            return ProcedureResult(False, reasoned(error, left), error.hint)
        try:
            await self._start()
        except TorchServeError as trouble:
            left = f"the {words} could not be started: {trouble}"
            hint = f"{_scale_command(self._found, self._workers)} starts them"
            return ProcedureResult(False, reasoned(error, left), hint)
        hint = error.hint if error else ""
        return ProcedureResult(False, reasoned(error, f"the {words} are starting"), hint)


def _workers(found: ModelVersion) -> tuple[Worker, ...]:
    if not found.workers:
        raise InvalidArgument(
            f"{found.name} {found.version} has no workers to restart",
            f"`tsmon scale {shell_word(found.name)} 1` starts one",
        )
    return found.workers


def _process_of(worker: Worker) -> psutil.Process:
    """The process of a worker on this machine.

    A loopback address may lead into a container or through a tunnel, where the same pid is another
    process, so it also has to have the worker's socket on its command line.

    Raises:
        CannotRoll: there is none, or it is someone else's.
    """
    id_, pid = worker.id, worker.pid
    if pid is None:
        raise CannotRoll(f"worker {id_} has no process at the moment")
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            raise psutil.NoSuchProcess(pid)
        if not _is_worker(process.cmdline(), id_):
            raise CannotRoll(f"process {pid} on this machine is not worker {id_}")
        owner, me = process.username(), psutil.Process().username()
    except psutil.NoSuchProcess:
        raise CannotRoll(
            f"process {pid} of worker {id_} is not on this machine: it ended, or runs in a "
            "container"
        ) from None
    except psutil.Error as error:
        raise CannotRoll(f"the process of worker {id_} cannot be read: {error}") from None
    if me not in {owner, "root"}:
        raise CannotRoll(f"the process of worker {id_} belongs to {owner}")
    return process


def _is_worker(arguments: list[str], id_: str) -> bool:
    """Whether a command line is that of the worker: its socket or port has the worker's id."""
    socket = any(argument.endswith(f".ts.sock.{id_}") for argument in arguments)
    port = ("--port", id_) in pairwise(arguments)
    return any(WORKER_SCRIPT in argument for argument in arguments) and (socket or port)


async def _idle_moment(process: psutil.Process) -> bool:
    """Wait for a moment in which a process computes nothing; False when there was none in time."""
    limit = time.monotonic() + IDLE_WAIT_S
    try:
        before = process.cpu_times()
        while time.monotonic() < limit:
            await asyncio.sleep(IDLE_S)
            now = process.cpu_times()
            if now == before and process.status() == psutil.STATUS_SLEEPING:
                return True
            before = now
    except psutil.Error:  # it has ended
        return True
    return False


def _restarted(workers: int, found: ModelVersion) -> str:
    return f"{plural(workers, 'worker')} of {found.name} {found.version} restarted"


def _scale_command(found: ModelVersion, workers: int) -> str:
    name = shell_word(found.name)
    return f"`tsmon scale {name} {workers} --model-version {shell_word(found.version)}`"
