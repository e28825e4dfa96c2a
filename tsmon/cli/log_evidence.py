"""What a server's logs say about its models at one look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from tsmon.cli.log_folder import log_folder
from tsmon.cli.output import complain
from tsmon.logs.lines import WorkerNames
from tsmon.logs.time_zone import LogZone
from tsmon.telemetry.health.verdicts import ModelHealth, ModelVerdict
from tsmon.telemetry.health.watch import Answers
from tsmon.telemetry.logs.causes import Cause, read_cause
from tsmon.telemetry.logs.one_shot import read_recent_statuses, read_worker_states
from tsmon.telemetry.logs.request_report import TimesKey, times_keys

if TYPE_CHECKING:
    from tsmon.logs.places import LogPlace
    from tsmon.telemetry.instant import Instant
    from tsmon.telemetry.logs.worker_states import WorkerState
    from tsmon.torchserve.addresses import Addresses
    from tsmon.torchserve.records import ModelVersion


class LogEvidence:
    """What is read out of a folder of logs."""

    def __init__(self, folder: Path, zone: tzinfo | None = None) -> None:
        """`zone` is that of the stamps, by default worked out."""
        self._folder = folder
        self._zone = LogZone(zone)

    def worker_states(self, versions: Sequence[ModelVersion]) -> Mapping[str, WorkerState]:
        """The states of the workers, which also show the zone."""
        workers = [worker for version in versions for worker in version.workers]
        unready = [worker.id for worker in workers if not worker.ready]
        found = read_worker_states(self._folder, self._zone, unready)
        if found.problem:
            complain(found.problem)
        return found.states

    def answers(
        self, at: Instant, versions: Sequence[ModelVersion]
    ) -> Mapping[tuple[str, str], Answers]:
        """How the requests of the last minute ended."""
        now = at.wall.astimezone().replace(tzinfo=None)
        found = read_recent_statuses(self._folder, self._zone, now)
        keys = [(version.name, version.version) for version in versions]
        names = WorkerNames(keys)
        return {key: Answers(statuses=_sum(found, times_keys(key, names))) for key in keys}

    def cause(self, key: tuple[str, str], verdict: ModelVerdict) -> Cause | None:
        """Why a version is not well."""
        if verdict.health is ModelHealth.READY:
            return None
        cause = read_cause(self._folder, model=key[0], version=key[1])
        return cause.here(self._zone) if cause else None


def _sum(
    found: Mapping[TimesKey, Mapping[int, int]], keys: Sequence[TimesKey]
) -> Mapping[int, int]:
    total: Counter[int] = Counter()
    for key in keys:
        total.update(found.get(key, {}))
    return total


def cause_of(
    named: LogPlace | None, addresses: Addresses, model: str, version: str | None
) -> Cause | None:
    """The last cause that the logs have for a model; None without logs or failures."""
    with log_folder(named, addresses) as folder:
        cause = read_cause(folder, model=model, version=version) if folder else None
        if folder is None or cause is None:
            return None
        zone = LogZone()
        zone.look(folder)
        return cause.here(zone)
