"""The part of the monitor that experiments with the workers of a version."""

from __future__ import annotations

import asyncio

from textual.content import Content

from tsmon.doctor.machine import usable_cores
from tsmon.load.capacity.experience import experienced_points, predictor
from tsmon.load.experiment.experiment import Experiment
from tsmon.telemetry.snapshot import ModelStatus
from tsmon.tui.notes import Note
from tsmon.tui.screens.confirm import Confirm, Question, Severity
from tsmon.tui.screens.experiment import ExperimentScreen
from tsmon.tui.screens.plan_experiment import PlanExperiment
from tsmon.tui.screens.sending import SendingScreen
from tsmon.tui.widgets.digits_pane import DigitsPane


class ExperimentingScreen(SendingScreen):
    """What sends, and compares worker counts."""

    def action_experiment(self) -> None:
        """Plan an experiment with the selected version."""
        model = self._chosen()
        if model is None:
            return
        images = tuple(self.query_one(DigitsPane).images)
        if not images:
            self.note(Note("there are no images to send", "{digits.folder} opens a folder of them"))
            return
        self._ask(self._experiment(model))

    async def _experiment(self, model: ModelStatus) -> None:
        images = tuple(self.query_one(DigitsPane).images)
        plan = await self.app.push_screen_wait(PlanExperiment(model, images))
        if plan is None:
            return
        logs = self.session.monitor.latest.metrics.log_folder
        client = self.session.client
        points = await asyncio.to_thread(
            experienced_points, client.addresses.label, model.key, self.options.server_home
        )
        cores = usable_cores() if self.session.is_local else None
        experiment = Experiment(client, plan, logs, predictor(points, model.key, cores))
        outlook = await experiment.look()
        if plan.registers:
            question = Question(
                f"Register {model.key} anew for the experiment?",
                Content("\n\n".join(outlook)),
                Severity.LOSS,
            )
            if not await self.app.push_screen_wait(Confirm(question)):
                return
        await self.app.push_screen_wait(ExperimentScreen(experiment, self.options.server_home))
        self.session.monitor.poke()
