"""Follows a model's traffic and gives it the workers that are decided on."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.load.autoscale.decision import Autoscaler, Decision, Kind, Reading
from tsmon.threads import in_thread
from tsmon.torchserve.errors import TorchServeError
from tsmon.torchserve.rollout import Outcome, RolloutProgress, follow
from tsmon.units import duration, plural

if TYPE_CHECKING:
    from tsmon.load.autoscale.watching import Watching
    from tsmon.load.capacity.situation import Machine
    from tsmon.telemetry.snapshot import ModelKey, ModelStatus, Snapshot
    from tsmon.torchserve.management import Management


class StepKind(StrEnum):
    """What happened; also the word for it in JSON."""

    WOULD_SCALE = "would scale"
    """Of a dry run, which changes nothing."""
    SCALING = "scaling"
    READY = "ready"
    FAILED = "failed"
    BACK = "back"
    """The number of before, after more did not become ready."""
    OVERTAKEN = "scaled by someone else"
    HOLDING = "holding"
    """Nothing is changed although it may have to be."""
    STEADY = "steady"
    """Nothing has to be changed."""


class Step(Struct, frozen=True, kw_only=True):
    """One thing that happened, for a person and for JSON."""

    kind: StepKind
    why: str
    workers: int | None
    """There were so many."""
    target: int | None = None
    reading: Reading
    at: datetime


class Autoscaling(Struct, kw_only=True):
    """One version of a model that is kept at the workers it needs."""

    key: ModelKey
    management: Management
    watching: Watching
    scaler: Autoscaler
    acts: bool
    """Without it, it is a dry run."""
    machine_of: Callable[[ModelStatus], Machine | None]
    """Reads the process table."""
    given: int | None = None
    """The workers that it was last seen to have, or was given here; None before that."""

    async def steps(self, ticks: AsyncIterable[Snapshot]) -> AsyncIterator[Step]:
        """What happens for as long as there are ticks; what stays as it is is said once."""
        said: object = None
        async for snapshot in ticks:
            reading = await in_thread(self._read, snapshot)
            decision = self.scaler.decide(reading)
            if reading.workers is not None:
                if self.given not in {None, reading.workers}:
                    yield _step(StepKind.OVERTAKEN, f"it had {self.given} before", reading)
                self.given = reading.workers
            about = _about(reading, decision)
            if decision.target is None or not self.acts:
                if about != said and (step := _step_of(reading, decision)) is not None:
                    said = about
                    yield step
                continue
            said = None
            async for step in self._carry_out(reading, decision):
                yield step

    def _read(self, snapshot: Snapshot) -> Reading:
        status = snapshot.model(self.key)
        machine = self.machine_of(status) if status is not None else None
        return self.watching.read(snapshot, machine)

    async def _carry_out(self, reading: Reading, decision: Decision) -> AsyncIterator[Step]:
        """Scale, and wait until the workers are ready; go back where more do not become it."""
        before, target = reading.workers or 0, decision.target or 0
        yield _step(StepKind.SCALING, decision.why, reading, target)
        try:
            ended = await self._scale(target)
        except TorchServeError as error:
            self.scaler.begin_again()
            yield _step(StepKind.FAILED, str(error), reading, target)
            return
        if ended.outcome is Outcome.DONE:
            words = f"{plural(target, 'worker')} ready after {duration(ended.seconds)}"
            yield _step(StepKind.READY, words, reading, target)
            return
        if ended.overtaken:
            yield _step(StepKind.OVERTAKEN, ended.reason, reading, target)
            return
        yield _step(StepKind.FAILED, ended.reason, reading, target)
        if target > before:
            self.scaler.bar(target, reading.at)
            yield await self._go_back(reading, before)

    async def _go_back(self, reading: Reading, before: int) -> Step:
        words = f"back to {plural(before, 'worker')}, since more did not become ready"
        try:
            ended = await self._scale(before)
        except TorchServeError as error:
            return _step(StepKind.FAILED, f"{words}: {error}", reading, before)
        kind = StepKind.BACK if ended.outcome is Outcome.DONE else StepKind.FAILED
        return _step(
            kind, words if not ended.reason else f"{words}: {ended.reason}", reading, before
        )

    async def _scale(self, workers: int) -> RolloutProgress:
        name, version = self.key
        await self.management.scale(name, workers, version=version)
        self.given = workers
        return [each async for each in follow(self.management, name, workers, version=version)][-1]


def _about(reading: Reading, decision: Decision) -> object:
    """What is said again only once it is something else; figures that move are not."""
    gap = reading.unknown.gap if reading.unknown else None
    return decision.kind, decision.target, gap, reading.workers


def _step_of(reading: Reading, decision: Decision) -> Step | None:
    """What is said of a decision that is not carried out; None where there is nothing to say."""
    if decision.target is not None:
        return _step(StepKind.WOULD_SCALE, decision.why, reading, decision.target)
    if decision.kind is Kind.PENDING:
        return None
    kind = StepKind.STEADY if decision.kind is Kind.STEADY else StepKind.HOLDING
    return _step(kind, decision.why, reading)


def _step(kind: StepKind, why: str, reading: Reading, target: int | None = None) -> Step:
    return Step(
        kind=kind,
        why=why,
        workers=reading.workers,
        target=target,
        reading=reading,
        at=datetime.now(UTC),
    )
