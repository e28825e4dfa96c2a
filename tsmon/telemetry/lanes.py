"""What each worker did over time: busy, idle, starting, dead, given up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.telemetry.activity import Doing, activity_of_worker
from tsmon.telemetry.health.verdicts import WorkerHealth

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelKey, ModelStatus, WorkerStatus

MOST_STEPS = 600
"""Into which a span is cut: more than a terminal has columns, and a bound for what is held."""
MOST_WORKERS = 200
"""Of which something is held: those that were there first."""


class LaneStep(Struct, frozen=True):
    """One worker in one step of time: the worst that it was, and how busy it was meanwhile."""

    health: WorkerHealth
    busy: float = 0.0
    """The shares of the ticks that are known, added up."""
    known: int = 0
    """How many ticks have a share."""
    restarted: bool = False
    """Whether another process took over."""

    @property
    def share(self) -> float | None:
        """How much of the time it was busy, 0 to 1; None where that is not known."""
        return self.busy / self.known if self.known else None

    def merged(self, other: LaneStep) -> LaneStep:
        """Both as one."""
        return LaneStep(
            max(self.health, other.health, key=_gravity),
            self.busy + other.busy,
            self.known + other.known,
            self.restarted or other.restarted,
        )


class Lanes:
    """The steps of workers within a span, by their ids, which are unique on a server."""

    def __init__(self, span_s: float) -> None:
        self.step_s = span_s / MOST_STEPS
        """Seconds of a step."""
        self._steps: dict[str, dict[int, LaneStep]] = {}
        self._pids: dict[str, int | None] = {}
        self._models: dict[str, ModelKey] = {}

    def workers(self) -> dict[ModelKey, list[str]]:
        """The ids of each version, in order."""
        found: dict[ModelKey, list[str]] = {}
        for worker in sorted(self._steps, key=lambda worker: (len(worker), worker)):
            found.setdefault(self._models[worker], []).append(worker)
        return found

    def add(self, moment: float, models: Iterable[ModelStatus]) -> None:
        """Take a tick; what is gone has no workers, whatever was described last."""
        for model in models:
            for worker in () if model.gone else model.workers:
                self._add(moment, model, worker)

    def forget_before(self, moment: float) -> None:
        """Let go of what is older, and of workers of which nothing is left."""
        first = int(moment // self.step_s)
        for worker, steps in list(self._steps.items()):
            for number in [number for number in steps if number < first]:
                del steps[number]
            if not steps:
                del self._steps[worker]

    def of(self, worker: str, begin: float, end: float) -> Iterator[tuple[float, LaneStep]]:
        """The steps of a worker between two moments, each with its middle."""
        for number, step in self._steps.get(worker, {}).items():
            middle = (number + 0.5) * self.step_s
            if begin <= middle <= end + self.step_s:
                yield min(middle, end), step

    def _add(self, moment: float, model: ModelStatus, worker: WorkerStatus) -> None:
        id_, number = worker.worker.id, int(moment // self.step_s)
        if id_ not in self._steps and len(self._steps) >= MOST_WORKERS:
            return
        self._models[id_] = model.key
        step, steps = self._step(model, worker), self._steps.setdefault(id_, {})
        steps[number] = steps[number].merged(step) if number in steps else step

    def _step(self, model: ModelStatus, worker: WorkerStatus) -> LaneStep:
        id_, pid = worker.worker.id, worker.worker.pid
        before = self._pids.get(id_)
        self._pids[id_] = pid or before
        restarted = None not in (pid, before) and pid != before
        activity = activity_of_worker(model, worker)
        share = activity.share
        if share is None and activity.doing is Doing.IDLE:
            share = 0.0
        health = worker.verdict.health
        if health is WorkerHealth.READY and not worker.ready:
            health = WorkerHealth.UNKNOWN
        if share is None or not worker.ready:
            return LaneStep(health, restarted=restarted)
        return LaneStep(health, share, 1, restarted)


def _gravity(health: WorkerHealth) -> int:
    """The worse, the larger; that nothing is known says less than anything else."""
    return -1 if health is WorkerHealth.UNKNOWN else health.severity
