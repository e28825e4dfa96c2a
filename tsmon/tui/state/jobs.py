"""Something under way beside the screens that leaves a model as it should be: its end, its stop."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

from tsmon.tui.text.notes import EXPECTED, Note

if TYPE_CHECKING:
    from tsmon.load.experiment.experiment import Experiment
    from tsmon.load.experiment.steps import ExperimentStep
    from tsmon.torchserve.procedure import Procedure


class Job(ABC):
    """Goes on in a task that no screen ends by closing."""

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

    def __init__(self, experiment: Experiment, changed: Callable[[], None]) -> None:
        super().__init__(changed)
        self.experiment = experiment
        self.step: ExperimentStep | None = None

    async def carry_out(self) -> None:
        """Measure, then restore."""
        await self.experiment.run(self._take)

    def _take(self, step: ExperimentStep) -> None:
        self.step = step
        self._changed()


class ProcedureJob(Job):
    """Runs one procedure; at its end the model is safe."""

    def __init__(self, procedure: Procedure, changed: Callable[[], None]) -> None:
        super().__init__(changed)
        self.procedure = procedure

    async def carry_out(self) -> None:
        """Take the steps."""
        await self.procedure.run(self._changed)
