"""How often the workers of models were restarted in the last so many seconds."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelKey, ModelStatus, WorkerStatus


class _Counted(Struct):
    workers: tuple[WorkerStatus, ...]
    """Those of the tick before."""
    seen: deque[tuple[float, int]] = field(default_factory=deque)
    """When some were seen, and how many."""


class Restarts:
    """Counts them from tick to tick, from the first one on."""

    def __init__(self, longest_s: float) -> None:
        self.longest_s = longest_s
        """How far back they are known."""
        self._counted: dict[ModelKey, _Counted] = {}

    def observe(self, model: ModelStatus, now: float) -> None:
        """Take the next tick of a model."""
        counted = self._counted.get(model.key)
        if counted is None:
            self._counted[model.key] = _Counted(model.workers)
            return
        if model.workers is not counted.workers:
            if grown := _growth(counted.workers, model.workers):
                counted.seen.append((now, grown))
            counted.workers = model.workers
        while counted.seen and now - counted.seen[0][0] > self.longest_s:
            counted.seen.popleft()

    def within(self, key: ModelKey, seconds: float, now: float) -> int:
        """How many there were."""
        counted = self._counted.get(key)
        return sum(n for at, n in counted.seen if now - at <= seconds) if counted else 0

    def forget(self, key: ModelKey) -> None:
        """Let go of a model."""
        self._counted.pop(key, None)


def _growth(before: tuple[WorkerStatus, ...], after: tuple[WorkerStatus, ...]) -> int:
    """New processes of workers that were there before; a worker that is new has its first."""
    known = {worker.worker.id: worker.verdict.restarts for worker in before}
    return sum(
        max(worker.verdict.restarts - known.get(worker.worker.id, worker.verdict.restarts), 0)
        for worker in after
    )
