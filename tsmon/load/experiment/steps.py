"""How an experiment goes on, step by step."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.units import duration, milliseconds, per_second

if TYPE_CHECKING:
    from tsmon.load.experiment.plan import Variation
    from tsmon.load.experiment.result import Measurement
    from tsmon.load.run.report import RunProgress as RunProgress
    from tsmon.torchserve.rollout import RolloutProgress as RolloutProgress


class Stage(StrEnum):
    """What is under way."""

    SCALING = "scaling"
    """Until the server has taken the change, which may be a new registration."""
    STARTING = "waiting for workers"
    WARMING_UP = "warming up"
    SENDING = "sending"
    READING = "reading counters"
    MEASURED = "measured"
    RESTORING = "restoring"


class ExperimentStep(Struct, frozen=True):
    """One moment of an experiment."""

    stage: Stage
    setting: Variation | None
    """None while restoring."""
    number: int
    """Of the setting, counted from 1."""
    total: int
    """Settings there are."""
    workers: RolloutProgress | None = None
    """While waiting for workers."""
    sending: RunProgress | None = None
    """While sending, of the batch under way."""
    before: int = 0
    """Answers of the setting's batches before that."""
    planned: int | None = None
    """Requests that the setting will have, where that is known."""
    measurement: Measurement | None = None
    """What was measured, once it is."""

    def __str__(self) -> str:
        if self.setting is None:
            return "restoring the original workers"
        parts = [f"{self.number} of {self.total}: {self.setting}", self._doing()]
        return ", ".join(parts)

    def _doing(self) -> str:
        if self.workers is not None:
            workers = self.workers
            return f"{workers.ready} of {workers.wanted} ready, {duration(workers.seconds)}"
        if self.sending is None:
            return str(self.stage)
        run, recent = self.sending.so_far, self.sending.latency
        of = "" if self.planned is None else f" of {self.planned}"
        parts = [f"{self.stage}, {self.before + run.answered}{of} answered"]
        if self.sending.throughput:
            parts.append(per_second(self.sending.throughput))
        if recent is not None:
            parts.append(f"p95 {milliseconds(recent.p95)}")
        if run.failed:
            parts.append(f"{run.failed} failed")
        return ", ".join(parts)
