"""What the server counted and its logs reported over the measured requests."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field

from tsmon.logs.lines import logged_as
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.logs.duration_stats import DurationStats
from tsmon.telemetry.logs.place_follower import PlaceFollower
from tsmon.telemetry.logs.request_report import Profile, RequestPhase, TimesKey
from tsmon.telemetry.scrape import Counters, MetricsMode, SeriesKey, parse_scrape
from tsmon.telemetry.traffic import Missing, Usage, usage_of
from tsmon.threads import in_thread
from tsmon.torchserve.errors import TorchServeError

if TYPE_CHECKING:
    from tsmon.logs.places import LogPlace
    from tsmon.telemetry.logs.folder_follower import FolderFollower
    from tsmon.torchserve.client import TorchServe

SETTLE_S = 0.05
"""Between two looks, as TorchServe adds a latency just after it has answered."""
SETTLE_TRIES = 40
NO_READINGS = DurationStats(0, 0.0, 0.0)


class Cost(Struct, frozen=True):
    """What the requests between two readings cost."""

    usage: Usage | None
    missing: str
    """Why there is no usage."""
    backend: DurationStats = NO_READINGS
    """Of the backend times in the log; of none where it cannot be read."""
    batches: Mapping[int, DurationStats] = field(default_factory=dict)
    """Of the handler's times for a batch in the log, by the batch's size."""
    profile: Profile = field(default_factory=dict)
    """Percentiles of the times in the log; of the last minutes where it took longer than those."""
    log_problem: str = ""
    """Why the log cannot be read, if so."""


class CounterReader:
    """Reads the counters of one version before and after, and follows the log in between."""

    def __init__(
        self, client: TorchServe, model: str, version: str, log_place: LogPlace | None
    ) -> None:
        self._client = client
        self._model = model
        self._logged = TimesKey(*logged_as(model, version))
        self._logs = PlaceFollower(log_place) if log_place else None
        self._read_at = self._began_at = -math.inf
        self._backend = NO_READINGS
        self._batches: dict[int, DurationStats] = {}
        self._before: Counters | str = ""

    async def begin(self, labels: Sequence[str], warmed_up: int | None = None) -> None:
        """Read what the series with these `model_version` labels stand at together.

        `warmed_up` requests were answered since the last reading; they are waited for in the log,
        so that none of them is taken for a measured one. None: there is nothing to wait for.
        """
        if warmed_up is None:
            self._before = await self._read(labels)
        else:
            self._before = await self._settled(labels, warmed_up)
        self._began_at = self._read_at
        self._backend, self._batches = NO_READINGS, {}

    async def end(self, labels: Sequence[str], answered: int) -> Cost:
        """Read again, once the last of the `answered` requests is in the sums and in the log."""
        after = await self._settled(labels, answered)
        problem = self._logs.problem if self._logs else ""
        logged = (self._backend, self._batches, self._profile(), problem)
        self._backend, self._batches = NO_READINGS, {}
        if isinstance(self._before, str) or isinstance(after, str):
            missing = self._before if isinstance(self._before, str) else after
            return Cost(None, str(missing), *logged)
        if after.fell_below(self._before):
            return Cost(None, Missing.RESTARTED, *logged)
        return Cost(usage_of(after - self._before), "", *logged)

    async def close(self) -> None:
        """Let go of the log files."""
        if self._logs is not None:
            await in_thread(self._logs.close)

    async def _settled(self, labels: Sequence[str], answered: int) -> Counters | str:
        """The sums once they stand still; with traffic of others, as they are in the end."""
        last = await self._read(labels)
        for _ in range(SETTLE_TRIES):
            await asyncio.sleep(SETTLE_S)
            now = await self._read(labels)
            logged = self._watch is None or self._backend.count >= answered
            if now == last and logged:
                return now
            last = now
        return last

    async def _read(self, labels: Sequence[str]) -> Counters | str:
        await self._read_logs()
        try:
            page = await self._client.metrics.scrape()
            scrape = await in_thread(parse_scrape, page, Instant.now())
        except TorchServeError as error:
            return str(error)
        series = scrape.series
        if scrape.mode is MetricsMode.LOG:
            if self._watch is None:
                return Missing.NO_COUNTERS
            series = self._watch.server_log.counters.series
        keys = [SeriesKey(self._model, label) for label in labels]
        return sum((series[key] for key in keys if key in series), Counters())

    async def _read_logs(self) -> None:
        if self._logs is None:
            return
        await in_thread(self._logs.read)
        if self._watch is not None:
            times = self._watch.server_log.times
            self._backend += times.backend([self._logged], since=self._read_at) or NO_READINGS
            for size, found in times.batches([self._logged], since=self._read_at).items():
                self._batches[size] = self._batches.get(size, NO_READINGS) + found
        self._read_at = time.monotonic()

    def _profile(self) -> Profile:
        if self._watch is None:
            return {}
        times = self._watch.server_log.times
        return times.profile([self._logged], self._began_at, (RequestPhase.INFERENCE,))

    @property
    def _watch(self) -> FolderFollower | None:
        """What was read of the logs; None where they cannot be."""
        return self._logs.folder if self._logs is not None else None
