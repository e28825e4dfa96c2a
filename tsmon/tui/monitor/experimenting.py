"""Experiments with the workers of a version."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual.content import Content

from tsmon.threads import in_thread
from tsmon.tui.monitor.asking import Still, answered, present, versions_beside
from tsmon.tui.monitor.capability import Capability, Handlers
from tsmon.tui.monitor.running import GROUP as RUN_GROUP
from tsmon.tui.monitor.sending import NOTHING_TO_SEND
from tsmon.tui.state.risk import Removal, Risk, WorkerChange, gravest, weigh
from tsmon.tui.text.notes import Note

if TYPE_CHECKING:
    from tsmon.load.experiment.plan import ExperimentPlan
    from tsmon.payloads.payload import Payload
    from tsmon.telemetry.snapshot import ModelKey, ModelStatus
    from tsmon.tui.monitor.running import Running
    from tsmon.tui.monitor.screen import MonitorScreen
    from tsmon.tui.screens.confirm import Confirm
    from tsmon.tui.screens.plan_experiment import PlanExperiment
    from tsmon.tui.widgets.experiment_view import ExperimentView

EXPERIMENT = "digits.experiment"


class Experimenting(Capability):
    """Compares worker counts under the same load."""

    def __init__(self, host: MonitorScreen, running: Running) -> None:
        super().__init__(host)
        self._running = running

    def actions(self) -> Handlers:
        """Its one key."""
        return {EXPERIMENT: self._begin}

    def _begin(self) -> None:
        model = self.host.chosen()
        if model is None or not self._running.is_free():
            return
        payloads = self.host.sending.alike()
        if not payloads:
            self.talk.note(NOTHING_TO_SEND)
            return
        self.talk.ask(self._experiment(model, payloads))

    async def _experiment(self, model: ModelStatus, payloads: tuple[Payload, ...]) -> None:
        from tsmon.doctor.machine import usable_cores
        from tsmon.load.capacity.experience import experienced_points, predictor
        from tsmon.load.experiment.experiment import Experiment
        from tsmon.tui.screens.plan_experiment import PlanExperiment
        from tsmon.tui.widgets.experiment_view import ExperimentView

        host, session = self.host, self.host.session

        async def dialog(_: Still) -> PlanExperiment:
            return PlanExperiment(
                present(host, model.key), payloads, host.sending.desk.asking(model.key)
            )

        plan = await answered(host, EXPERIMENT, [model.key], dialog)
        if plan is None:
            return
        logs = session.monitor.latest.metrics.log_folder
        client, home = session.client, host.options.server_home
        points = await in_thread(experienced_points, client.addresses.label, model.key, home)
        cores = usable_cores() if session.is_local else None
        experiment = Experiment(client, plan, logs, predictor(points, model.key, cores), home=home)
        outlook = await experiment.look()
        if self._weigh(model.key, plan) and not await answered(
            host, EXPERIMENT, [model.key], partial(self._question, model.key, plan, outlook)
        ):
            return
        host.talk.do(self._follow(ExperimentView(experiment, home)), RUN_GROUP)

    async def _follow(self, view: ExperimentView) -> None:
        """Let nothing else change or load the server meanwhile: that would be measured too."""
        session = self.host.session
        session.hold = Note("an experiment is running", "{view.run}, then {digits.stop} stops it")
        try:
            await self._running.follow(view)
        finally:
            session.hold = None

    def _weigh(self, key: ModelKey, plan: ExperimentPlan) -> Risk | None:
        """The gravest of all that it does to a version."""
        model = present(self.host, key)
        least = min(plan.worker_counts)
        severities = [weigh(model, WorkerChange(self.host.rollouts.planned(model), least))]
        if plan.registers:
            severities.append(weigh(model, Removal(versions_beside(self.host, key))))
        return gravest(severities)

    async def _question(
        self, key: ModelKey, plan: ExperimentPlan, outlook: Sequence[str], _: Still
    ) -> Confirm:
        from tsmon.tui.screens.confirm import Confirm, Question
        from tsmon.tui.screens.questions import NEWEST_FIRST

        severity = self._weigh(key, plan) or Risk.CHANGE
        if plan.registers:
            heading, words = f"Register {key} again for the experiment?", list(outlook)
        else:
            heading = f"Scale {key} down for the experiment?"
            words = [*outlook, f"It is receiving requests. {NEWEST_FIRST}"]
        return Confirm(Question(heading, Content("\n\n".join(words)), severity, typed=key.name))
