"""Why a number of workers is advised, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from tsmon.load.capacity.batching import BatchRule
from tsmon.load.capacity.prediction import Forecast, LatencyGoal, predict
from tsmon.units import milliseconds, number, per_second, percent, plural

if TYPE_CHECKING:
    from tsmon.load.capacity.curve import ServiceCurve
    from tsmon.load.capacity.situation import Situation

LEAST_DELAY_MS = 1.0
"""TorchServe takes whole milliseconds."""


def reasons_for(
    situation: Situation,
    curve: ServiceCurve,
    rate: float,
    target: LatencyGoal,
    chosen: Forecast | None,
    last: Forecast,
) -> tuple[str, ...]:
    """Why this number of workers and not fewer; or why none."""
    reasons = []
    if chosen is not None:
        before = chosen.workers - 1
        reasons.append(f"{_workers(chosen.workers)}: {_kept(chosen, target)}")
        if before:
            fewer = predict(situation, curve, rate, before)
            reasons.append(f"{_workers(before)}: {_missed(fewer, target)}")
    elif last.grows:
        most = curve.capacity(last.workers)
        reasons.append(
            f"no worker count can answer {number(rate)} requests/s here: "
            f"{_workers(last.workers)} answer {per_second(most)} at most, and the queue would grow "
            "until requests are refused"
        )
    else:
        most_useful = f"{_workers(last.workers)}, the most that still help"
        reasons.append(f"no worker count meets the target; {most_useful}: {_missed(last, target)}")
    return (
        *reasons,
        *_about_cores(situation, curve),
        *_about_batches(situation, curve, rate),
    )


def _about_cores(situation: Situation, curve: ServiceCurve) -> list[str]:
    cores = situation.cores
    if cores is None:
        return []
    if situation.waits_elsewhere:
        return [
            f"a busy worker uses {percent(situation.demand)} of a core: it mostly waits for "
            "something other than a core, so more workers than cores help"
        ]
    fitting = max(1, int(cores / situation.demand))
    have = f"{plural(cores, 'core')}, {plural(round(situation.demand), 'torch thread')} per worker"
    return [
        f"{have}: more than {_workers(fitting)} slow each other down; at most "
        f"{number(curve.capacity(fitting))} requests/s can be answered by {_workers(fitting)}"
    ]


def _about_batches(situation: Situation, curve: ServiceCurve, rate: float) -> list[str]:
    """What a delay would change for the workers that are there; more of them are the other way."""
    rule = situation.batches
    if rule.taken == rule.size:
        return []
    said = (
        f"a batch delay of 0 ms: TorchServe then hands a worker at most {rule.taken} requests at "
        "once, "
        f"and up to {rule.size} with 1 ms or more"
    )
    workers = situation.workers
    if curve.largest_batch == 1 or not workers:
        return [said]
    waiting = BatchRule(rule.size, LEAST_DELAY_MS)
    delayed = replace(curve, batches=waiting)
    said += (
        f"; {_workers(workers)} would then answer {per_second(delayed.capacity(workers))} at most, "
        f"not {per_second(curve.capacity(workers))}"
    )
    now = predict(situation, curve, rate, workers)
    then = predict(replace(situation, batches=waiting), delayed, rate, workers)
    if then.p95_ms is None or now.unknown:
        return [said]
    pays = now.p95_ms is None or then.p95_ms < now.p95_ms
    was = "" if now.p95_ms is None else f", not {milliseconds(now.p95_ms)}"
    said += f", and p95 at {per_second(rate)} would be {milliseconds(then.p95_ms)}{was}"
    return [f"{said}: it {'pays' if pays else 'does not pay'}"]


def _kept(row: Forecast, target: LatencyGoal) -> str:
    number = (
        f"p95 {milliseconds(row.p95_ms)}"
        if target.p95_ms
        else f"queue {milliseconds(row.queue_ms)}"
    )
    return f"{percent(row.utilisation)} busy, {number}: {target}"


def _missed(row: Forecast, target: LatencyGoal) -> str:
    if row.unknown:
        return f"not known: {row.unknown}"
    if row.queue_ms is None or row.p95_ms is None:
        return f"{percent(row.utilisation)} of capacity, the queue would keep growing"
    if target.p95_ms is not None:
        took, most = f"p95 {milliseconds(row.p95_ms)}", f"{target.p95_ms:g} ms"
    else:
        took, most = f"queue {milliseconds(row.queue_ms)}", milliseconds(row.service_ms)
        most = f"{target.queue_ms:g} ms" if target.queue_ms else most
    return f"{percent(row.utilisation)} busy, {took}, above {most}"


def _workers(number: int) -> str:
    return plural(number, "worker")
