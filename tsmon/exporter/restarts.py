"""Restarts and deaths of workers since the exporter began, as counters that never fall."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.telemetry.health.verdicts import WorkerHealth, WorkerVerdict
from tsmon.telemetry.logs.known_exceptions import CauseKind

if TYPE_CHECKING:
    from datetime import datetime

    from tsmon.telemetry.logs.causes import Cause
    from tsmon.telemetry.snapshot import ModelKey, ModelStatus, Snapshot, WorkerStatus

SETTLE_S = 10.0
"""How long a death waits for its cause; a worker's last words may be written after its end."""
_WorkerKey = tuple[str, str]


class RestartCounts:
    """Counts from look to look the new processes of workers that were created before."""

    def __init__(self) -> None:
        self._before: dict[ModelKey, dict[_WorkerKey, WorkerVerdict]] | None = None
        """None before the first look, which counts nothing: what it shows is older."""
        self._unread: set[str] = set()
        """Models of which the last look did not show the workers."""

    def grown(self, snapshot: Snapshot) -> dict[ModelKey, int]:
        """How many there were of each version since the last look; those without are not in it."""
        if snapshot.stale:
            return {}
        registered = [model for model in snapshot.models if not model.gone]
        before = self._before
        now: dict[ModelKey, dict[_WorkerKey, WorkerVerdict]] = {}
        found: dict[ModelKey, int] = {}
        for model in registered:
            key, known = model.key, before.get(model.key) if before is not None else None
            if not model.workers_known:
                if known is not None:
                    now[key] = known
                continue
            now[key] = {_key(worker): worker.verdict for worker in model.workers}
            is_new = before is not None and key.name not in self._unread
            if known is not None or is_new:
                found[key] = sum(_growth((known or {}).get(_key(w)), w) for w in model.workers)
        self._before = now
        self._unread = {model.key.name for model in registered if not model.workers_known}
        return {key: count for key, count in found.items() if count}


def _key(worker: WorkerStatus) -> _WorkerKey:
    # The server's next life gives the same ids again.
    return worker.worker.id, worker.worker.start_time


def _growth(before: WorkerVerdict | None, worker: WorkerStatus) -> int:
    after = worker.verdict
    if before is None:
        return after.restarts
    learned = before.inferred and not after.inferred
    if learned or before.health is WorkerHealth.UNKNOWN:
        return 0  # deaths that the logs only now show are older
    return max(after.restarts - before.restarts, 0)


class _Pending(Struct):
    """Deaths of one version that wait for their cause."""

    deaths: int
    since: float


class DeathCounts:
    """Gives each death the cause that is found for it."""

    def __init__(self) -> None:
        self.by_cause: dict[ModelKey, Counter[CauseKind]] = {}
        self._pending: dict[ModelKey, _Pending] = {}
        self._given: dict[ModelKey, tuple[datetime, str] | None] = {}
        """The cause of an earlier death of each version, which is not that of another one."""

    def observe(self, model: ModelStatus, grown: int, now: float) -> None:
        """Take the deaths of a version since the last look; `now` is monotonic."""
        key, cause = model.key, model.cause if model.cause and model.cause.fatal else None
        counts = self.by_cause.setdefault(key, Counter({CauseKind.UNKNOWN: 0}))
        self._given.setdefault(key, None if grown else _identity(cause))
        if grown:
            self._pending.setdefault(key, _Pending(0, now)).deaths += grown
        pending = self._pending.get(key)
        if pending is None:
            return
        is_its = cause is not None and _identity(cause) != self._given[key]
        if not (is_its and _is_clear(cause)) and now - pending.since < SETTLE_S:
            return
        counts[cause.kind if cause is not None and is_its else CauseKind.UNKNOWN] += pending.deaths
        self._given[key] = _identity(cause)
        del self._pending[key]

    def forget(self, key: ModelKey) -> None:
        """Let go of a version."""
        for known in (self.by_cause, self._pending, self._given):
            known.pop(key, None)


def _identity(cause: Cause | None) -> tuple[datetime, str] | None:
    return None if cause is None else (cause.time, cause.worker_id)


def _is_clear(cause: Cause | None) -> bool:
    """Whether no better words are to come."""
    return cause is not None and cause.certain and cause.kind is not CauseKind.DIED_SILENTLY
