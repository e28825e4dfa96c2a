"""Joins descriptions with the traffic of their series; remembers what a single answer forgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from tsmon.telemetry.logs.request_report import RequestReport
    from tsmon.telemetry.source import Description, Observation

QUIET = Usage(seconds=0.0, arrived=0.0, counted=0.0, inference_us=0.0, queue_us=0.0)
NOT_EXPORTED = "metrics do not tell whether workers live"


class Roster:
    """The models of one server from tick to tick."""

    def __init__(self) -> None:
        self.models: tuple[ModelStatus, ...] = ()
        self._health = HealthWatch()
        self._leftovers = UnregisteredModels()
        self._expected_to_go: set[ModelKey] = set()

    def update(
        self,
        observation: Observation,
        descriptions: Sequence[Description],
        traffic: Mapping[SeriesKey, Traffic] | Missing,
        *,
        outage: bool,
    ) -> tuple[ModelStatus, ...]:
        """Take what the server said at this tick.

        After an outage, models that are missing stay in the roster as gone: nobody removed them,
        the server forgot them. Otherwise a missing model was unregistered; it stays as gone as long
        as its series do.
        """
        present = self._statuses(observation, descriptions, traffic)
        present += self._unregistered(descriptions, traffic)
        keys = {model.key for model in present}
        unversioned = {key.name for key in keys if not key.version}
        lost = [
            _forgotten(model)
            for model in self.models
            if model.key not in keys
            and model.key.name not in unversioned
            and (model.gone is Gone.FORGOTTEN or outage)
        ]
        kept = [model for model in lost if model.key not in self._expected_to_go]
        self._expected_to_go &= keys
        self.models = tuple(sorted([*present, *kept], key=_order))
        return self.models

    def _unregistered(
        self, descriptions: Sequence[Description], traffic: Mapping[SeriesKey, Traffic] | Missing
    ) -> list[ModelStatus]:
        """The versions whose series are left; those of the tick before when there is no scrape."""
        if not isinstance(traffic, Missing):
            return self._leftovers.find(descriptions, traffic)
        registered = {ModelKey(entry.model.name, entry.model.version) for entry in descriptions}
        left = [model for model in self.models if model.gone is Gone.UNREGISTERED]
        return [model for model in left if model.key not in registered]

    def without_traffic(self, why: Missing) -> tuple[ModelStatus, ...]:
        """The models as they were, for a tick at which the server did not say anything of them."""
        self.models = tuple(
            replace(model, traffic=replace(model.traffic, interval=why)) for model in self.models
        )
        return self.models

    def dismiss(self, key: ModelKey) -> None:
        """Do not keep this version when it goes: somebody removes it on purpose."""
        self._expected_to_go.add(key)
        self._leftovers.dismiss(key)
        self.models = tuple(model for model in self.models if not (model.gone and model.key == key))

    def _statuses(
        self,
        observation: Observation,
        descriptions: Sequence[Description],
        traffic: Mapping[SeriesKey, Traffic] | Missing,
    ) -> list[ModelStatus]:
        costs = [self._cost(entry, traffic) for entry in descriptions]
        verdicts = self._health.judge(
            observation.at,
            [entry.model for entry in descriptions if entry.is_judged],
            answers={
                (entry.model.name, entry.model.version): answers_of(
                    cost, observation.reports.get(ModelKey(entry.model.name, entry.model.version))
                )
                for entry, cost in zip(descriptions, costs, strict=True)
            },
            worker_states=observation.worker_states,
            ended={pid for pid, usage in observation.processes.items() if usage.ended},
            unregistering={(key.name, key.version) for key in self._expected_to_go},
        )
        return [
            _status(observation, entry, cost, _verdict(entry, verdicts))
            for entry, cost in zip(descriptions, costs, strict=True)
        ]

    def _cost(self, entry: Description, traffic: Mapping[SeriesKey, Traffic] | Missing) -> Traffic:
        """The traffic of a version; a scrape that failed costs it the interval, not its windows."""
        if not isinstance(traffic, Missing):
            return _traffic(entry, traffic)
        key = ModelKey(entry.model.name, entry.model.version)
        known = next((model.traffic for model in self.models if model.key == key), None)
        return replace(known, interval=traffic) if known else Traffic.missing(traffic)


def _verdict(entry: Description, verdicts: Mapping[tuple[str, str], ModelVerdict]) -> ModelVerdict:
    if entry.is_judged:
        return verdicts[entry.model.name, entry.model.version]
    health, why = ModelHealth.UNKNOWN, NOT_EXPORTED
    if not entry.only_metrics:
        health, why = ModelHealth.UNREAD, entry.problem
    unknown = WorkerVerdict(WorkerHealth.UNKNOWN, why)
    return ModelVerdict(health, why, tuple((worker.id, unknown) for worker in entry.model.workers))


def answers_of(traffic: Traffic, report: RequestReport | None = None) -> Answers:
    """What the counters tell: they count an answer when it is given, if it is a good one.

    What failed, only the log files tell, in a `report`.
    """
    interval, window = traffic.interval, traffic.window
    finished = interval.inference_us > 0 if isinstance(interval, Usage) else None
    usual = window.inference_ms if isinstance(window, Usage) else None
    statuses = report.minute_statuses if report else {}
    return Answers(finished, usual if isinstance(usual, float) else None, statuses)


def _status(
    observation: Observation, entry: Description, traffic: Traffic, verdict: ModelVerdict
) -> ModelStatus:
    model = entry.model
    key = ModelKey(model.name, model.version)
    workers = tuple(
        WorkerStatus(worker, of_worker, observation.processes.get(worker.pid or 0))
        for worker, (_, of_worker) in zip(model.workers, verdict.workers, strict=True)
    )
    return ModelStatus(
        model,
        entry.is_default,
        traffic,
        workers,
        verdict,
        requests=observation.reports.get(key),
        cause=observation.causes.get(key),
        problem=entry.problem,
    )


def _forgotten(model: ModelStatus) -> ModelStatus:
    traffic = Traffic.missing(Missing.RESTARTED)
    return replace(model, gone=Gone.FORGOTTEN, workers=(), requests=None, traffic=traffic)


def _traffic(entry: Description, traffic: Mapping[SeriesKey, Traffic]) -> Traffic:
    """The traffic of a version: requests that named it, and for the default one those without.

    Of a model whose versions are not known it is that of all of them.
    """
    if not entry.model.version:
        keys = [key for key in traffic if key.model == entry.model.name]
        parts = [traffic[key] for key in keys]
        return Traffic.sum(parts) if parts else Traffic(QUIET, QUIET, QUIET, QUIET)
    labels = [entry.model.version, *([DEFAULT_VERSION_LABEL] if entry.is_default else [])]
    keys = [SeriesKey(entry.model.name, label) for label in labels]
    parts = [traffic[key] for key in keys if key in traffic]
    return Traffic.sum(parts) if parts else Traffic(QUIET, QUIET, QUIET, QUIET)


def _order(model: ModelStatus) -> tuple[str, str]:
    return model.key.name, model.key.version
