"""All that a server's log folder shows from tick to tick: requests, worker states, causes."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tsmon.logs.time_zone import LogZone
from tsmon.telemetry.logs.causes import Cause, read_cause
from tsmon.telemetry.logs.known_exceptions import CauseKind
from tsmon.telemetry.logs.request_failures import RequestFailures
from tsmon.telemetry.logs.server_log_follower import ServerLogFollower
from tsmon.telemetry.logs.worker_states import states_here

if TYPE_CHECKING:
    from tsmon.telemetry.logs.request_tally import RequestTally
    from tsmon.telemetry.logs.worker_states import WorkerState
    from tsmon.torchserve.records import VersionKey

CAUSE_EVERY_S = 2.0
"""Looking for a cause reads megabytes; a model that fails on and on is looked at so often."""
LOOKS = 5
"""A worker's last words may be written after its end, so they are looked for again."""


class FolderFollower:
    """Follows one log folder. `read` blocks: call it in a thread."""

    def __init__(
        self, folder: Path, zone: LogZone | None = None, tally: RequestTally | None = None
    ) -> None:
        """By default the zone of the stamps is worked out; `tally` counts all requests."""
        self.folder = folder
        self.zone = zone or LogZone()
        self.server_log = ServerLogFollower(folder, tally)
        self._failures = RequestFailures(folder)
        self._deaths: dict[str, int] = {}
        self._causes: dict[VersionKey, Cause] = {}
        self._looks_left: dict[VersionKey, int] = {}
        self._looked: dict[VersionKey, float] = {}

    @property
    def worker_states(self) -> Mapping[str, WorkerState]:
        """The state of each worker by its id, as it was at the last reading.

        All times are this machine's local ones, without a zone.
        """
        return states_here(self.server_log.worker_states, self.zone)

    @property
    def causes(self) -> Mapping[VersionKey, Cause]:
        """Why a version's worker died or its requests failed last; times as in `worker_states`.

        A worker that is down comes first, then whatever failed last.
        """
        now = time.monotonic()
        found = dict(self._causes)
        for key in self._failures.versions():
            cause, death = self._failures.cause(key, now), found.get(key)
            if cause and (death is None or (cause.time > death.time and not self._is_down(key))):
                found[key] = cause
        return {key: cause.here(self.zone) for key, cause in found.items()}

    @property
    def problem(self) -> str:
        """Why the logs show less than they could; empty where they show all."""
        return self.server_log.problem or self._failures.problem

    @property
    def searching(self) -> Mapping[str, str]:
        """How far the log was searched back for workers, by their ids, while that goes on."""
        return self.server_log.searching

    def read(self, unready: Collection[str] | None = None) -> None:
        """Read what was added since the last call.

        `unready` are the ids of workers that are not ready, where that is known. Those of the first
        such call have a past that is searched for, a step at each call.
        """
        self.zone.look(self.folder)
        now = time.monotonic()
        self.server_log.read(now)
        if unready is not None:
            self.server_log.search_back(unready)
        self._failures.read(now)
        for key in self._newly_dead():
            self._looks_left[key] = LOOKS
        for key in list(self._looks_left):
            self._look_for_cause(key)

    def close(self) -> None:
        """Let go of the files."""
        self.server_log.close()
        self._failures.close()

    def _newly_dead(self) -> set[VersionKey]:
        """The versions that lost a worker since the last reading."""
        states = self.server_log.worker_states
        before, self._deaths = self._deaths, {id_: state.deaths for id_, state in states.items()}
        return {
            (state.worker.model, state.worker.version)
            for id_, state in states.items()
            if state.deaths > before.get(id_, 0)
        }

    def _is_down(self, key: VersionKey) -> bool:
        """Whether a worker of this version ended and is not back."""
        return any(
            (state.worker.model, state.worker.version) == key and state.is_down
            for state in self.server_log.worker_states.values()
        )

    def _look_for_cause(self, key: VersionKey) -> None:
        now = time.monotonic()
        if now - self._looked.get(key, -CAUSE_EVERY_S) < CAUSE_EVERY_S:
            return
        self._looked[key] = now
        self._looks_left[key] -= 1
        model, version = key
        cause = read_cause(self.folder, model=model, version=version or None)
        if cause is not None:
            self._causes[key] = cause
        found = cause is not None and cause.certain and cause.kind is not CauseKind.DIED_SILENTLY
        if found or self._looks_left[key] == 0:
            del self._looks_left[key]
