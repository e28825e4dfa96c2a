"""An experiment: each setting is brought about, warmed up, measured; in the end all is as before.

However it ends, by an error, a cancellation or itself, `run` returns or raises only after the model
has the workers and the registration it had, or after `RESTORE_S`; `restoration` says which.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from tsmon.load.experiment.measuring import measurement_of
from tsmon.load.experiment.outlook import experiment_outlook
from tsmon.load.experiment.plan import Protocol
from tsmon.load.experiment.restoring import Restoration, put_back
from tsmon.load.experiment.result import ExperimentResult, Measurement
from tsmon.load.experiment.steps import ExperimentStep, Stage
from tsmon.load.experiment.subject import Subject
from tsmon.load.experiment.unfinished import Unfinished
from tsmon.load.readings import CounterReader
from tsmon.load.run.run import open_run
from tsmon.logs.discovery import find_logs
from tsmon.telemetry.processes import ProcessTable
from tsmon.threads import in_thread
from tsmon.torchserve.errors import InvalidArgument, ReadOnly, TorchServeError
from tsmon.torchserve.protection import protected

if TYPE_CHECKING:
    from tsmon.load.experiment.plan import ExperimentPlan, Variation
    from tsmon.load.run.plan import RunPlan
    from tsmon.load.run.report import RunReport
    from tsmon.logs.places import LogPlace
    from tsmon.torchserve.client import TorchServe
    from tsmon.torchserve.records import ModelVersion

Predict = Callable[[float, Measurement], float | None]
"""Mean queue milliseconds at a rate per second and a setting; None where it is not known."""


class Experiment:
    """One experiment on one model; `run` it once."""

    def __init__(
        self,
        client: TorchServe,
        plan: ExperimentPlan,
        logs: LogPlace | None = None,
        predict: Predict | None = None,
        home: Path | None = None,
        over_grpc: TorchServe | None = None,
    ) -> None:
        """`logs` is where the server's logs are; those of a server on this machine are found.

        `predict` shows what to expect, to be set beside what is measured. In `home` a note stands
        while the model is another one than before. `over_grpc` is a client by which requests are
        sent over gRPC, where the plan compares that.
        """
        self.plan = plan
        self.restoration: Restoration | None = None
        """How the model was left; None before the end."""
        self._client = client
        self._logs = logs
        self._predict = predict
        self._home = home
        self._over_grpc = over_grpc
        if Protocol.GRPC in plan.protocols and over_grpc is None:
            raise InvalidArgument("this server is not asked over gRPC here", "compare http alone")
        self._subject: Subject | None = None
        self._measurements: list[Measurement] = []
        self._notes: dict[str, None] = {}
        self._complete = False
        self._started = datetime.now(UTC)

    async def look(self) -> tuple[str, ...]:
        """Look at the model without changing it; gives what `run` will do, line by line.

        Raises:
            ReadOnly: nothing may be changed.
            TorchServeError: there is no such model, or it is not at rest.
            InvalidArgument: it cannot be registered again as the plan asks.
        """
        if self._client.read_only:
            raise ReadOnly("an experiment changes workers, which a read-only session refuses")
        management, plan = self._client.management, self.plan
        subject = self._subject = await Subject.find(management, plan.model, plan.version)
        if plan.registers:
            subject.check_archive()
            if not await management.model_api_enabled():
                raise InvalidArgument(
                    "batch sizes and delays need the model API, which is disabled on this server",
                    "omit them, or start the server with --enable-model-api",
                )
            if subject.others:  # the default version moves away meanwhile
                self.plan = plan.naming(subject.found.version)
        return tuple(experiment_outlook(self.plan, subject))

    async def run(self, show: Callable[[ExperimentStep], None]) -> ExperimentResult:
        """Do it and put the model back; `show` hears of every step.

        Raises:
            TorchServeError: a setting was not reached or the server is gone; also what `look` and
                `Run.progress` raise.
        """
        if self._subject is None:
            await self.look()
        assert self._subject is not None  # noqa: S101 (look sets it or raises)
        kept = await in_thread(self._keep_note, self._subject)
        try:
            await self._measure_all(self._subject, show)
        finally:
            await protected(self._put_back(self._subject, show))
            if kept is not None and self.restoration is not None and self.restoration.done:
                await in_thread(kept.drop)
        return self.result

    def _keep_note(self, subject: Subject) -> Unfinished | None:
        """Write down how the model is, for a tsmon that comes after a kill of this one."""
        server = self._client.addresses.label
        try:
            note = Unfinished.of(subject, server, registers=self.plan.registers)
            return note.keep(self._home)
        except OSError as error:
            reason = error.strerror or str(error)
            self._note(f"a killed experiment could not be undone later: {reason}")
            return None

    @property
    def result(self) -> ExperimentResult:
        """What was measured so far.

        Raises:
            TorchServeError: nothing is known of the model yet.
        """
        if self._subject is None:
            raise TorchServeError("the experiment has not examined its model yet")
        return ExperimentResult(
            server=self._client.addresses.label,
            model=self.plan.model,
            version=self._subject.found.version,
            started=self._started,
            load=self.plan.load,
            warm_up=self.plan.warm_up,
            seed=self.plan.seed,
            before=self._subject.before,
            measurements=tuple(self._measurements),
            complete=self._complete,
            notes=tuple(self._notes),
        )

    async def _measure_all(self, subject: Subject, show: Callable[[ExperimentStep], None]) -> None:
        logs = self._logs
        if logs is None and self._client.addresses.is_local:
            logs = await in_thread(find_logs, self._client.addresses.management)
        found = subject.found
        readings = CounterReader(self._client, found.name, found.version, logs)
        try:
            settings = self.plan.settings
            for number, setting in enumerate(settings, 1):
                here = _Here(setting, number, len(settings), self.plan.requests, show)
                await self._measure(subject, readings, here)
            self._complete = True
        finally:
            await readings.close()

    async def _measure(self, subject: Subject, readings: CounterReader, here: _Here) -> None:
        here.report(Stage.SCALING)
        async with aclosing(subject.arrange(here.setting)) as rollout:
            async for progress in rollout:
                here.step(ExperimentStep(*here.place(Stage.STARTING), workers=progress))
        warm_up = self.plan.warm_up_run(here.setting.workers)
        warmed_up = 0
        if warm_up is not None:
            report, _ = await self._send(warm_up, Stage.WARMING_UP, here, warm_up.count)
            warmed_up = report.answered
        here.report(Stage.READING)
        await readings.begin(subject.labels, warmed_up)
        reports: list[RunReport] = []
        times_us: list[int] = []
        for plan in self.plan.runs():
            before = sum(report.answered for report in reports)
            report, times = await self._send(plan, Stage.SENDING, here, here.requests, before)
            reports.append(report)
            times_us += times
        here.report(Stage.READING)
        answered = sum(report.answered for report in reports)
        cost = await readings.end(subject.labels, answered)
        now = await self._client.management.describe(subject.found.name, subject.found.version)
        subject.refuse_overtaken(now)
        measurement = measurement_of(now, reports, sorted(times_us), cost, self._memory(now))
        measurement = replace(
            measurement,
            predicted_queue_ms=self._expected(measurement),
            protocol=here.setting.protocol or "",
        )
        self._measurements.append(measurement)
        self._remark(here.setting, measurement, reports)
        if cost.log_problem:
            self._note(cost.log_problem)
        here.step(ExperimentStep(*here.place(Stage.MEASURED), measurement=measurement))

    def _expected(self, measurement: Measurement) -> float | None:
        """The mean queue time that was to be expected."""
        rate = self.plan.load.rate
        return self._predict(rate, measurement) if self._predict and rate is not None else None

    async def _send(
        self, plan: RunPlan, stage: Stage, here: _Here, planned: int | None, before: int = 0
    ) -> tuple[RunReport, tuple[int, ...]]:
        client = self._client
        if here.setting.protocol is Protocol.GRPC and self._over_grpc is not None:
            client = self._over_grpc
        async with open_run(client, plan) as run, aclosing(run.progress()) as steps:
            async for progress in steps:
                step = ExperimentStep(
                    *here.place(stage), sending=progress, before=before, planned=planned
                )
                here.step(step)
        return run.report, run.times_us

    def _memory(self, model: ModelVersion) -> int | None:
        """Resident memory of all workers: this machine's own reading, else TorchServe's."""
        pids = [worker.pid for worker in model.workers if worker.pid is not None]
        here = ProcessTable().read(pids) if self._client.addresses.is_local else {}
        sizes = [
            here[worker.pid].memory_bytes if worker.pid in here else worker.memory_bytes
            for worker in model.workers
        ]
        known_sizes = [size for size in sizes if size is not None]
        return sum(known_sizes) if known_sizes and len(known_sizes) == len(sizes) else None

    def _remark(
        self, setting: Variation, measurement: Measurement, reports: list[RunReport]
    ) -> None:
        """Note what makes a measurement less than it seems."""
        if measurement.foreign:
            self._note(
                f"{setting}: {measurement.foreign} requests from other clients are included in its "
                "inference and queue times"
            )
        if measurement.errors:
            words = next((text for report in reports for text in report.examples.values()), "")
            self._note(f"{setting}: {measurement.errors} requests failed{words and ': '}{words}")
        if measurement.missing:
            self._note(f"{setting}: no inference and queue times: {measurement.missing}")
        unsent = sum(report.unsent for report in reports)
        if unsent:
            self._note(
                f"{setting}: {unsent} requests were due but never sent, so its p95 is too low"
            )

    def _note(self, words: str) -> None:
        self._notes[words] = None

    async def _put_back(self, subject: Subject, show: Callable[[ExperimentStep], None]) -> None:
        total = len(self.plan.settings)
        try:
            show(ExperimentStep(Stage.RESTORING, None, total, total))
        finally:  # a listener that fails must not keep the model from being put back
            self.restoration = await put_back(subject)


class _Here(Struct, frozen=True):
    """The setting that is measured, and who hears of it."""

    setting: Variation
    number: int
    total: int
    requests: int | None
    step: Callable[[ExperimentStep], None]

    def place(self, stage: Stage) -> tuple[Stage, Variation, int, int]:
        return stage, self.setting, self.number, self.total

    def report(self, stage: Stage) -> None:
        self.step(ExperimentStep(*self.place(stage)))
