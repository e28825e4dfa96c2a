"""Joins descriptions with the traffic of their series; remembers what a single answer forgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tsmon.telemetry.logs.times import RequestReport
from tsmon.telemetry.scrape import DEFAULT_VERSION_LABEL, SeriesKey
from tsmon.telemetry.snapshot import (
    ModelKey,
    ModelStatus,
    ProcessUsage,
    WorkerState,
    WorkerStatus,
)
from tsmon.telemetry.source import Description
from tsmon.telemetry.traffic import Missing, Traffic, Usage
from tsmon.torchserve.records import Worker

QUIET = Usage(seconds=0.0, arrived=0.0, counted=0.0, inference_us=0.0, queue_us=0.0)


class Roster:
    """The models of one server from tick to tick."""

    def __init__(self) -> None:
        self.models: tuple[ModelStatus, ...] = ()
        self._were_ready: set[tuple[ModelKey, str]] = set()
        self._expected_to_go: set[ModelKey] = set()

    def update(
        self,
        descriptions: Sequence[Description],
        traffic: Mapping[SeriesKey, Traffic] | Missing,
        processes: Mapping[int, ProcessUsage],
        reports: Mapping[ModelKey, RequestReport],
        *,
        outage: bool,
    ) -> tuple[ModelStatus, ...]:
        """Take what the server said at this tick.

        After an outage, models that are missing stay in the roster as gone: nobody removed them,
        the server forgot them. Otherwise a missing model was unregistered and leaves.
        """
        present = [
            replace(status, requests=reports.get(status.key))
            for status in (self._status(entry, traffic, processes) for entry in descriptions)
        ]
        keys = {model.key for model in present}
        lost = [
            self._gone(model)
            for model in self.models
            if model.key not in keys and (model.gone or outage)
        ]
        kept = [model for model in lost if model.key not in self._expected_to_go]
        self._expected_to_go &= keys
        self._were_ready &= {
            (model.key, worker.worker.id) for model in present for worker in model.workers
        }
        self._were_ready |= {
            (model.key, worker.worker.id)
            for model in present
            for worker in model.workers
            if worker.state is WorkerState.READY
        }
        self.models = tuple(sorted([*present, *kept], key=_order))
        return self.models

    def without_traffic(self, why: Missing) -> tuple[ModelStatus, ...]:
        """The models as they were, for a tick at which the server did not say anything of them."""
        self.models = tuple(
            replace(model, traffic=replace(model.traffic, interval=why)) for model in self.models
        )
        return self.models

    def dismiss(self, key: ModelKey) -> None:
        """Do not keep this version when it goes: somebody removes it on purpose."""
        self._expected_to_go.add(key)
        self.models = tuple(model for model in self.models if not (model.gone and model.key == key))

    def _status(
        self,
        entry: Description,
        traffic: Mapping[SeriesKey, Traffic] | Missing,
        processes: Mapping[int, ProcessUsage],
    ) -> ModelStatus:
        key = ModelKey(entry.model.name, entry.model.version)
        workers = tuple(
            WorkerStatus(
                worker,
                self._worker_state(key, worker),
                processes.get(worker.pid) if worker.pid else None,
            )
            for worker in entry.model.workers
        )
        return ModelStatus(entry.model, entry.is_default, _traffic(entry, traffic), workers)

    def _worker_state(self, key: ModelKey, worker: Worker) -> WorkerState:
        if worker.ready:
            return WorkerState.READY
        before = (key, worker.id) in self._were_ready
        return WorkerState.RETRYING if before else WorkerState.STARTING

    @staticmethod
    def _gone(model: ModelStatus) -> ModelStatus:
        return replace(
            model, gone=True, workers=(), requests=None, traffic=Traffic.missing(Missing.RESTARTED)
        )


def _traffic(entry: Description, traffic: Mapping[SeriesKey, Traffic] | Missing) -> Traffic:
    """The traffic of a version: requests that named it, and for the default one those without."""
    if isinstance(traffic, Missing):
        return Traffic.missing(traffic)
    labels = [entry.model.version, *([DEFAULT_VERSION_LABEL] if entry.is_default else [])]
    keys = [SeriesKey(entry.model.name, label) for label in labels]
    parts = [traffic[key] for key in keys if key in traffic]
    return Traffic.sum(parts) if parts else Traffic(QUIET, QUIET, QUIET)


def _order(model: ModelStatus) -> tuple[str, str]:
    return model.key.name, model.key.version
