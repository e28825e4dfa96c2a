"""From snapshots to readings: the rate of late, service times of each number of workers, advice."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tsmon.load.autoscale.decision import HEADROOM, Gap, Reading, Unknown
from tsmon.load.autoscale.measuring import Unchanged, steady_arrivals
from tsmon.load.capacity.advice import Advice, advise
from tsmon.load.capacity.doubts import FEW_REQUESTS
from tsmon.load.capacity.situation import MOSTLY_IDLE, Machine, Situation, situation_of
from tsmon.telemetry.health.judge_model import QUEUE_NEARLY_FULL
from tsmon.telemetry.logs.request_report import RequestPhase
from tsmon.telemetry.traffic import WINDOW_S, Missing, Usage, UsageOrMissing
from tsmon.units import duration, known, milliseconds, number, plural

if TYPE_CHECKING:
    from tsmon.load.capacity.curve import ServicePoint
    from tsmon.load.capacity.prediction import LatencyGoal
    from tsmon.telemetry.logs.request_report import RequestReport
    from tsmon.telemetry.snapshot import ModelKey, ModelStatus, Snapshot

RATE_S = 10.0
"""The rate is that of so many seconds, of more where fewer requests than `ENOUGH` came."""
ENOUGH = 100
"""Of so many random arrivals a rate is known to 10 %."""
LEAST_S = 5.0
"""A shorter look gives no rate."""
FULL = 503
"""What a request gets that finds the queue full; one whose handler raises gets it as well."""


class Watching:
    """What the ticks showed of one version."""

    def __init__(
        self, key: ModelKey, goal: LatencyGoal, measured: Sequence[ServicePoint] = ()
    ) -> None:
        """`measured` are service times of before, of experiments."""
        self._key = key
        self._goal = goal
        self._points = {point.workers: point for point in measured}
        self._seen: deque[Snapshot] = deque()
        self._unchanged = Unchanged()
        self._floor_ms: float | None = None
        """The least median of the queue time in a reading: of requests that did not wait."""

    def read(self, snapshot: Snapshot, machine: Machine | None) -> Reading:
        """What the next tick shows; `machine` is that of the workers, where it is this one."""
        status = snapshot.model(self._key)
        at = snapshot.at.monotonic
        unknown = _unknown(snapshot, status, self._key)
        if unknown is not None or status is None:
            self._seen.clear()
            self._unchanged = Unchanged()
            return Reading(at=at, workers=None, unknown=unknown)
        self._seen.append(snapshot)
        while self._seen[-1].at.since(self._seen[0].at) > WINDOW_S:
            self._seen.popleft()
        self._unchanged.observe(at, status)
        self._floor_ms = _least(self._floor_ms, _queue_p50(status))
        recent = self._recent()
        if recent is None:
            words = "its traffic has not been watched for long enough"
            return Reading(at=at, workers=status.ready, unknown=Unknown(Gap.SHORT, words))
        return self._weigh(at, status, recent, machine)

    def _weigh(
        self, at: float, status: ModelStatus, recent: Usage, machine: Machine | None
    ) -> Reading:
        rate = recent.per_second
        situation = self._situation(status, recent, machine)
        service = situation.service if situation else None
        reading = Reading(
            at=at,
            workers=status.ready,
            measured=max(self._points, default=0),
            met=situation is None or self._met(situation, status),
            rate=rate,
            service_ms=service.service_ms if service else None,
            queue_ms=situation.queue_ms if situation else None,
        )
        if rate == 0 or situation is None:
            words = f"no request came for {duration(self._watched_s)}"
            return replace(reading, need=1, roomy=1, why=words, why_roomy=words)
        measured = tuple(self._points.values())
        now = advise(situation, self._goal, rate=rate, measured=measured)
        if now.workers is None:
            why = now.reasons[0] if now.reasons else "the advice gives no number"
            return replace(reading, unknown=Unknown(Gap.ADVICE, why))
        roomy = advise(situation, self._goal, rate=rate * HEADROOM, measured=measured)
        return replace(
            reading,
            need=now.workers,
            roomy=roomy.workers,
            why=_why(now, reading),
            why_roomy=f"with {HEADROOM - 1:.0%} more than {_why(roomy, reading)}",
        )

    def _models(self, seconds: float = WINDOW_S) -> Iterator[ModelStatus]:
        """The model at the ticks of so long ago at most."""
        now = self._seen[-1].at
        for each in self._seen:
            found = each.model(self._key) if now.since(each.at) <= seconds else None
            if found is not None:
                yield found

    @property
    def _watched_s(self) -> float:
        return self._seen[-1].at.since(self._seen[0].at)

    def _recent(self) -> Usage | None:
        """The traffic of the last seconds; None where too little was seen."""
        total = Usage(0.0, 0.0, 0.0, 0.0, 0.0)
        counted: UsageOrMissing = Missing.NO_TRAFFIC
        for later, earlier in pairwise(reversed(self._seen)):
            status = later.model(self._key)
            interval = status.traffic.interval if status else Missing.NO_TRAFFIC
            if not isinstance(interval, Usage):  # no counters yet, as no request came
                total = replace(total, seconds=total.seconds + later.at.since(earlier.at))
            elif interval is not counted:  # a tick soon after another has the same
                total = replace(total + interval, seconds=total.seconds + interval.seconds)
                counted = interval
            if total.seconds >= RATE_S and total.arrived >= ENOUGH:
                break
        return total if total.seconds >= LEAST_S else None

    def _situation(
        self, status: ModelStatus, recent: Usage, machine: Machine | None
    ) -> Situation | None:
        """What the advice is asked about, by what holds for the present rate and workers.

        The minute that it looks at has in it the waits, rates and times of before a change.
        """
        found = situation_of(list(self._seen), self._key, machine)
        if found is None:
            return None
        floor_ms = None if found.floor_ms is None else self._floor_ms
        arrivals = steady_arrivals([each.traffic.interval for each in self._models()])
        found = replace(
            found,
            failed=_failed(status.requests, self._refused(status)),
            queue_ms=known(recent.queue_ms),
            floor_ms=floor_ms,
            arrivals=arrivals,
        )
        service = found.service
        if service is None or not found.from_logs or found.earlier:
            return found
        mean_ms = self._unchanged.mean_ms if found.batches.size == 1 else None
        if mean_ms is not None:
            service = replace(service, service_ms=mean_ms, throughput=recent.per_second)
            found = replace(found, service=service, worker_ms=mean_ms)
        elif self._unchanged.seconds < WINDOW_S or found.answered < FEW_REQUESTS:
            return found  # some of these times are of another number of workers
        self._points[service.workers] = service
        return found

    def _refused(self, status: ModelStatus) -> int:
        """How many of the last minute's requests found the queue full, if it was seen to be."""
        if status.requests is None or not any(map(_queue_is_full, self._models())):
            return 0
        return status.requests.minute_statuses.get(FULL, 0)

    def _met(self, situation: Situation, status: ModelStatus) -> bool:
        """Whether the target holds by what is measured; without a request it is not missed."""
        if any(map(_queue_is_full, self._models(RATE_S))):
            return False
        if self._goal.p95_ms is not None:
            total = status.percentiles(RequestPhase.INFERENCE)
            return total is None or total.p95 <= self._goal.p95_ms
        most = self._goal.queue_ms
        if most is None and situation.service is not None:
            most = situation.service.service_ms
        return situation.queue_ms is None or most is None or situation.queue_ms <= most


