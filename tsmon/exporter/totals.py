"""What is added up from look to look: requests, restarts and deaths of each version."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field

from tsmon.exporter.restarts import DeathCounts, RestartCounts
from tsmon.telemetry.logs.request_lines import keys_of
from tsmon.telemetry.logs.request_tally import NOTHING, RequestTally, Tallied
from tsmon.telemetry.snapshot import ModelKey

if TYPE_CHECKING:
    from tsmon.telemetry.logs.known_exceptions import CauseKind
    from tsmon.telemetry.logs.request_report import TimesKey
    from tsmon.telemetry.snapshot import Snapshot

NO_MODEL = ModelKey("", "")
"""Has the requests that named no registered model: names out of requests are no labels."""
MOST_AT_ZERO = 200
"""So many versions have histograms before their first request, so that rates see it."""
GONE_KEPT_S = 900.0
"""A version that is not registered any more is exported so long, for the last of its requests."""


class Totals(Struct, frozen=True):
    """The sums at one look."""

    requests: Mapping[ModelKey, Tallied] = field(default_factory=dict)
    restarts: Mapping[ModelKey, int] = field(default_factory=dict)
    deaths: Mapping[ModelKey, Mapping[CauseKind, int]] = field(default_factory=dict)


class Adding:
    """Adds up what every look brings."""

    def __init__(self, tally: RequestTally) -> None:
        self._tally = tally
        self._requests: dict[ModelKey, Tallied] = {}
        self._restarts: Counter[ModelKey] = Counter()
        self._grown = RestartCounts()
        self._deaths = DeathCounts()
        self._versions: dict[TimesKey, ModelKey] = {}
        """Whose the requests are that are kept under each name."""
        self._seen: dict[ModelKey, float] = {}
        """When each version was registered the last time; monotonic."""

    def take(self, snapshot: Snapshot) -> Totals:
        """The sums that follow from the next look."""
        registered = {model.key: model.is_default for model in snapshot.models if not model.gone}
        now = snapshot.at.monotonic
        if snapshot.server.last_answer is not None:
            self._seen |= dict.fromkeys(registered, now)
            self._add_requests(registered, at_zero=snapshot.metrics.reads_logs)
            self._add_restarts(snapshot)
        for key in [key for key, at in self._seen.items() if now - at > GONE_KEPT_S]:
            self._forget(key)
        return Totals(
            dict(self._requests),
            dict(self._restarts),
            {key: Counter(causes) for key, causes in self._deaths.by_cause.items()},
        )

    def _add_requests(self, registered: Mapping[ModelKey, bool], *, at_zero: bool) -> None:
        self._versions |= {
            name: key for key, names in keys_of(registered).items() for name in names
        }
        if at_zero and len(registered) <= MOST_AT_ZERO:
            for key in registered:
                self._requests.setdefault(key, NOTHING)
        for name, tallied in self._tally.take().items():
            key = self._versions.get(name, NO_MODEL)
            self._requests[key] = self._requests.get(key, NOTHING) + tallied

    def _add_restarts(self, snapshot: Snapshot) -> None:
        grown = self._grown.grown(snapshot)
        for model in snapshot.models:
            if model.gone or not (model.workers_known or model.key in self._restarts):
                continue
            self._restarts[model.key] += grown.get(model.key, 0)
            if snapshot.metrics.reads_logs:
                self._deaths.observe(model, grown.get(model.key, 0), snapshot.at.monotonic)

    def _forget(self, key: ModelKey) -> None:
        del self._seen[key]
        self._requests.pop(key, None)
        self._restarts.pop(key, None)
        self._deaths.forget(key)
        self._versions = {name: each for name, each in self._versions.items() if each != key}
