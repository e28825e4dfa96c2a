"""Carries a plan out on one server, step by step, and stops at the first that fails."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.declared.difference import Action
from tsmon.torchserve.errors import NotFound, TorchServeError
from tsmon.torchserve.protection import protected
from tsmon.torchserve.replacement import GRACE_S, drain
from tsmon.torchserve.rollout import Outcome, follow

if TYPE_CHECKING:
    from tsmon.declared.difference import Difference, Step
    from tsmon.declared.state import DeclaredState, DeclaredVersion
    from tsmon.torchserve.management import Management


class StepOutcome(StrEnum):
    """How a step stands."""

    UNDER_WAY = "in progress"
    DONE = "done"
    FAILED = "failed"
    NOT_TRIED = "not tried"


class AppliedStep(Struct, frozen=True):
    """A step, and what became of it."""

    step: Step
    outcome: StepOutcome
    detail: str = ""
    """How far it is, or why it failed."""


class NotApplied(TorchServeError):
    """A step did not come about."""


async def carry_out(
    management: Management, plan: Difference, before: DeclaredState
) -> AsyncGenerator[AppliedStep, None]:
    """Take the steps in turn; after one that failed the others are not tried.

    `before` is what the server had. A version that another one took over from finishes its requests
    before it is removed.
    """
    taken_over = {each.version.name for each in plan.steps if each.action is Action.SET_DEFAULT}
    failed = False
    for step in plan.steps:
        if failed:
            yield AppliedStep(step, StepOutcome.NOT_TRIED)
            continue
        yield AppliedStep(step, StepOutcome.UNDER_WAY)
        version = step.version
        try:
            if step.action is Action.UNREGISTER and version.name in taken_over:
                await drain(management, version.name, version.version, GRACE_S)
            await protected(_take(management, step, before))
        except TorchServeError as error:
            failed = True
            yield AppliedStep(step, StepOutcome.FAILED, str(error))
        else:
            yield AppliedStep(step, StepOutcome.DONE)


async def _take(management: Management, step: Step, before: DeclaredState) -> None:
    version = step.version
    match step.action:
        case Action.REGISTER:
            await _register(management, version)
        case Action.REGISTER_AGAIN:
            await _register_again(management, version, before)
        case Action.SCALE:
            await _scale(management, version)
        case Action.SET_DEFAULT:
            await management.set_default(version.name, version.version)
        case Action.UNREGISTER:
            await management.unregister(version.name, version.version)


async def _register(management: Management, version: DeclaredVersion) -> None:
    """Register it and wait for its workers.

    Raises:
        NotApplied: the archive has another version, or its workers do not become ready.
    """
    await management.register(version.registration)
    try:
        found = await management.describe(version.name, version.version)
    except NotFound:
        versions = await management.describe_all(version.name)
        others = ", ".join(each.version for each in versions)
        raise NotApplied(f"{version.archive} has another version: {others} is registered") from None
    if (found.min_workers, found.max_workers) != (version.min_workers, version.most_workers):
        await _scale(management, version)  # the archive may have had workers of its own
    else:
        await _ready(management, version)


async def _register_again(
    management: Management, version: DeclaredVersion, before: DeclaredState
) -> None:
    """Unregister and register it; another version is the default one meanwhile where it must be."""
    others = [each.version for each in before.of(version.name) if each.version != version.version]
    found = before.find(version.name, version.version)
    was_default = found is not None and found.default
    if was_default and others:
        await management.set_default(version.name, others[0])
    await management.unregister(version.name, version.version)
    await _register(management, version)
    if was_default and others:
        await management.set_default(version.name, version.version)


async def _scale(management: Management, version: DeclaredVersion) -> None:
    await management.scale(
        version.name,
        version.min_workers,
        version=version.version,
        max_workers=version.most_workers,
    )
    await _ready(management, version)


async def _ready(management: Management, version: DeclaredVersion) -> None:
    steps = follow(
        management, version.name, version.min_workers, version=version.version, registered=True
    )
    async for progress in steps:
        if progress.outcome is Outcome.FAILED:
            raise NotApplied(progress.reason, progress.hint)