def _unknown(snapshot: Snapshot, status: ModelStatus | None, key: ModelKey) -> Unknown | None:
    """What is missing for a number; None where nothing is."""
    metrics = snapshot.metrics
    if snapshot.stale:
        problem = snapshot.server.problem
        return Unknown(Gap.SERVER, str(problem or f"the server is {snapshot.server.state}"))
    if status is None or status.gone:
        why = f": {status.gone}" if status and status.gone else ""
        return Unknown(Gap.GONE, f"{key} is not registered{why}")
    if not status.workers_known:
        return Unknown(Gap.WORKERS, f"its workers are not known: {status.evidence}")
    if metrics.problem is not None:
        return Unknown(Gap.METRICS, f"/metrics cannot be read: {metrics.problem}")
    interval = status.traffic.interval
    if isinstance(interval, Missing) and interval is not Missing.NO_TRAFFIC:
        gap = Gap.SHORT if interval is Missing.FIRST_SAMPLE else Gap.METRICS
        return Unknown(gap, f"the rate is not known: {interval}")
    if not metrics.reads_logs:
        why = metrics.log_problem or "no log files were found; name them with --logs"
        return Unknown(Gap.LOGS, f"service times are not known: {why}")
    ready, present, most = status.ready, len(status.workers), status.described.max_workers
    if ready != present or present < status.wanted or (most is not None and present > most):
        words = f"{ready} of {plural(status.wanted, 'worker')} ready"
        return Unknown(Gap.WORKERS, f"{words}: {status.evidence}")
    return None


def _queue_p50(status: ModelStatus) -> float | None:
    """The median of the queue time in the last reading, if its workers were mostly idle."""
    last = status.requests.last if status.requests else None
    found = last.profile.get(RequestPhase.QUEUE) if last else None
    if last is None or found is None or not status.ready:
        return None
    busy_ms = sum(share.busy_ms for share in last.workers.values())
    return found.p50 if busy_ms < MOSTLY_IDLE * status.ready * last.seconds * 1000 else None


def _least(one: float | None, other: float | None) -> float | None:
    known = [each for each in (one, other) if each is not None]
    return min(known, default=None)


def _failed(report: RequestReport | None, refused: int) -> float:
    """Share of the last minute's requests that failed but for a full queue, which workers cure."""
    statuses = report.minute_statuses if report else {}
    total = sum(statuses.values())
    failed = sum(n for code, n in statuses.items() if code >= 400) - refused
    return failed / total if total else 0.0


def _queue_is_full(status: ModelStatus) -> bool:
    queue = status.described.queue
    return queue is not None and queue.pending >= QUEUE_NEARLY_FULL * max(queue.capacity, 1)


def _why(advice: Advice, reading: Reading) -> str:
    """The figures, and why it is that number and not fewer."""
    times = f"{milliseconds(reading.service_ms)} service time"
    if reading.queue_ms is not None:
        times += f", {milliseconds(reading.queue_ms)} queue time"
    reasons = advice.reasons[: 1 if advice.workers in {None, 1} else 2]
    return "; ".join((f"{number(reading.rate)} requests/s, {times}", *reasons))
