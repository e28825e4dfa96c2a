"""An experiment under way beside the screens: its last step, its end, and how to stop it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tsmon.load.experiment.experiment import Experiment
from tsmon.load.experiment.steps import Step
from tsmon.tui.notes import EXPECTED, Note


class ExperimentJob:
    """Runs one experiment in a task that no screen ends by closing."""

    def __init__(self, experiment: Experiment, changed: Callable[[], None]) -> None:
        """`changed` is called at every step and at the end."""
        self.experiment = experiment
        self.step: Step | None = None
        self.problem: Note | None = None
        """Why it ended early, unless it was stopped."""
        self.stopped = False
        """Whether a person ended it."""
        self._changed = changed
        self._task = asyncio.create_task(self._run())

    @property
    def running(self) -> bool:
        """Whether it measures or restores."""
        return not self._task.done()

    def stop(self) -> None:
        """End the measuring; the model is then put back, which further calls do not shorten."""
        if self.running and not self.stopped:
            self.stopped = True
            self._task.cancel()

    async def ended(self) -> None:
        """Wait until the model is put back."""
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            await self.experiment.run(self._take)
        except EXPECTED as error:
            self.problem = Note.of(error)
        except asyncio.CancelledError:
            self.stopped = True
        finally:
            asyncio.get_running_loop().call_soon(self._changed)

    def _take(self, step: Step) -> None:
        self.step = step
        self._changed()
