"""Something under way beside the screens that leaves a model as it should be: its end, its stop."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct

from tsmon.load.experiment.kept import keep_result
from tsmon.load.readings import CounterReader
from tsmon.load.refusals import CAPACITY_KINDS, capacity_cause
from tsmon.load.run.kept import keep_run
from tsmon.load.run.record import run_record
from tsmon.load.run.run import LoadRun, open_run
from tsmon.load.run.server_side import ServerSide
from tsmon.serving.errors import ServingError
from tsmon.threads import in_thread
from tsmon.torchserve.errors import TorchServeError
from tsmon.tui.text.notes import EXPECTED, Note

if TYPE_CHECKING:
    from tsmon.load.experiment.experiment import Experiment
    from tsmon.load.experiment.steps import ExperimentStep
    from tsmon.load.run.plan import RunPlan
    from tsmon.load.run.report import RunProgress, RunReport
    from tsmon.logs.places import LogPlace
    from tsmon.torchserve.client import TorchServe
    from tsmon.torchserve.procedure import Procedure


class Job(ABC):
    """Goes on in a task that no screen ends by closing."""

    busy: ClassVar[Note | None] = None
    """Why no other server can be watched while it runs; None where it just ends then."""

    def __init__(self, changed: Callable[[], None]) -> None:
        """`changed` is called at every step and at the end."""
        self.problem: Note | None = None
        """Why it ended early or did not begin, unless it was stopped."""
        self.stopped = False
        """Whether a person ended it."""
        self._changed = changed
        self._task = asyncio.create_task(self._run())

    @abstractmethod
    async def carry_out(self) -> None:
        """Do it; after a cancellation, leave the model as it should be.

        Raises:
            TorchServeError, ServingError: it could not be done.
        """

    @property
    def unrestored(self) -> Note | None:
        """What it changed and could not put back, once it has ended."""
        return None

    @property
    def running(self) -> bool:
        """Whether it goes on, or puts back or makes safe what it changed."""
        return not self._task.done()

    def stop(self) -> None:
        """End it; what it then puts back or makes safe is not shortened by further calls."""
        if self.running and not self.stopped:
            self.stopped = True
            self._task.cancel()

    async def ended(self) -> None:
        """Wait until the model is as it should be."""
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            await self.carry_out()
        except EXPECTED as error:
            self.problem = Note.of(error)
        except asyncio.CancelledError:
            self.stopped = True
        finally:
            asyncio.get_running_loop().call_soon(self._changed)


class ExperimentJob(Job):
    """Runs one experiment; at its end the model is put back."""

    busy = Note("an experiment is running", "stop it first; that restores its model")

    def __init__(
        self, experiment: Experiment, home: Path | None, changed: Callable[[], None]
    ) -> None:
        """`home` is the folder that results are kept in."""
        super().__init__(changed)
        self.experiment = experiment
        self.kept = ""
        """Where the result is kept, or why it is not."""
        self._home = home
        self.step: ExperimentStep | None = None

    async def carry_out(self) -> None:
        """Measure, restore, then keep the result."""
        await self.experiment.run(self._take)
        result = self.experiment.result
        if not result.complete:
            return
        try:
            path = await in_thread(keep_result, result, self._home)
            self.kept = f"saved in {path}"
        except ServingError as error:
            self.kept = str(error)

    @property
    def unrestored(self) -> Note | None:
        """How the model was left, if not as it was."""
        left = self.experiment.restoration
        return Note(left.message, left.remedy) if left is not None and not left.done else None

    def _take(self, step: ExperimentStep) -> None:
        self.step = step
        self._changed()


class ProcedureJob(Job):
    """Runs one procedure; at its end the model is safe."""

    busy = Note("a replacement or restart is running", "wait for it, or stop it first")

    def __init__(self, procedure: Procedure, changed: Callable[[], None]) -> None:
        super().__init__(changed)
        self.procedure = procedure

    async def carry_out(self) -> None:
        """Take the steps."""
        await self.procedure.run(self._changed)


class RunMoment(Struct, frozen=True):
    """What a load run did in the interval up to a moment."""

    at_s: float
    """Seconds since its start."""
    throughput: float | None
    p95_ms: float | None

    @classmethod
    def of(cls, progress: RunProgress) -> RunMoment:
        """Of the last interval."""
        latency = progress.latency
        return cls(progress.so_far.seconds, progress.throughput, latency.p95 if latency else None)


class LoadJob(Job):
    """Sends one load run, and keeps what it gave."""

    def __init__(
        self,
        client: TorchServe,
        plan: RunPlan,
        changed: Callable[[], None],
        *,
        logs: LogPlace | None = None,
        home: Path | None = None,
    ) -> None:
        """`logs` are the server's, `home` is the folder that runs are kept in."""
        super().__init__(changed)
        self.plan = plan
        self.started = datetime.now(UTC)
        self.moments: list[RunMoment] = []
        self.report: RunReport | None = None
        """So far; None before the first answer."""
        self.remedy = ""
        """What to do about 503s."""
        self.side: ServerSide | None = None
        """What the server says of the same time, once it is over."""
        self.kept = ""
        """Why the run could not be kept."""
        self._logs = logs
        self._home = home
        self._client = client
        self._sender: LoadRun | None = None
        self._halted = False
        self.sent = False
        """Whether no answer is awaited any more; the server may still be asked."""

    async def carry_out(self) -> None:
        """Send, look what 503s were about and what the server says, then keep it all."""
        plan = self.plan
        labels = [plan.version] if plan.version else []
        reader = CounterReader(self._client, plan.model, plan.version or "", self._logs)
        try:
            await reader.begin(labels)
            await self._send()
            await self._explain()
            if self.report is not None:
                cost = await reader.end(labels, self.report.answered)
                self.side = ServerSide.of(cost, self.report)
        finally:
            await reader.close()
        await self._keep()

    async def _send(self) -> None:
        async with open_run(self._client, self.plan) as self._sender:
            async for progress in self._sender.progress():
                self.report = progress.so_far
                self.moments.append(RunMoment.of(progress))
                self._changed()
        self.sent = True
        self._changed()

    async def _keep(self) -> None:
        if self.report is None:
            return
        record = run_record(self.report, self.started, self.side)
        try:
            await in_thread(keep_run, record, self._home)
        except ServingError as error:
            self.kept = str(error)

    def halt(self) -> None:
        """Send nothing more; called again, do not wait for the requests in flight either."""
        if self._sender is None:
            self.stop()
        elif self._halted:
            self._sender.abandon()
        elif not self.sent:
            self._halted = True
            self._sender.stop()

    async def _explain(self) -> None:
        if self.report is None or not CAPACITY_KINDS & self.report.failures.keys():
            return
        with suppress(TorchServeError):
            management = self._client.management
            self.remedy = capacity_cause(
                await management.describe(self.plan.model, self.plan.version)
            )
