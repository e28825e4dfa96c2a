"""Bursts of requests that ended with 5xx, each told once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tsmon.telemetry.instant import Instant
    from tsmon.telemetry.snapshot import ModelKey, ModelStatus, Snapshot

BURST = 5
"""Requests that ended with 5xx from one snapshot to the next, from which on it is a burst."""
QUIET_S = 10.0
"""After so long without another failure a burst is over."""


class Bursts:
    """Remembers from snapshot to snapshot which models are in a burst."""

    def __init__(self) -> None:
        self._failed: dict[ModelKey, int] = {}
        self._last_failure: dict[ModelKey, Instant] = {}
        """Of the models in a burst."""

    def begun(self, snapshot: Snapshot) -> dict[ModelKey, int]:
        """The models whose burst begins with this snapshot, and how many requests failed."""
        if snapshot.stale:
            return {}
        grown = {model.key: self._growth(model) for model in snapshot.models}
        self._last_failure = {
            key: at
            for key, at in self._last_failure.items()
            if key in grown and snapshot.at.since(at) <= QUIET_S
        }
        begun = {
            key: failed
            for key, failed in grown.items()
            if failed >= BURST and key not in self._last_failure
        }
        for key, failed in grown.items():
            if key in begun or (failed > 0 and key in self._last_failure):
                self._last_failure[key] = snapshot.at
        self._failed = {model.key: _server_errors(model) for model in snapshot.models}
        return begun

    def _growth(self, model: ModelStatus) -> int:
        """The failures since the snapshot before; unknown, thus none, for a model that is new."""
        failed = _server_errors(model)
        return failed - self._failed.get(model.key, failed)


def _server_errors(model: ModelStatus) -> int:
    """The failures of the last five minutes."""
    if model.requests is None:
        return 0
    return sum(count for status, count in model.requests.statuses.items() if status >= 500)
