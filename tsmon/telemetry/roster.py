"""Joins descriptions with the traffic of their series; remembers what a single answer forgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tsmon.telemetry.gpus import gpu_now, published_gpus
from tsmon.telemetry.health.server_signs import ServerSigns, lacking
from tsmon.telemetry.health.verdicts import (
    ModelHealth,
    ModelVerdict,
    WorkerHealth,
    WorkerVerdict,
)
from tsmon.telemetry.health.watch import Answers, HealthWatch
from tsmon.telemetry.scrape import DEFAULT_VERSION_LABEL, SeriesKey
from tsmon.telemetry.snapshot import Gone, ModelKey, ModelStatus, WorkerStatus
from tsmon.telemetry.traffic import Missing, Traffic, Usage
from tsmon.telemetry.unregistered import UnregisteredModels
from tsmon.torchserve.errors import TorchServeError

if TYPE_CHECKING:
    from tsmon.telemetry.logs.request_report import RequestReport
    from tsmon.telemetry.source import Description, Observation
    from tsmon.torchserve.gpu import GpuUse
    from tsmon.torchserve.records import ModelVersion, Worker

QUIET = Usage(seconds=0.0, arrived=0.0, counted=0.0, inference_us=0.0, queue_us=0.0)
NO_REQUESTS = Traffic(QUIET, QUIET, QUIET, QUIET)
WORKERS_NOT_EXPORTED = "metrics do not show whether workers are alive"


class Roster:
    """The models of one server from tick to tick."""

    def __init__(self) -> None:
        self._by_key: dict[ModelKey, ModelStatus] = {}
        """The models of the last tick, in their order."""
        self._health = HealthWatch()
        self._leftovers = UnregisteredModels()
        self._expected_to_go: set[ModelKey] = set()

    @property
    def models(self) -> tuple[ModelStatus, ...]:
        """The models of the last tick, by name, then version."""
        return tuple(self._by_key.values())

    def update(
        self,
        observation: Observation,
        descriptions: Sequence[Description],
        traffic: Mapping[SeriesKey, Traffic] | Missing,
        *,
        outage: bool,
    ) -> tuple[ModelStatus, ...]:
        """Take what the server said at this tick.

        After an outage, models that are missing stay in the roster as gone: no one removed them,
        the server forgot them. Otherwise a missing model was unregistered; it stays as gone as long
        as its series do.
        """
        present = self._unregistered(descriptions, traffic)
        present |= self._statuses(observation, descriptions, traffic)
        unversioned = {key.name for key in present if not key.version}
        for key in self._by_key.keys() - present.keys() - self._expected_to_go:
            model = self._by_key[key]
            if key.name not in unversioned and (model.gone is Gone.FORGOTTEN or outage):
                present[key] = _forgotten(model)
        self._expected_to_go &= present.keys()
        self._by_key = {key: present[key] for key in sorted(present)}
        return self.models

    def _unregistered(
        self, descriptions: Sequence[Description], traffic: Mapping[SeriesKey, Traffic] | Missing
    ) -> dict[ModelKey, ModelStatus]:
        """The versions whose series are left; those of the tick before when there is no scrape."""
        if not isinstance(traffic, Missing):
            return self._leftovers.find(descriptions, traffic)
        return {k: model for k, model in self._by_key.items() if model.gone is Gone.UNREGISTERED}

    def without_traffic(self, why: Missing) -> tuple[ModelStatus, ...]:
        """The models as they were, for a tick at which the server did not say anything of them."""
        self._by_key = {
            key: replace(model, traffic=replace(model.traffic, interval=why))
            for key, model in self._by_key.items()
        }
        return self.models

    def dismiss(self, key: ModelKey) -> None:
        """Do not keep this version when it goes: it is removed on purpose."""
        self._expected_to_go.add(key)
        self._leftovers.dismiss(key)
        if key in self._by_key and self._by_key[key].gone:
            del self._by_key[key]

    def _statuses(
        self,
        observation: Observation,
        descriptions: Sequence[Description],
        traffic: Mapping[SeriesKey, Traffic] | Missing,
    ) -> dict[ModelKey, ModelStatus]:
        costs = [self._cost(entry, traffic) for entry in descriptions]
        verdicts = self._health.judge(
            observation.at,
            [entry.model for entry in descriptions if entry.is_judged],
            answers=_answers(observation, descriptions, costs),
            worker_states=observation.worker_states,
            searching=observation.searching,
            ended={pid for pid, usage in observation.processes.items() if usage.ended},
            unregistering={(key.name, key.version) for key in self._expected_to_go},
            signs=ServerSigns(
                observation.facts.version if observation.facts else "",
                observation.ping,
                lacking(descriptions),
            ),
        )
        found = {}
        for entry, cost in zip(descriptions, costs, strict=True):
            key, verdict = key_of(entry), _verdict(entry, verdicts)
            found[key] = status_of(observation, entry, cost, verdict, self._by_key.get(key))
        return found

    def _cost(self, entry: Description, traffic: Mapping[SeriesKey, Traffic] | Missing) -> Traffic:
        """The traffic of a version; a scrape that failed costs it the interval, not its windows."""
        if not isinstance(traffic, Missing):
            return traffic_of(entry, traffic)
        known = self._by_key.get(key_of(entry))
        return replace(known.traffic, interval=traffic) if known else Traffic.missing(traffic)


def _answers(
    observation: Observation, descriptions: Sequence[Description], costs: Sequence[Traffic]
) -> dict[tuple[str, str], Answers]:
    """What is known of answers, where a verdict looks at them."""
    found: dict[tuple[str, str], Answers] = {}
    for entry, cost in zip(descriptions, costs, strict=True):
        report = observation.reports.get(key_of(entry)) if observation.reports else None
        queue = entry.model.queue
        if report is not None or (queue is not None and queue.pending):
            found[key_of(entry)] = answers_of(cost, report)
    return found


def _verdict(entry: Description, verdicts: Mapping[tuple[str, str], ModelVerdict]) -> ModelVerdict:
    if entry.is_judged:
        return verdicts[entry.model.name, entry.model.version]
    if entry.only_metrics:
        return not_judged(entry, WORKERS_NOT_EXPORTED)
    return not_judged(entry, entry.problem, ModelHealth.UNREAD)


def not_judged(
    entry: Description, why: str, health: ModelHealth = ModelHealth.UNKNOWN
) -> ModelVerdict:
    """The verdict where there is none."""
    unknown = WorkerVerdict(WorkerHealth.UNKNOWN, why)
    return ModelVerdict(health, why, tuple((worker.id, unknown) for worker in entry.model.workers))


def key_of(entry: Description) -> ModelKey:
    """What identifies a version from tick to tick."""
    return ModelKey(entry.model.name, entry.model.version)


def answers_of(traffic: Traffic, report: RequestReport | None = None) -> Answers:
    """What the counters show: they count an answer when it is given, if it is a good one.

    What failed, only the log files show, in a `report`.
    """
    interval, window = traffic.interval, traffic.window
    finished = interval.inference_us > 0 if isinstance(interval, Usage) else None
    usual = window.inference_ms if isinstance(window, Usage) else None
    statuses = report.minute_statuses if report else {}
    return Answers(finished, usual if isinstance(usual, float) else None, statuses)


def status_of(
    observation: Observation,
    entry: Description,
    traffic: Traffic,
    verdict: ModelVerdict,
    before: ModelStatus | None = None,
) -> ModelStatus:
    """A version as an observation shows it."""
    key = key_of(entry)
    return ModelStatus(
        entry.model,
        entry.is_default,
        traffic,
        _workers(observation, entry.model, verdict, before),
        verdict,
        requests=observation.reports.get(key),
        cause=observation.causes.get(key),
        problem=entry.problem,
    )


def _workers(
    observation: Observation,
    model: ModelVersion,
    verdict: ModelVerdict,
    before: ModelStatus | None,
) -> tuple[WorkerStatus, ...]:
    """The workers; those of the tick before where nothing of them changed."""
    processes = observation.processes
    if (
        before is not None
        and before.described is model
        and before.verdict is verdict
        and all(processes.get(each.worker.pid or 0) == each.process for each in before.workers)
        and not any(worker.gpu for worker in model.workers)
    ):
        return before.workers
    return tuple(
        WorkerStatus(
            worker, of_worker, processes.get(worker.pid or 0), _gpu_of(observation, worker)
        )
        for worker, (_, of_worker) in zip(model.workers, verdict.workers, strict=True)
    )


def _gpu_of(observation: Observation, worker: Worker) -> GpuUse | None:
    """The GPU of a worker; describe knows which, `nvidia-smi` and the gauges know it later."""
    if worker.gpu_use is None:
        return None
    scrape = observation.scrape
    gauges = {} if isinstance(scrape, TorchServeError) else published_gpus(scrape.published)
    return gpu_now(worker.gpu_use, observation.gpus, gauges)


def _forgotten(model: ModelStatus) -> ModelStatus:
    traffic = Traffic.missing(Missing.RESTARTED)
    return replace(model, gone=Gone.FORGOTTEN, workers=(), requests=None, traffic=traffic)


def traffic_of(entry: Description, traffic: Mapping[SeriesKey, Traffic]) -> Traffic:
    """The traffic of a version: requests that named it, and for the default one those without.

    Of a model whose versions are not known it is that of all of them.
    """
    if not entry.model.version:
        keys = [key for key in traffic if key.model == entry.model.name]
        parts = [traffic[key] for key in keys]
        return Traffic.sum(parts) if parts else NO_REQUESTS
    keys = [SeriesKey(entry.model.name, entry.model.version)]
    if entry.is_default:
        keys.append(SeriesKey(entry.model.name, DEFAULT_VERSION_LABEL))
    parts = [traffic[key] for key in keys if key in traffic]
    return Traffic.sum(parts) if parts else NO_REQUESTS
