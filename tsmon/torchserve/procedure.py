"""A change of several steps that leaves a model serving wherever it is stopped."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from tsmon.torchserve.errors import TorchServeError
from tsmon.torchserve.protection import protected
from tsmon.torchserve.rollout import Outcome, RolloutProgress, follow

if TYPE_CHECKING:
    from tsmon.torchserve.management import Management


class StepState(StrEnum):
    """How a step stands."""

    TO_DO = "to do"
    UNDER_WAY = "under way"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    STOPPED = "stopped"


class ProcedureStep(Struct, frozen=True):
    """One step, before, while and after it is taken."""

    id: str
    title: str
    mark: StepState = StepState.TO_DO
    detail: str = ""
    """How far it is, or why it was skipped or failed."""
    seconds: float = 0.0
    """How long it took so far."""


class ProcedureResult(Struct, frozen=True):
    """How a procedure ended and what it left."""

    done: bool
    message: str
    hint: str = ""
    """What to do now; empty when nothing is left to do."""


class NotCarriedOut(TorchServeError):
    """A step did not come about."""


class Overtaken(NotCarriedOut):
    """Someone else changed the model meanwhile; what they did is not undone."""


class Procedure(ABC):
    """Takes its steps in order; an error or a cancellation is followed by what makes it safe."""

    def __init__(self, management: Management, steps: Sequence[ProcedureStep]) -> None:
        self._management = management
        self.steps = tuple(steps)
        self.ending: ProcedureResult | None = None
        """None until it has ended."""
        self._changed: Callable[[], None] = lambda: None

    async def run(self, changed: Callable[[], None]) -> ProcedureResult:
        """Take the steps; `changed` is called at every change of `steps`.

        Raises:
            ReadOnly: nothing may be changed here.
            CancelledError: it was stopped; `ending` then shows what was left.
        """
        self._management.refuse_when_read_only()
        self._changed = changed
        try:
            await self._carry_out()
            self.ending = self._arrived()
        except asyncio.CancelledError:
            self.ending = await protected(self._make_safe(None))
            raise
        except TorchServeError as error:
            self.ending = await protected(self._make_safe(error))
        finally:
            changed()
        return self.ending

    @abstractmethod
    async def _carry_out(self) -> None:
        """Take the steps.

        Raises:
            TorchServeError: a step failed.
        """

    @abstractmethod
    def _arrived(self) -> ProcedureResult:
        """What the result is after the last step."""

    @abstractmethod
    async def _make_safe(self, error: TorchServeError | None) -> ProcedureResult:
        """Leave a model that serves after an `error`, or None after a cancellation."""

    @contextmanager
    def _step(self, id_: str) -> Iterator[None]:
        """Mark a step while it is taken."""
        started = time.monotonic()
        self._set(id_, mark=StepState.UNDER_WAY)
        try:
            yield
        except asyncio.CancelledError:
            self._set(id_, mark=StepState.STOPPED, seconds=time.monotonic() - started)
            raise
        except TorchServeError as error:
            seconds = time.monotonic() - started
            self._set(id_, mark=StepState.FAILED, detail=str(error), seconds=seconds)
            raise
        self._set(id_, mark=StepState.DONE, seconds=time.monotonic() - started)

    def _skip(self, id_: str, why: str) -> None:
        self._set(id_, mark=StepState.SKIPPED, detail=why)

    def _report(self, id_: str, detail: str) -> None:
        self._set(id_, detail=detail)

    def _set(self, id_: str, **values: object) -> None:
        self.steps = tuple(
            replace(step, **values) if step.id == id_ else step for step in self.steps
        )
        self._changed()

    async def _until_ready(self, id_: str, name: str, version: str, workers: int) -> None:
        """Report how far the workers of a version are until all are ready.

        Raises:
            NotCarriedOut: they do not become ready.
        """
        async for progress in follow(self._management, name, workers, version=version):
            self._report(id_, readiness(progress))
            if progress.outcome is Outcome.FAILED:
                kind = Overtaken if progress.overtaken else NotCarriedOut
                raise kind(progress.reason, progress.hint)


def readiness(progress: RolloutProgress) -> str:
    """Such as `1 of 2 workers ready`."""
    return f"{progress.ready} of {progress.wanted} workers ready"


def reasoned(error: TorchServeError | None, message: str) -> str:
    """What was left, and before it why."""
    return f"{error or 'stopped'}; {message}"
