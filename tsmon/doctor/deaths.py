"""Reads in the logs why workers that are not ready died."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tsmon.doctor.facts import ExaminedServer, MachineFacts, ReportedDeath
from tsmon.telemetry.logs.causes import read_cause
from tsmon.telemetry.snapshot import ModelKey
from tsmon.torchserve.errors import TorchServeError

if TYPE_CHECKING:
    from tsmon.torchserve.records import Worker

MOST_MODELS_SEARCHED = 8
"""Each costs a reading of the end of the logs."""


def read_deaths(
    server: ExaminedServer | None, machine: MachineFacts
) -> Mapping[ModelKey, ReportedDeath]:
    """Of the first models with workers that are not ready, where the logs are here; blocks."""
    if server is None or machine.logs is None:
        return {}
    models = server.observation.models
    if isinstance(models, TorchServeError):
        return {}
    found = {}
    for model in [each.model for each in models if _has_trouble(each.model.workers)][
        :MOST_MODELS_SEARCHED
    ]:
        cause = read_cause(machine.logs.path, model=model.name, version=model.version)
        if cause is not None:
            found[ModelKey(model.name, model.version)] = ReportedDeath(cause.message, cause.hint)
    return found


def _has_trouble(workers: tuple[Worker, ...]) -> bool:
    return not all(worker.ready for worker in workers)
