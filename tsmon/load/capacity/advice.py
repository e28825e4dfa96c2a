"""How many workers, and why; or that it is not known, and why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tsmon.load.capacity.curve import Basis, ServiceCurve, ServicePoint
from tsmon.load.capacity.doubts import (
    FEW_REQUESTS,
    Doubt,
    crowding,
    doubts_about,
    extrapolation,
    nearness,
)
from tsmon.load.capacity.queueing import queue_of
from tsmon.load.capacity.situation import Situation
from tsmon.torchserve.errors import InvalidArgument

P95 = 0.95
MOST_WORKERS = 64
"""Looked at where the machine's cores are not known."""
MOST_ASKED = 1000
"""No more workers are predicted for; it takes as long as there are workers."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is to hold, in milliseconds; without either, waits no longer than the service time.

    Raises:
        InvalidArgument: a target is not above 0, or there are two.
    """

    queue_ms: float | None = None
    """Mean queue time per request."""
    p95_ms: float | None = None
    """Queue and service time that 95 of 100 requests do not exceed."""

    def __post_init__(self) -> None:
        if self.queue_ms is not None and self.p95_ms is not None:
            raise InvalidArgument("one target at a time", "name the queue time or p95")
        for value in (self.queue_ms, self.p95_ms):
            if value is not None and not 0 < value < float("inf"):
                raise InvalidArgument(f"a target of {value:g} ms is out of range", "above 0")

    def met_by(self, prediction: Prediction) -> bool:
        """Whether it holds there."""
        if prediction.queue_ms is None or prediction.p95_ms is None:
            return False
        if self.p95_ms is not None:
            return prediction.p95_ms <= self.p95_ms
        return prediction.queue_ms <= (self.queue_ms or prediction.service_ms)

    def __str__(self) -> str:
        if self.p95_ms is not None:
            return f"95 of 100 requests are answered within {self.p95_ms:g} ms"
        if self.queue_ms is not None:
            return f"requests wait {self.queue_ms:g} ms on average at most"
        return "requests wait no longer on average than they are worked on"


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a number of workers would do; the three times are None where the queue only grows."""

    workers: int
    utilisation: float
    """Share of the workers that is busy; 1 and more where they cannot answer all requests."""
    service_ms: float
    queue_ms: float | None
    """Mean per request."""
    queue_p95_ms: float | None
    p95_ms: float | None
    """Of queue and service time together, as the server sees it."""
    memory_bytes: int | None
    """Of all the workers; None while unknown."""
    basis: Basis


class Confidence(StrEnum):
    """How far the advice can be trusted."""

    MEASURED = "measured"
    BETWEEN = "in between"
    EXTRAPOLATED = "extrapolated"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Advice:
    """How many workers."""

    situation: Situation
    target: Target
    rate: float | None
    """Requests per second it is for."""
    workers: int | None
    """None: it is not known, or no number will do; the reasons tell."""
    confidence: Confidence
    predictions: tuple[Prediction, ...]
    """From 1 worker on; empty where nothing can be predicted."""
    reasons: tuple[str, ...]
    doubts: tuple[Doubt, ...]
    curve: ServiceCurve | None = None
    """What the predictions rest on; None where nothing can be predicted."""

    def at(self, workers: int) -> Prediction | None:
        """What is predicted for a number of workers; None where nothing can be."""
        if self.curve is None or not self.rate or not 0 < workers <= MOST_ASKED:
            return None
        return predict(self.situation, self.curve, self.rate, workers)


def advise(
    situation: Situation,
    target: Target,
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
    target: Target,
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
    reasons = _reasons(situation, curve, rate, target, chosen, rows[ceiling - 1])
    likely = chosen.workers if chosen else ceiling
    further = list(extrapolation(curve, likely))
    if chosen:
        further += nearness(situation, curve, rate, likely)
        further += crowding(situation, curve, rate, likely)
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


def predict(situation: Situation, curve: ServiceCurve, rate: float, workers: int) -> Prediction:
    """What a number of workers would do at a rate."""
    times = curve.times(workers)
    scv = curve.scv(workers)
    queue = queue_of(rate, times, 1.0 if scv is None else scv, situation.arrivals_scv)
    floor = situation.floor_ms or 0.0
    return Prediction(
        workers,
        queue.utilisation if queue else rate / curve.capacity(workers),
        times[-1],
        queue.mean_wait_ms + floor if queue else None,
        queue.wait_quantile(P95) + floor if queue else None,
        queue.response_quantile(P95) + floor if queue else None,
        _memory(curve, workers),
        curve.basis(workers),
    )


def _curve(situation: Situation, measured: Sequence[ServicePoint]) -> ServiceCurve | None:
    """Experiments, and what is seen now, which counts for the present workers if it is enough."""
    seen = (situation.service,) if situation.service else ()
    enough = situation.answered >= FEW_REQUESTS
    points = (*measured, *seen) if enough else (*seen, *measured)
    return ServiceCurve(points, situation.cores, situation.demand) if points else None


def _most(situation: Situation, curve: ServiceCurve, up_to: int) -> int:
    """How many workers to look at: beyond twice the cores nothing gets better."""
    measured = max(point.workers for point in curve.points)
    most = max(2 * situation.cores, measured) if situation.cores else MOST_WORKERS
    if situation.waits_elsewhere:
        most = MOST_WORKERS
    return max(most, up_to)


def _memory(curve: ServiceCurve, workers: int) -> int | None:
    known = [point for point in curve.points if point.memory_bytes is not None]
    if not known:
        return None
    nearest = min(known, key=lambda point: abs(point.workers - workers))
    return (nearest.memory_bytes or 0) * workers


def _reasons(
    situation: Situation,
    curve: ServiceCurve,
    rate: float,
    target: Target,
    chosen: Prediction | None,
    last: Prediction,
) -> tuple[str, ...]:
    reasons = []
    if chosen is not None:
        before = chosen.workers - 1
        reasons.append(f"{_workers(chosen.workers)}: {_kept(chosen, target)}")
        if before:
            fewer = predict(situation, curve, rate, before)
            reasons.append(f"{_workers(before)}: {_missed(fewer, target)}")
    elif last.queue_ms is None:
        most = curve.capacity(last.workers)
        reasons.append(
            f"no number of workers answers {rate:.4g} requests/s here: {_workers(last.workers)} "
            f"answer {most:.4g}/s at most, and the queue would grow until requests are refused"
        )
    else:
        reasons.append(f"no number of workers will do; {_workers(last.workers)}, the most that "
                       f"help: {_missed(last, target)}")  # fmt: skip
    return (*reasons, *_about_cores(situation, curve))


def _about_cores(situation: Situation, curve: ServiceCurve) -> list[str]:
    cores = situation.cores
    if cores is None:
        return []
    if situation.waits_elsewhere:
        return [
            f"a busy worker uses {situation.demand:.0%} of a core: it waits for something else, "
            "so more workers than cores help"
        ]
    fitting = max(1, int(cores / situation.demand))
    have = f"{_many(cores, 'core')}, {_many(round(situation.demand), 'torch thread')} per worker"
    return [
        f"{have}: more than {_workers(fitting)} slow each other; at most "
        f"{curve.capacity(fitting):.4g} requests/s are answered by {_workers(fitting)}"
    ]


def _kept(row: Prediction, target: Target) -> str:
    number = f"p95 {row.p95_ms:.3g} ms" if target.p95_ms else f"queue {row.queue_ms:.3g} ms"
    return f"{row.utilisation:.0%} busy, {number}: {target}"


def _missed(row: Prediction, target: Target) -> str:
    if row.queue_ms is None or row.p95_ms is None:
        return f"{row.utilisation:.0%} of what can be answered, the queue would only grow"
    if target.p95_ms is not None:
        return f"{row.utilisation:.0%} busy, p95 {row.p95_ms:.3g} ms, above {target.p95_ms:g} ms"
    most = target.queue_ms or row.service_ms
    return f"{row.utilisation:.0%} busy, queue {row.queue_ms:.3g} ms, above {most:.3g} ms"


def _workers(number: int) -> str:
    return _many(number, "worker")


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
