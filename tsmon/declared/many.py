"""Carries a change out on several servers: one after the other, or a few at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from tsmon.declared.applying import AppliedStep, NotApplied, StepOutcome, carry_out
from tsmon.declared.changes import PutBack, ServerPlan, names_of, plan_for
from tsmon.declared.state import state_of
from tsmon.threads import in_thread
from tsmon.torchserve.errors import TorchServeError

if TYPE_CHECKING:
    from pathlib import Path

    from tsmon.declared.state import DeclaredState
    from tsmon.torchserve.client import TorchServe

MOST_AT_ONCE = 16
"""Servers that may be changed at the same time."""
OpenServer = Callable[[str], "TorchServe"]
"""Gives a client for a server, by its name; to be closed."""


class Stand(StrEnum):
    """How a server of several stands."""

    WAITING = "waiting"
    UNDER_WAY = "in progress"
    DONE = "done"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    STOPPED = "stopped"
    NOT_TRIED = "not tried"


class ServerProgress(Struct, frozen=True):
    """How far one server is."""

    plan: ServerPlan
    stand: Stand = Stand.WAITING
    steps: tuple[AppliedStep, ...] = ()
    """Those that ended, and the one in progress."""
    detail: str = ""
    """Why it failed before a step."""
    kept: Path | None = None
    """The file of what it had."""

    @property
    def was_changed(self) -> bool:
        """Whether a step was begun, so that the server may be other than it was."""
        begun = {StepOutcome.DONE, StepOutcome.FAILED, StepOutcome.UNDER_WAY}
        return any(each.outcome in begun for each in self.steps)

    @property
    def why(self) -> str:
        """Why it failed, empty where it did not."""
        failed = (each for each in self.steps if each.outcome is StepOutcome.FAILED)
        return self.detail or next((f"{each.step}: {each.detail}" for each in failed), "")


class ChangeOfMany:
    """Takes the servers in their order; after one that failed, no further one is begun.

    Those that were begun beside it are brought to their end. A cancellation ends each after the
    step that it is at.
    """

    def __init__(
        self,
        plans: Sequence[ServerPlan],
        open_server: OpenServer,
        keep: Callable[[str, DeclaredState], Path],
        *,
        at_once: int = 1,
        changed: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`keep` writes down what a server has, in a thread; `changed` hears which one moved on."""
        self.servers = {
            each.server: ServerProgress(each, Stand.WAITING if each.steps else Stand.UNCHANGED)
            for each in plans
        }
        self._open = open_server
        self._keep = keep
        self._at_once = max(1, min(at_once, MOST_AT_ONCE))
        self.changed = changed

    @property
    def failed(self) -> bool:
        """Whether a server could not be changed as planned."""
        return any(each.stand is Stand.FAILED for each in self.servers.values())

    @property
    def to_put_back(self) -> Mapping[str, PutBack]:
        """What gives the servers back what they had, by their names; those unchanged left out."""
        return {
            name: PutBack(names_of(each.plan.steps), each.plan.before)
            for name, each in self.servers.items()
            if each.was_changed
        }

    async def run(self) -> None:
        """Change the servers."""
        waiting = deque(each.plan for each in self.servers.values() if each.plan.steps)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._at_once):
                    group.create_task(self._take_turns(waiting))
        finally:
            for plan in waiting:
                self._put(plan.server, stand=Stand.NOT_TRIED)

    async def _take_turns(self, waiting: deque[ServerPlan]) -> None:
        while waiting and not self.failed:
            await self._change(waiting.popleft())

    async def _change(self, plan: ServerPlan) -> None:
        self._put(plan.server, stand=Stand.UNDER_WAY)
        try:
            await self._carry_out(plan)
        except TorchServeError as error:
            self._put(plan.server, stand=Stand.FAILED, detail=str(error))
        except asyncio.CancelledError:
            self._put(plan.server, stand=Stand.STOPPED)
            raise

    async def _carry_out(self, plan: ServerPlan) -> None:
        async with self._open(plan.server) as client:
            management = client.management
            management.refuse_when_read_only()
            if await state_of(management) != plan.before:
                raise NotApplied("its models changed after the plan was made", "plan it again")
            self._put(plan.server, kept=await in_thread(self._keep, plan.server, plan.before))
            async for step in carry_out(management, plan.plan, plan.before):
                self._put_step(plan.server, step)
        failed = any(each.outcome is StepOutcome.FAILED for each in self.servers[plan.server].steps)
        self._put(plan.server, stand=Stand.FAILED if failed else Stand.DONE)

    def _put_step(self, server: str, step: AppliedStep) -> None:
        ended = [
            each for each in self.servers[server].steps if each.outcome is not StepOutcome.UNDER_WAY
        ]
        self._put(server, steps=(*ended, step))

    def _put(self, server: str, **values: object) -> None:
        self.servers[server] = replace(self.servers[server], **values)
        self.changed(server)


async def plans_back(
    changes: Mapping[str, PutBack], open_server: OpenServer
) -> tuple[ServerPlan, ...]:
    """The way back: what it takes for each server to have again what it had.

    Raises:
        TorchServeError: a server cannot be read.
    """
    plans = []
    for name, change in changes.items():
        async with open_server(name) as client:
            plans.append(plan_for(name, change, await state_of(client.management)))
    return tuple(plans)
