"""An experiment under way beside the screens: its last step, its end, and how to stop it."""

from __future__ import annotations

from collections.abc import Callable

from tsmon.load.experiment.experiment import Experiment
from tsmon.load.experiment.steps import Step
from tsmon.tui.job import Job


class ExperimentJob(Job):
    """Runs one experiment; at its end the model is put back."""

    def __init__(self, experiment: Experiment, changed: Callable[[], None]) -> None:
        super().__init__(changed)
        self.experiment = experiment
        self.step: Step | None = None

    async def carry_out(self) -> None:
        """Measure, then restore."""
        await self.experiment.run(self._take)

    def _take(self, step: Step) -> None:
        self.step = step
        self._changed()
