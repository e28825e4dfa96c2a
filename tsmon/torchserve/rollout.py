"""Follows a change of workers until they are ready, or it is clear that they will not be.

TorchServe answers an asynchronous register or scale with 202 whether or not the workers will come
up, so the outcome is read from describe.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.torchserve.errors import NotFound, TimedOut
from tsmon.units import duration

if TYPE_CHECKING:
    from tsmon.torchserve.management import Management
    from tsmon.torchserve.records import ModelVersion

ROLLOUT_POLL_S = 0.25
DEATHS_TO_GIVE_UP = 2
"""A worker that died this often while loading will not come up: TorchServe repeats the same."""
ROLLOUT_MARGIN_S = 10.0
"""Beyond the model's own start-up time-out."""
LONGEST_SILENCE_S = 120.0
"""How long describe may time out while nothing is known of the model's own time-out."""


class Outcome(StrEnum):
    """How a rollout stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class RolloutProgress(Struct, frozen=True):
    """A rollout at one moment."""

    outcome: Outcome
    ready: int
    """Workers that have loaded the model."""
    wanted: int
    seconds: float
    """Since the rollout began."""
    reason: str = ""
    """Why it failed."""
    hint: str = ""
    """What to do then."""
    overtaken: bool = False
    """Whether it failed because someone else changed the model meanwhile, whose change stands."""


async def follow(
    management: Management,
    name: str,
    wanted: int,
    *,
    version: str | None = None,
    timeout_s: float | None = None,
    registered: bool = False,
) -> AsyncIterator[RolloutProgress]:
    """Progress until `wanted` workers are ready, it is clear that they will not be, or time is up.

    The server was asked before for `wanted` workers; if it has other limits, someone else asked for
    it later. Only where the model was just `registered` an archive may have had the last word.
    `timeout_s` is by default the model's start-up time-out and a margin. The last progress is DONE
    or FAILED.
    """
    started = time.monotonic()
    deaths = _Deaths()
    while True:
        try:
            model = await management.describe(name, version)
        except TimedOut:
            # Management shares its few threads with the very work that is followed here.
            if time.monotonic() - started > (timeout_s or LONGEST_SILENCE_S):
                raise
            continue
        except NotFound:
            elapsed = time.monotonic() - started
            reason, hint = f"{name} is no longer registered", _GONE_HINT
            yield RolloutProgress(Outcome.FAILED, 0, wanted, elapsed, reason, hint, overtaken=True)
            return
        elapsed = time.monotonic() - started
        most = model.max_workers
        admits = model.min_workers <= wanted and (most is None or wanted <= most)
        if not (admits or registered):
            yield _overtaken(model, wanted, elapsed)
            return
        registered = registered and not admits
        progress = _judge(model, wanted, elapsed, deaths, timeout_s)
        yield progress
        if progress.outcome is not Outcome.RUNNING:
            return
        await asyncio.sleep(ROLLOUT_POLL_S)


_GONE_HINT = (
    "someone else unregistered it, or the server was restarted; `tsmon models` lists what is "
    "registered"
)
_LOG_HINT = "the server's logs/model_log.log shows why"


def _overtaken(model: ModelVersion, wanted: int, elapsed: float) -> RolloutProgress:
    least, most = model.min_workers, model.max_workers
    limits = str(least) if most in {None, least} else f"{least} to {most}"
    return RolloutProgress(
        Outcome.FAILED,
        model.ready_workers,
        wanted,
        elapsed,
        f"someone else has scaled it to {limits}, and that was left in place",
        "scale it again if you want your number",
        overtaken=True,
    )


class _Deaths:
    """Counts how often each worker's process was replaced."""

    def __init__(self) -> None:
        self._pids: dict[str, int] = {}
        self._counts: dict[str, int] = {}

    def observe(self, model: ModelVersion) -> str | None:
        """The id of a worker that died too often, if there is one."""
        for worker in model.workers:
            if worker.pid is None:
                continue
            before = self._pids.get(worker.id)
            if before is not None and before != worker.pid:
                self._counts[worker.id] = self._counts.get(worker.id, 0) + 1
            self._pids[worker.id] = worker.pid
        return next((id_ for id_, n in self._counts.items() if n >= DEATHS_TO_GIVE_UP), None)


def _judge(
    model: ModelVersion,
    wanted: int,
    elapsed: float,
    deaths: _Deaths,
    timeout_s: float | None,
) -> RolloutProgress:
    ready = model.ready_workers
    dead = deaths.observe(model)
    if ready == wanted and len(model.workers) == wanted:
        return RolloutProgress(Outcome.DONE, ready, wanted, elapsed)
    if dead is not None:
        reason = f"worker {dead} keeps dying while loading the model"
        return RolloutProgress(Outcome.FAILED, ready, wanted, elapsed, reason, _LOG_HINT)
    limit = timeout_s if timeout_s is not None else model.startup_patience_s + ROLLOUT_MARGIN_S
    if elapsed > limit:
        reason = f"{ready} of {wanted} workers are ready after {duration(elapsed)}"
        return RolloutProgress(Outcome.FAILED, ready, wanted, elapsed, reason, _LOG_HINT)
    return RolloutProgress(Outcome.RUNNING, ready, wanted, elapsed)
