"""The source that asks a running TorchServe."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace

from tsmon.logs.discovery import find_logs
from tsmon.logs.lines import logged_as
from tsmon.telemetry.descriptions import OF_THE_SERVER, ModelReader
from tsmon.telemetry.gpus import GpuReader
from tsmon.telemetry.health.server_signs import PingWatch
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.logs.place_follower import PlaceFollower
from tsmon.telemetry.logs.request_lines import keys_of
from tsmon.telemetry.processes import ProcessTable
from tsmon.telemetry.scrape import MetricsMode, Scrape, ScrapeReader
from tsmon.telemetry.snapshot import ModelKey, ProcessUsage
from tsmon.telemetry.source import Description, Observation, ServerFacts
from tsmon.threads import in_thread
from tsmon.torchserve.errors import TorchServeError

if TYPE_CHECKING:
    from tsmon.logs.places import LogPlace
    from tsmon.telemetry.logs.causes import Cause
    from tsmon.telemetry.logs.folder_follower import FolderFollower
    from tsmon.telemetry.logs.request_report import RequestReport
    from tsmon.telemetry.logs.request_tally import RequestTally
    from tsmon.torchserve.client import TorchServe

T = TypeVar("T")

LARGE_SCRAPE = 1 << 16
"""Characters of a scrape from which on a thread reads it: 500 series, 2 ms when read in full."""
DESCRIBES_PER_TICK = 8
"""By default; the other settled models wait their turn."""


class LiveSource:
    """Asks a running TorchServe, and where it is local its processes and log files."""

    def __init__(
        self,
        client: TorchServe,
        log_place: LogPlace | None = None,
        log_zone: tzinfo | None = None,
        *,
        tally: RequestTally | None = None,
        describes: int = DESCRIBES_PER_TICK,
    ) -> None:
        """With `log_place` its logs are read there; else a local server's are looked for.

        `log_zone` is that of their stamps, by default worked out; `tally` counts all requests that
        they show. So many settled models are described at each tick besides the one in focus.
        """
        self._client = client
        self._log_place = log_place
        self._log_zone = log_zone
        self._tally = tally
        self._logs = self._follower(log_place) if log_place is not None else None
        self._looked = False
        self._processes = ProcessTable() if client.addresses.is_local else None
        self._gpus = GpuReader() if client.addresses.is_local else None
        self._facts: ServerFacts | None = None
        self._scrapes = ScrapeReader()
        self._reader = ModelReader(client.management, describes)
        self._pings = PingWatch(client.inference)

    @property
    def label(self) -> str:
        """The management address without its scheme."""
        return self._client.addresses.label

    async def observe(self, focus: ModelKey | None) -> Observation:
        """Scrape the metrics and read the models at the same time, then what the logs have."""
        models, scrape = await asyncio.gather(
            outcome_of(lambda: self._models(focus)),
            outcome_of(lambda: scrape_of(self._client, self._scrapes)),
        )
        token_ends = self._client.keys.ends()
        if isinstance(models, TorchServeError):
            # It may be another server, or one with other settings, when it answers again.
            self._facts, self._looked = None, False
            self._reader.forget()
        else:
            await self._find_logs()
        logs = await self._read_logs(_unready(models))
        problem = self._logs.problem if self._logs else ""
        if not problem and logs is not None and _is_in_log_mode(scrape):
            problem = logs.server_log.why_no_counters
        if isinstance(models, TorchServeError):
            scrape = _counted(scrape, logs)
            return Observation(
                Instant.now(),
                None,
                models,
                scrape,
                log_folder=logs.folder if logs else None,
                log_problem=problem,
                token_ends=token_ends,
            )
        ping = await self._pings.look(models)
        return Observation(
            Instant.now(),
            self._facts,
            models,
            _counted(scrape, logs),
            ping=ping,
            processes=await in_thread(self._process_usages, models),
            gpus=self._gpus.read() if self._gpus is not None and _have_gpus(models) else {},
            reports=await in_thread(_reports, logs, models) if logs else {},
            worker_states=logs.worker_states if logs else None,
            searching=logs.searching if logs else {},
            causes=_causes(logs, models) if logs else {},
            log_folder=logs.folder if logs else None,
            token_ends=token_ends,
            log_problem=problem,
        )

    def close(self) -> None:
        """Let go of the logs; the client stays open. Blocks for a moment."""
        if self._logs is not None:
            self._logs.close()

    async def _read_logs(self, unready: Sequence[str] | None) -> FolderFollower | None:
        """Read what the logs have new; None while there are none to read."""
        if self._logs is None:
            return None
        await in_thread(self._logs.read, unready)
        return self._logs.folder

    async def _find_logs(self) -> None:
        """Look for a local server's logs, once per life; they may be elsewhere than before."""
        if self._looked or self._log_place is not None or not self._client.addresses.is_local:
            return
        self._looked = True
        place = await in_thread(find_logs, self._client.addresses.management)
        if place is not None and (self._logs is None or self._logs.place != place):
            await in_thread(self.close)
            self._logs = self._follower(place)

    def _follower(self, place: LogPlace) -> PlaceFollower:
        return PlaceFollower(place, self._log_zone, self._tally)

    def _process_usages(self, models: Sequence[Description]) -> Mapping[int, ProcessUsage]:
        if self._processes is None:
            return {}
        workers = [worker for entry in models for worker in entry.model.workers]
        return self._processes.read(worker.pid for worker in workers if worker.pid is not None)

    async def _models(self, focus: ModelKey | None) -> tuple[Description, ...]:
        if self._facts is None:
            self._facts = await self._read_facts()
        return await self._reader.read(focus)

    async def _read_facts(self) -> ServerFacts:
        management = self._client.management
        description = await management.api_description()
        enabled = None if management.read_only else await outcome_of(management.model_api_enabled)
        if isinstance(enabled, OF_THE_SERVER):
            raise enabled
        # Without an answer it is simply not known, and the models can be shown all the same.
        known = None if isinstance(enabled, TorchServeError) else enabled
        return ServerFacts(description.version, known)


