"""Experiments with the workers of a version."""

from __future__ import annotations

import asyncio

from textual.content import Content

from tsmon.digits.images import DigitImage
from tsmon.doctor.machine import usable_cores
from tsmon.load.capacity.experience import experienced_points, predictor
from tsmon.load.experiment.experiment import Experiment
from tsmon.telemetry.snapshot import ModelStatus
from tsmon.tui.monitor.capability import Capability, Handlers
from tsmon.tui.monitor.sending import NO_IMAGES
from tsmon.tui.screens.confirm import Confirm, Question, Severity
from tsmon.tui.screens.experiment import ExperimentScreen
from tsmon.tui.screens.plan_experiment import PlanExperiment


class Experimenting(Capability):
    """Compares worker counts under the same load."""

    def actions(self) -> Handlers:
        """Its one key."""
        return {"digits.experiment": self._begin}

    def _begin(self) -> None:
        model = self.host.chosen()
        if model is None:
            return
        images = tuple(self.host.digits_pane.images)
        if not images:
            self.talk.note(NO_IMAGES)
            return
        self.talk.ask(self._experiment(model, images))

    async def _experiment(self, model: ModelStatus, images: tuple[DigitImage, ...]) -> None:
        host, session = self.host, self.host.session
        plan = await host.talk.push_wait(PlanExperiment(model, images))
        if plan is None:
            return
        logs = session.monitor.latest.metrics.log_folder
        client, home = session.client, host.options.server_home
        points = await asyncio.to_thread(
            experienced_points, client.addresses.label, model.key, home
        )
        cores = usable_cores() if session.is_local else None
        experiment = Experiment(client, plan, logs, predictor(points, model.key, cores), home=home)
        outlook = await experiment.look()
        if plan.registers:
            question = Question(
                f"Register {model.key} anew for the experiment?",
                Content("\n\n".join(outlook)),
                Severity.LOSS,
            )
            if not await host.talk.push_wait(Confirm(question)):
                return
        await host.talk.push_wait(ExperimentScreen(experiment, home))
        session.monitor.poke()
