"""Series of models that are not registered any more: TorchServe keeps them until it restarts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tsmon.telemetry.health.verdicts import ModelHealth, ModelVerdict
from tsmon.telemetry.scrape import DEFAULT_VERSION_LABEL, SeriesKey
from tsmon.telemetry.snapshot import Gone, ModelKey, ModelStatus
from tsmon.telemetry.traffic import Traffic
from tsmon.torchserve.records import ModelVersion

if TYPE_CHECKING:
    from tsmon.telemetry.source import Description

UNREGISTERED = ModelVerdict(ModelHealth.NO_WORKERS, Gone.UNREGISTERED)


class UnregisteredModels:
    """Finds such series from tick to tick."""

    def __init__(self) -> None:
        self._defaults: dict[str, str] = {}
        self._dismissed: set[ModelKey] = set()
        self._versions: dict[ModelKey, ModelVersion] = {}

    def dismiss(self, key: ModelKey) -> None:
        """Do not show the series of this version once it is gone, until it is registered again."""
        self._dismissed.add(key)

    def find(
        self, descriptions: Sequence[Description], traffic: Mapping[SeriesKey, Traffic]
    ) -> dict[ModelKey, ModelStatus]:
        """A status for each version that has series and is not registered."""
        registered = {ModelKey(entry.model.name, entry.model.version) for entry in descriptions}
        self._dismissed -= registered
        self._defaults |= {
            entry.model.name: entry.model.version for entry in descriptions if entry.is_default
        }
        unversioned = {entry.model.name for entry in descriptions if not entry.model.version}
        parts: dict[ModelKey, list[Traffic]] = {}
        for series in traffic:
            key = self._version(series)
            if key.name in unversioned:
                continue  # which versions it has is not known now
            if key not in registered and key not in self._dismissed:
                parts.setdefault(key, []).append(traffic[series])
        known, self._versions = self._versions, {}
        for key in parts:
            self._versions[key] = known.get(key) or ModelVersion(*key)
        return {key: self._status(key, each) for key, each in parts.items()}

    def _version(self, series: SeriesKey) -> ModelKey:
        """Whose series it is; of one without a version, the default version that was last seen."""
        if series.version != DEFAULT_VERSION_LABEL:
            return ModelKey(series.model, series.version)
        return ModelKey(series.model, self._defaults.get(series.model, series.version))

    def _status(self, key: ModelKey, parts: list[Traffic]) -> ModelStatus:
        return ModelStatus(
            self._versions[key],
            is_default=False,
            traffic=Traffic.sum(parts),
            workers=(),
            verdict=UNREGISTERED,
            gone=Gone.UNREGISTERED,
        )