async def scrape_of(client: TorchServe, reader: ScrapeReader) -> Scrape:
    """Read `/metrics` now.

    Raises:
        TorchServeError: it does not answer as it should.
    """
    text = await client.metrics.scrape()
    at = Instant.now()
    if len(text) > LARGE_SCRAPE:
        return await in_thread(reader.read, text, at)
    return reader.read(text, at)


async def outcome_of(work: Callable[[], Awaitable[T]]) -> T | TorchServeError:
    """What some work gives, or the expected error it ends with."""
    try:
        return await work()
    except TorchServeError as error:
        return error


def _counted(
    scrape: Scrape | TorchServeError, logs: FolderFollower | None
) -> Scrape | TorchServeError:
    """The scrape; where the server publishes no counters, with those of its log file."""
    if logs is None or not logs.server_log.counts:
        return scrape
    if isinstance(scrape, TorchServeError) or not _is_in_log_mode(scrape):
        return scrape
    log = logs.server_log
    return replace(
        scrape,
        at=Instant.now(),
        series=log.counters.series,
        published=log.series.published,
        logged=True,
    )


def _unready(models: Sequence[Description] | TorchServeError) -> Sequence[str] | None:
    """The ids of the workers that are not ready; None where that is not known."""
    if isinstance(models, TorchServeError):
        return None
    return [worker.id for entry in models for worker in entry.model.workers if not worker.ready]


def _have_gpus(models: Sequence[Description]) -> bool:
    return any(worker.gpu for entry in models for worker in entry.model.workers)


def _is_in_log_mode(scrape: Scrape | TorchServeError) -> bool:
    return not isinstance(scrape, TorchServeError) and scrape.mode is MetricsMode.LOG


def _reports(logs: FolderFollower, models: Sequence[Description]) -> dict[ModelKey, RequestReport]:
    """What the logs say of each version."""
    now = Instant.now().monotonic
    registered = {
        ModelKey(entry.model.name, entry.model.version): entry.is_default for entry in models
    }
    reports = {}
    for key, keys in keys_of(registered).items():
        report = logs.server_log.times.report(keys, now)
        if report is not None:
            reports[key] = report
    return reports


def _causes(logs: FolderFollower, models: Sequence[Description]) -> dict[ModelKey, Cause]:
    found = logs.causes
    return {
        key: replace(found[logged], model=key.name, version=key.version)
        for key in (ModelKey(entry.model.name, entry.model.version) for entry in models)
        if (logged := logged_as(*key)) in found
    }
