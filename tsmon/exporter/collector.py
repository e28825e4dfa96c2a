"""Makes Prometheus' samples of the last look, at each scrape."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

import tsmon
from tsmon.exporter import metrics
from tsmon.exporter.totals import NO_MODEL, Totals
from tsmon.telemetry.health.verdicts import ModelHealth, WorkerHealth
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.logs.request_report import RequestPhase
from tsmon.telemetry.logs.request_tally import BUCKETS_S, TimeCounts
from tsmon.telemetry.snapshot import ModelKey, ServerState
from tsmon.telemetry.staleness import as_of

if TYPE_CHECKING:
    from prometheus_client.core import Metric as Family

    from tsmon.exporter.metrics import Metric
    from tsmon.telemetry.logs.request_tally import Tallied
    from tsmon.telemetry.snapshot import ModelStatus, Snapshot, WorkerStatus

PHASES = {
    RequestPhase.TOTAL: metrics.DURATION,
    RequestPhase.QUEUE: metrics.QUEUE,
    RequestPhase.BACKEND: metrics.BACKEND,
    RequestPhase.HANDLER: metrics.HANDLER,
}
_EDGES = (*map(floatToGoString, BUCKETS_S), "+Inf")
_OK = 200


class Look(Struct, frozen=True):
    """What is known after one look at the server."""

    snapshot: Snapshot
    patience_s: float
    """How old its answer may be before it is no longer the state of the server."""
    totals: Totals = Totals()
    took_s: float | None = None
    logs_read: Instant | None = None
    """When the log files were read the last time; None where they never were."""


class ServerCollector(Collector):
    """Gives the samples of whatever look is the last one. Called from the threads of scrapes."""

    def __init__(self, look: Callable[[], Look]) -> None:
        self._look = look

    def collect(self) -> Iterator[Family]:
        """Every metric, those without a sample as well."""
        look, now, samples = self._look(), Instant.now(), _Samples()
        snapshot = as_of(look.snapshot, now, look.patience_s)
        samples.add(metrics.BUILD, [tsmon.__version__], 1)
        _add_server(samples, snapshot)
        _add_look(samples, look, now)
        _add_totals(samples, look.totals)
        if not snapshot.stale:
            for model in snapshot.models:
                if not model.gone:
                    _add_model(samples, model)
        yield from samples.families


class _Samples:
    """The families that are being filled."""

    def __init__(self) -> None:
        self._families: dict[Metric, Any] = {each: each.family() for each in metrics.METRICS}

    @property
    def families(self) -> Iterable[Family]:
        return self._families.values()

    def add(self, metric: Metric, labels: Iterable[str], value: float | None) -> None:
        """One sample; none where the value is not known."""
        if value is not None:
            self._families[metric].add_metric([*map(_label, labels)], value)

    def add_states(
        self, metric: Metric, labels: tuple[str, ...], known: Iterable[StrEnum], now: StrEnum
    ) -> None:
        """A sample for each state there is, 1 for that of now."""
        for state in known:
            self.add(metric, (*labels, label_of(state)), state is now)

    def add_times(self, metric: Metric, key: ModelKey, times: TimeCounts, per_ms: int) -> None:
        """The samples of a histogram."""
        buckets = list(zip(_EDGES, times.cumulative, strict=True))
        seconds = times.units / per_ms / 1000
        self._families[metric].add_metric([*map(_label, key)], buckets, seconds)


def label_of(state: StrEnum) -> str:
    """A state as the value of a label."""
    return state.value.lower().replace(" ", "_").replace("-", "_")


def _label(text: str) -> str:
    """It as UTF-8: JSON may have halves of characters, which no exposition can."""
    return text.encode(errors="backslashreplace").decode()


def _add_server(samples: _Samples, snapshot: Snapshot) -> None:
    server = snapshot.server
    if server.state is not ServerState.CONNECTING:
        samples.add(metrics.SERVER_UP, (), server.state is ServerState.UP)
    samples.add_states(metrics.SERVER_STATE, (), ServerState, server.state)
    if server.version:
        samples.add(metrics.SERVER, (server.label, server.version), 1)
    samples.add(metrics.SERVER_RESTARTS, (), server.lives)
    for kind, ends in snapshot.token_ends.items():
        remaining = (ends - Instant.now().wall).total_seconds()
        samples.add(metrics.TOKEN, (kind.value.lower(),), remaining)


def _add_look(samples: _Samples, look: Look, now: Instant) -> None:
    server, scrape = look.snapshot.server, look.snapshot.metrics
    parts = {"models": server.last_answer, "metrics": scrape.last_scrape, "logs": look.logs_read}
    for part, at in parts.items():
        samples.add(metrics.LOOK_AGE, (part,), None if at is None else now.since(at))
    samples.add(metrics.LOOK_DURATION, (), look.took_s)
    if server.state is not ServerState.CONNECTING:
        samples.add(metrics.LOGS_READABLE, (), scrape.reads_logs)


def _add_totals(samples: _Samples, totals: Totals) -> None:
    for key, tallied in totals.requests.items():
        _add_requests(samples, key, tallied)
    for key, restarts in totals.restarts.items():
        samples.add(metrics.WORKER_RESTARTS, key, restarts)
    for key, causes in totals.deaths.items():
        for cause, deaths in causes.items():
            samples.add(metrics.WORKER_DEATHS, (*key, label_of(cause)), deaths)


def _add_requests(samples: _Samples, key: ModelKey, tallied: Tallied) -> None:
    statuses = dict(tallied.statuses)
    if key != NO_MODEL:
        statuses.setdefault(_OK, 0)
        for phase, metric in PHASES.items():
            samples.add_times(metric, key, tallied.times[phase], phase.per_ms)
    for status, count in sorted(statuses.items()):
        samples.add(metrics.REQUESTS, (*key, str(status)), count)


def _add_model(samples: _Samples, model: ModelStatus) -> None:
    key, described = model.key, model.described
    samples.add_states(metrics.VERDICT, key, ModelHealth, model.verdict.health)
    if not model.workers_known:
        return
    states = Counter(worker.verdict.health for worker in model.workers)
    for health in WorkerHealth:
        samples.add(metrics.WORKERS, (*key, label_of(health)), states[health])
    if "minWorkers" not in described.unread:
        samples.add(metrics.MIN_WORKERS, key, described.min_workers)
    samples.add(metrics.MAX_WORKERS, key, described.max_workers)
    if described.queue is not None:
        samples.add(metrics.QUEUE_LENGTH, key, described.queue.pending)
        samples.add(metrics.QUEUE_CAPACITY, key, described.queue.capacity)
    for worker in {each.worker.id: each for each in model.workers}.values():
        _add_worker(samples, key, worker)


def _add_worker(samples: _Samples, key: ModelKey, worker: WorkerStatus) -> None:
    labels = (*key, worker.worker.id)
    samples.add(metrics.WORKER_MEMORY, labels, worker.memory_bytes)
    if worker.process is not None:
        samples.add(metrics.WORKER_CPU, labels, worker.process.cpu_seconds)
