"""How many workers, and why; or that it is not known, and why not."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.load.capacity.curve import ServiceCurve, ServicePoint
from tsmon.load.capacity.doubts import (
    FEW_REQUESTS,
    Doubt,
    crowding,
    doubts_about,
    extrapolation,
    nearness,
)
from tsmon.load.capacity.prediction import Forecast, LatencyGoal, predict
from tsmon.load.capacity.reasons import reasons_for

if TYPE_CHECKING:
    from tsmon.load.capacity.situation import Situation

MOST_ADVISED_WORKERS = 64
"""Looked at where the machine's cores are not known."""
MOST_ASKED = 1000
"""No more workers are predicted for; it takes as long as there are workers."""


class Confidence(StrEnum):
    """How far the advice can be trusted."""

    MEASURED = "measured"
    BETWEEN = "in between"
    EXTRAPOLATED = "extrapolated"
    UNKNOWN = "unknown"


class Advice(Struct, frozen=True):
    """How many workers."""

    situation: Situation
    target: LatencyGoal
    rate: float | None
    """Requests per second it is for."""
    workers: int | None
    """None: it is not known, or no number will do; see the reasons."""
    confidence: Confidence
    predictions: tuple[Forecast, ...]
    """From 1 worker on; empty where nothing can be predicted."""
    reasons: tuple[str, ...]
    doubts: tuple[Doubt, ...]
    curve: ServiceCurve | None = None
    """What the predictions rest on; None where nothing can be predicted."""

    def at(self, workers: int) -> Forecast | None:
        """What is predicted for a number of workers; None where nothing can be."""
        if self.curve is None or not self.rate or not 0 < workers <= MOST_ASKED:
            return None
        return predict(self.situation, self.curve, self.rate, workers)

    def doubts_at(self, workers: int) -> tuple[Doubt, ...]:
        """What makes the prediction for that number of workers less than certain."""
        if self.curve is None or not self.rate:
            return ()
        return _doubts_at(self.situation, self.curve, self.rate, workers)


def _doubts_at(
    situation: Situation, curve: ServiceCurve, rate: float, workers: int
) -> tuple[Doubt, ...]:
    return (
        *extrapolation(curve, workers),
        *nearness(situation, curve, rate, workers),
        *crowding(situation, curve, rate, workers),
    )


def advise(
    situation: Situation,
    target: LatencyGoal,
    *,
    rate: float | None = None,
    measured: Sequence[ServicePoint] = (),
    up_to: int = 0,
) -> Advice:
    """Find the least number of workers that meets the target.

    Args:
        situation: what is known of the model.
        target: what is to hold.
        rate: requests per second to be ready for; by default those seen.
        measured: of experiments; for the present number of workers what is seen counts instead,
            since it has in it what else the machine does, unless it rests on few requests.
        up_to: predict for at least so many workers.
    """
    wanted = situation.rate if rate is None else rate
    curve = _curve(situation, measured)
    doubts = doubts_about(situation, curve, asked=rate is not None)
    stops = tuple(doubt.words for doubt in doubts if doubt.stops)
    if stops or curve is None or not wanted:
        return Advice(situation, target, wanted, None, Confidence.UNKNOWN, (), stops, doubts)
    return _weigh(situation, target, wanted, curve, doubts, up_to)


def _weigh(
    situation: Situation,
    target: LatencyGoal,
    rate: float,
    curve: ServiceCurve,
    doubts: tuple[Doubt, ...],
    up_to: int,
) -> Advice:
    """Predict for every number of workers that may be worth it, and choose."""
    ceiling = curve.useful(_most(situation, curve, up_to))
    most = max(ceiling, up_to, situation.workers) + 1
    rows = [predict(situation, curve, rate, workers) for workers in range(1, most + 1)]
    chosen = next((row for row in rows[:ceiling] if target.met_by(row)), None)
    reasons = reasons_for(situation, curve, rate, target, chosen, rows[ceiling - 1])
    likely = chosen.workers if chosen else ceiling
    if chosen:
        further = _doubts_at(situation, curve, rate, likely)
    else:
        further = tuple(extrapolation(curve, likely))
    return Advice(
        situation,
        target,
        rate,
        chosen.workers if chosen else None,
        Confidence(chosen.basis.value) if chosen else Confidence.UNKNOWN,
        tuple(rows[: max(up_to, situation.workers, likely + 1)]),
        reasons,
        (*doubts, *further),
        curve,
    )


def _curve(situation: Situation, measured: Sequence[ServicePoint]) -> ServiceCurve | None:
    """Experiments, and what is seen now, which counts for the present workers if it is enough."""
    seen = (situation.service,) if situation.service else ()
    enough = situation.answered >= FEW_REQUESTS
    points = (*measured, *seen) if enough else (*seen, *measured)
    if not points:
        return None
    return ServiceCurve(points, situation.cores, situation.demand, situation.batches)


def _most(situation: Situation, curve: ServiceCurve, up_to: int) -> int:
    """How many workers to look at: beyond twice the cores nothing gets better."""
    measured = max(point.workers for point in curve.points)
    most = max(2 * situation.cores, measured) if situation.cores else MOST_ADVISED_WORKERS
    if situation.waits_elsewhere:
        most = MOST_ADVISED_WORKERS
    return max(most, up_to)
