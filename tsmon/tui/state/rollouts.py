"""Changes of the number of workers that are under way: sent, followed and added up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from tsmon.torchserve.errors import NotFound, TimedOut, TorchServeError
from tsmon.torchserve.rollout import Outcome, RolloutProgress, follow
from tsmon.torchserve.waiting import LONG_S

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelKey, ModelStatus
    from tsmon.torchserve.management import Management

ROLLOUT_QUIET_S = 0.3
"""Presses that come quicker than this after each other become one request."""

ROLLOUTS_AT_ONCE = 4
"""Changes sent at a time; scaling down keeps a connection until the workers are gone."""

SEEN_AFTER_S = 3.0
"""By then the monitor has surely described the version again."""


@dataclass(frozen=True, slots=True)
class Rollout:
    """One change of the workers of one version."""

    key: ModelKey
    before: int
    target: int
    progress: RolloutProgress | None = None
    """None until the server took the change."""
    begun_at: float = field(default_factory=time.monotonic, compare=False)
    """On the monotonic clock."""
    ended_at: float | None = None
    """When it was done or failed, on the monotonic clock."""

    @property
    def running(self) -> bool:
        """Whether it is neither done nor failed."""
        return self.ended_at is None

    @property
    def hangs_s(self) -> float:
        """Seconds that the server has not taken the change; 0 while that is no long time."""
        waited = time.monotonic() - self.begun_at
        return waited if self.running and self.progress is None and waited >= LONG_S else 0.0


class Rollouts:
    """At most one rollout for each version; a new target takes over the one under way."""

    def __init__(
        self,
        management: Callable[[], Management],
        start: Callable[[Callable[[], Coroutine[None, None, None]]], object],
        changed: Callable[[Rollout], None],
    ) -> None:
        """`management` is asked for when a change is made.

        `start` runs an async function beside the caller; `changed` hears of every step.
        """
        self._management = management
        self._start = start
        self._changed = changed
        self._rollouts: dict[ModelKey, Rollout] = {}
        self._turns = asyncio.Semaphore(ROLLOUTS_AT_ONCE)
        self._sent: dict[ModelKey, asyncio.Task[str]] = {}
        """The requests whose answers are waited for."""

    def of(self, key: ModelKey) -> Rollout | None:
        """The rollout of a version: the one under way, or how the last one ended."""
        return self._rollouts.get(key)

    def planned(self, model: ModelStatus) -> int:
        """How many workers a version has, or will have when the change under way is done.

        A rollout that has just ended still counts, since what was seen may be older than its end.
        """
        rollout = self._rollouts.get(model.key)
        if rollout is None:
            return model.wanted
        ended = rollout.ended_at
        if rollout.progress is not None and rollout.progress.overtaken:
            return model.wanted
        fresh = ended is None or time.monotonic() - ended < SEEN_AFTER_S
        return rollout.target if fresh else model.wanted

    def forget(self, key: ModelKey) -> None:
        """Drop how the last rollout of a version ended."""
        rollout = self._rollouts.get(key)
        if rollout and not rollout.running:
            del self._rollouts[key]

    def stop_waiting(self, key: ModelKey) -> bool:
        """Wait no longer for a server that does not take a change; whether that was so."""
        rollout, request = self._rollouts.get(key), self._sent.get(key)
        if rollout is None or request is None or not rollout.hangs_s:
            return False
        return request.cancel()

    def scale(self, key: ModelKey, now: int, target: int) -> None:
        """Have the server give a version `target` workers, and follow it."""
        running = self._rollouts.get(key)
        if running and running.running:
            self._set(replace(running, target=target, progress=None))
        else:
            self._set(Rollout(key, now, target))
            self._start(partial(self._carry_out, key))

    def watch(self, key: ModelKey, target: int) -> None:
        """Follow the first workers of a version that was just registered with `target` of them."""
        self._set(Rollout(key, 0, target))
        self._start(partial(self._carry_out, key, sent=target))

    async def _carry_out(self, key: ModelKey, sent: int | None = None) -> None:
        """Send the target, and whatever it becomes meanwhile, until one is reached or fails."""
        registered = sent is not None
        try:
            while self._rollouts[key].running:
                if self._rollouts[key].target == sent:
                    await self._follow(key, sent, registered=registered)
                else:
                    await self._settle(key)
                    registered = False
                    async with self._turns:
                        sent = self._rollouts[key].target
                        await self._send(key, sent)
        except TorchServeError as error:
            self._fail(key, error)

    async def _send(self, key: ModelKey, target: int) -> None:
        scale = self._management().scale(key.name, target, version=key.version)
        self._sent[key] = request = asyncio.create_task(scale)
        try:
            await asyncio.wait({request})
        finally:
            del self._sent[key]
        if request.cancelled():
            raise TimedOut("no longer waiting for its answer", "the server may still do it")
        request.result()

    async def _settle(self, key: ModelKey) -> None:
        """Wait until the target has not moved for a moment."""
        while True:
            target = self._rollouts[key].target
            await asyncio.sleep(ROLLOUT_QUIET_S)
            if self._rollouts[key].target == target:
                return

    async def _follow(self, key: ModelKey, target: int, *, registered: bool) -> None:
        """Follow until the target is reached, given up or replaced by another one."""
        async for progress in follow(
            self._management(), key.name, target, version=key.version, registered=registered
        ):
            if self._rollouts[key].target != target:
                return
            self._set(replace(self._rollouts[key], progress=progress))

    def _fail(self, key: ModelKey, error: TorchServeError) -> None:
        rollout = self._rollouts[key]
        ready = rollout.progress.ready if rollout.progress else rollout.before
        seconds = rollout.progress.seconds if rollout.progress else 0.0
        gone = isinstance(error, NotFound)
        failed = RolloutProgress(
            Outcome.FAILED, ready, rollout.target, seconds, str(error), error.hint, overtaken=gone
        )
        self._set(replace(rollout, progress=failed))

    def _set(self, rollout: Rollout) -> None:
        progress = rollout.progress
        ended = progress is not None and progress.outcome is not Outcome.RUNNING
        rollout = replace(rollout, ended_at=time.monotonic() if ended else None)
        self._rollouts[rollout.key] = rollout
        self._changed(rollout)
