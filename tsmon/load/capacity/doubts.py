"""What the advice does not know, said plainly."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.load.capacity.bulk_service import MOST_TAKEN
from tsmon.load.capacity.curve import Basis, ServiceCurve
from tsmon.load.capacity.limits import core_share
from tsmon.units import milliseconds
from tsmon.untrusted.shell import shell_word

if TYPE_CHECKING:
    from tsmon.load.capacity.situation import Situation

MANY_FAILURES = 0.05
"""Above this share of failed requests nothing is predicted."""
FEW_REQUESTS = 100.0
SATURATED = 0.95
"""Workers that are busy this much may hold back what their clients would send."""
MISFIT = 2.0
"""The model does not fit where it is off by this factor, and by `MISFIT_MS`."""
MISFIT_MS = 1.0

NEAR_LIMIT = 0.8
"""From this utilisation on a small error of the service time makes a large one of the wait."""
SLOWER = 1.1
CROWDED = 0.5
"""From this share of the cores on, measured waits were several times the predicted ones."""
_HOW_TO_KNOW = "the server's logs show it once some batches had several requests"


class DoubtKind(StrEnum):
    """Not known; also the word for it in JSON."""

    NO_WORKERS = "no workers"
    NO_TRAFFIC = "no traffic"
    NO_SERVICE_TIME = "no service time"
    BATCHES = "batches"
    LARGER_BATCHES = "larger batches"
    FAILURES = "failures"
    SATURATED = "saturated"
    BURSTS = "bursts"
    VARIABILITY = "variability"
    FEW = "few requests"
    EARLIER = "earlier requests"
    CORES = "cores"
    CHANGED = "workers changed"
    MISFIT = "misfit"
    EXTRAPOLATED = "extrapolated"
    NEAR_LIMIT = "near the limit"
    CROWDED = "crowded cores"


class Doubt(Struct, frozen=True):
    """One thing that is not known."""

    kind: DoubtKind
    words: str
    stops: bool = False
    """Without it nothing can be predicted."""


def doubts_about(
    situation: Situation, curve: ServiceCurve | None, *, asked: bool
) -> tuple[Doubt, ...]:
    """Everything that is not known; `asked` where the rate is not the one that was seen."""
    stopping = tuple(_stopping(situation, curve, asked=asked))
    if stopping or curve is None:
        return stopping
    return tuple(_weakening(situation, curve, asked=asked))


def _stopping(situation: Situation, curve: ServiceCurve | None, *, asked: bool) -> Iterator[Doubt]:
    yield from _stopping_batches(situation, curve)
    if situation.failed >= MANY_FAILURES:
        yield Doubt(
            DoubtKind.FAILURES,
            f"{situation.failed:.0%} of the requests fail: their times are not in the counters; "
            "fix that first (`tsmon doctor`, `tsmon events`)",
            stops=True,
        )
    if not asked and not situation.rate:
        before = f", though {situation.earlier} were answered" if situation.earlier else ""
        name = shell_word(situation.key.name)
        yield Doubt(
            DoubtKind.NO_TRAFFIC,
            f"no traffic was seen ({situation.why_no_rate or 'no requests'}){before}: send some "
            f"with `tsmon load {name}`, or ask for a rate with `tsmon advise {name} --rate N`",
            stops=True,
        )
    if curve is None and not situation.workers:
        yield Doubt(
            DoubtKind.NO_WORKERS,
            f"no worker is ready, so no service time can be measured: `tsmon scale "
            f"{shell_word(situation.key.name)} 1` starts one",
            stops=True,
        )
    elif curve is None:
        yield Doubt(
            DoubtKind.NO_SERVICE_TIME,
            "the service time is not known, as no request was answered: send some with `tsmon "
            f"load {shell_word(situation.key.name)}`",
            stops=True,
        )


def _stopping_batches(situation: Situation, curve: ServiceCurve | None) -> Iterator[Doubt]:
    rule = situation.batches
    if rule.taken > MOST_TAKEN:
        yield Doubt(
            DoubtKind.BATCHES,
            f"batches of {rule.size} are not modelled, only those of up to {MOST_TAKEN}",
            stops=True,
        )
    elif curve is not None and rule.filling_ms and not _knows_batches(curve):
        yield Doubt(
            DoubtKind.BATCHES,
            f"a worker waits {rule.filling_ms:g} ms for up to {rule.size} requests, and the time "
            f"of a batch is not known: {_HOW_TO_KNOW}",
            stops=True,
        )


def _weakening_batches(situation: Situation, curve: ServiceCurve) -> Iterator[Doubt]:
    taken = situation.batches.taken
    if taken > 1 and not _knows_batches(curve):
        yield Doubt(
            DoubtKind.BATCHES,
            f"up to {taken} requests are taken at once, and the time of a batch is not known "
            f"({_HOW_TO_KNOW}): the numbers assume one request at a time, which is too high if "
            "each "
            "further request of a batch takes less than 70% of the first one's time",
        )
    elif taken > curve.largest_batch:
        yield Doubt(
            DoubtKind.LARGER_BATCHES,
            f"batches of more than {curve.largest_batch} requests were not measured: those of up "
            f"to {taken} are assumed to take the same extra time for each further request",
        )


def _knows_batches(curve: ServiceCurve) -> bool:
    return any(point.more_ms is not None for point in curve.points)


def _weakening(situation: Situation, curve: ServiceCurve, *, asked: bool) -> Iterator[Doubt]:
    service = situation.service
    if service is not None and not asked:
        busy = (service.throughput or 0.0) * (situation.worker_ms or 0.0) / 1000 / service.workers
        if busy >= SATURATED:
            yield Doubt(
                DoubtKind.SATURATED,
                "the workers are always busy, so clients may want more than was observed: treat "
                "the rate as a lower bound",
            )
    yield from _weakening_batches(situation, curve)
    arrivals = situation.arrivals
    if arrivals is not None and arrivals.bursty:
        yield Doubt(
            DoubtKind.BURSTS,
            f"arrivals are bursty (index of dispersion {arrivals.dispersion:.2g}, Poisson "
            "arrivals have 1): waits are scaled up for it, which is a rough estimate",
        )
    if curve.scv(1) is None:
        yield Doubt(
            DoubtKind.VARIABILITY,
            "the variance of service times is not known without the server's logs: they are "
            "assumed exponential, which tends to overstate waits",
        )
    if service is not None and situation.answered < FEW_REQUESTS:
        yield Doubt(
            DoubtKind.FEW, f"the service time rests on {situation.answered:.0f} requests alone"
        )
    if situation.earlier:
        yield Doubt(
            DoubtKind.EARLIER,
            f"no request came while the traffic was observed: the figures are those of "
            f"{situation.earlier}",
        )
    if situation.cores is None:
        yield Doubt(
            DoubtKind.CORES,
            "the server's CPU cores are not known, as none of its workers is on this machine: more "
            "workers than cores are slower, which these numbers do not include",
        )
    if situation.workers_changed:
        yield Doubt(DoubtKind.CHANGED, "the worker count changed during the measurement")
    yield from _misfit(situation, curve)


def _misfit(situation: Situation, curve: ServiceCurve) -> Iterator[Doubt]:
    """Hold the model to the queue time that was measured with the present workers."""
    if situation.queue_ms is None or not situation.rate or not situation.workers:
        return
    queue = curve.queue(situation.rate, situation.workers, situation.arrivals_scv)
    if queue is None:
        return
    expected = queue.mean_wait_ms + queue.filling_ms + (situation.floor_ms or 0.0)
    off = abs(expected - situation.queue_ms)
    low, high = sorted((expected, situation.queue_ms))
    if off >= MISFIT_MS and high >= MISFIT * low:
        yield Doubt(
            DoubtKind.MISFIT,
            f"the model does not fit the current traffic: it predicts {milliseconds(expected)} "
            f"queue time, measured are {milliseconds(situation.queue_ms)}",
        )


def extrapolation(curve: ServiceCurve, workers: int) -> Iterator[Doubt]:
    """What is taken for granted where nothing near that number of workers was measured."""
    if curve.basis(workers) is Basis.EXTRAPOLATED:
        yield Doubt(
            DoubtKind.EXTRAPOLATED,
            f"how long a request takes with {workers} busy was not measured: it is extrapolated, "
            "without the CPU that server and clients themselves use",
        )


def nearness(
    situation: Situation, curve: ServiceCurve, rate: float, workers: int
) -> Iterator[Doubt]:
    """How much hangs on the service time where that number of workers has little to spare."""
    if rate < NEAR_LIMIT * curve.capacity(workers):
        return
    queue = curve.queue(rate, workers, situation.arrivals_scv, slower=SLOWER)
    then = "would keep growing"
    if queue is not None:
        longer = queue.mean_wait_ms + queue.filling_ms + (situation.floor_ms or 0.0)
        then = f"would be {milliseconds(longer)}"
    yield Doubt(
        DoubtKind.NEAR_LIMIT,
        f"{workers} busy leave little headroom: if requests took {SLOWER - 1:.0%} longer, "
        f"the queue {then}",
    )


def crowding(
    situation: Situation, curve: ServiceCurve, rate: float, workers: int
) -> Iterator[Doubt]:
    """What the model leaves out where the workers keep many of the cores busy."""
    share = core_share(situation, curve.queue(rate, workers))
    if share is not None and share >= CROWDED:
        yield Doubt(
            DoubtKind.CROWDED,
            f"the workers alone keep {min(share, 1.0):.0%} of the cores busy: the server, clients "
            "and other processes on this machine add to that, and waits may be several times these",
        )
