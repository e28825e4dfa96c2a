"""The one loop that asks a source, joins what it says and publishes a snapshot per tick."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tsmon.telemetry.events import EventLog
from tsmon.telemetry.history import HISTORY_BYTES, KeptHistory
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.limits.watch import LimitWatch
from tsmon.telemetry.past import OBSERVED_BYTES, PAST_BYTES, KeptPast, KeptTicks
from tsmon.telemetry.roster import Roster
from tsmon.telemetry.scrape import MetricsMode, Scrape, SeriesKey
from tsmon.telemetry.series.kept import SERIES_BYTES, KeptSeries, SeriesTick
from tsmon.telemetry.series.published import Published
from tsmon.telemetry.series.watched import SeriesWatch
from tsmon.telemetry.snapshot import (
    MetricsStatus,
    ModelKey,
    ModelStatus,
    ServerState,
    ServerStatus,
    Snapshot,
)
from tsmon.telemetry.traffic import Missing, Traffic, TrafficMeter
from tsmon.torchserve.errors import (
    NotTorchServe,
    TimedOut,
    TokenRefused,
    TorchServeError,
    Unreachable,
)

if TYPE_CHECKING:
    from tsmon.telemetry.source import Observation, Source

LONGEST_BACKOFF_S = 10.0


class Monitor:
    """Polls a source for as long as it runs.

    A tick starts `period_s` after the one before it started, never before that one has ended. While
    the server is away the pause doubles up to `LONGEST_BACKOFF_S`, with jitter.
    """

    def __init__(
        self,
        source: Source,
        *,
        period_s: float = 1.0,
        remembers: bool = True,
        limits: LimitWatch | None = None,
    ) -> None:
        """One that does not remember has no past but the newest tick."""
        self.period_s = period_s
        self.focus: ModelKey | None = None
        """The model whose details are looked at; it is described at every tick."""
        self.past = KeptPast(PAST_BYTES if remembers else 0)
        """The snapshots published, the newest last."""
        self.observed: KeptTicks[Observation] = KeptTicks(OBSERVED_BYTES if remembers else 0)
        """What the source said at the last ticks, as a recording would have it."""
        self.history = KeptHistory(HISTORY_BYTES if remembers else 0)
        self.series = KeptSeries(SERIES_BYTES if remembers else 0)
        """All that was published at the last ticks."""
        self.watched = SeriesWatch()
        """The series that are always in sight."""
        self.events = EventLog()
        self.limits = limits or LimitWatch()
        self.log_folder: Path | None = None
        """Where the log files are, or were when they could last be read."""
        self._source = source
        self._meter = TrafficMeter()
        self._roster = Roster()
        self._failures = 0
        self._soon = asyncio.Event()
        self._latest = Snapshot(Instant.now(), ServerStatus(source.label))

    @property
    def latest(self) -> Snapshot:
        """The last snapshot published."""
        return self._latest

    def poke(self) -> None:
        """Have the next tick come at once, for example after a change."""
        self._soon.set()

    def recall(self, scrape: Scrape) -> None:
        """Take a scrape of before that windows may begin with."""
        self._meter.recall(scrape)

    def forget_pace(self) -> None:
        """Take the coming ticks for as far apart as usual, whatever those before were."""
        self._meter.forget_pace()

    def dismiss(self, key: ModelKey) -> None:
        """Let go of a version that is unregistered on purpose."""
        self._roster.dismiss(key)
        self.history.forget(key)

    async def run(self, publish: Callable[[Snapshot], None]) -> None:
        """Publish each snapshot until cancelled."""
        async for snapshot in self.ticks():
            publish(snapshot)

    async def ticks(self) -> AsyncIterator[Snapshot]:
        """A snapshot per tick, for as long as they are asked for."""
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            yield await self.tick()
            pause = self._latest.next_poll_s - (loop.time() - started)
            try:
                await asyncio.wait_for(self._soon.wait(), max(pause, 0.0))
            except TimeoutError:
                continue
            finally:
                self._soon.clear()

    async def tick(self) -> Snapshot:
        """Ask the source once and give the snapshot that follows."""
        for _ in self._digest(await self._source.observe(self.focus)):
            await asyncio.sleep(0)  # of thousands of models a step is long enough for a key to wait
        return self._latest

    def digest(self, observation: Observation) -> Snapshot:
        """The snapshot that follows from one more observation."""
        for _ in self._digest(observation):
            pass
        return self._latest

    def _digest(self, observation: Observation) -> Iterator[None]:
        """Digest it step by step."""
        server = self._server(observation)
        metrics = self._metrics(observation)
        traffic = self._traffic(observation)
        yield
        outage = self._failures > 0 or self._meter.life > self._latest.server.lives
        self._failures = 0 if server.state is ServerState.UP else self._failures + 1
        latest = Snapshot(
            at=observation.at,
            server=replace(server, lives=self._meter.life),
            metrics=metrics,
            models=self._models(observation, traffic, outage=outage),
            series=self.watched.observe(
                None if isinstance(observation.scrape, TorchServeError) else observation.scrape,
                self.limits.series,
            ),
            next_poll_s=self._pause(),
            token_ends=observation.token_ends,
            not_recorded=observation.not_recorded,
        )
        self._latest = yield from self.limits.judging(latest)
        self.log_folder = metrics.log_folder or self.log_folder
        yield
        self.events.observe(self._latest)
        self.history.record(self._latest, scraped=isinstance(observation.scrape, Scrape))
        yield
        self.past.keep(self._latest)
        yield
        self.observed.keep(observation)
        if isinstance(observation.scrape, Scrape) and observation.scrape.published:
            self.series.keep(SeriesTick(observation.scrape.at, observation.scrape.published))

    def _models(
        self,
        observation: Observation,
        traffic: Mapping[SeriesKey, Traffic] | Missing,
        *,
        outage: bool,
    ) -> tuple[ModelStatus, ...]:
        if isinstance(observation.models, TorchServeError):
            return self._roster.without_traffic(Missing.NO_COUNTERS)
        return self._roster.update(observation, observation.models, traffic, outage=outage)

    def _traffic(self, observation: Observation) -> Mapping[SeriesKey, Traffic] | Missing:
        scrape = observation.scrape
        if isinstance(scrape, TorchServeError):
            return Missing.NO_COUNTERS
        if scrape.mode is MetricsMode.LOG and not scrape.logged:
            return Missing.NO_COUNTERS
        counted = replace(scrape, published=Published())  # windows keep it for minutes
        return self._meter.observe(counted, in_flight(observation))

    def _server(self, observation: Observation) -> ServerStatus:
        last = self._latest.server
        if isinstance(observation.models, TorchServeError):
            problem = _kept(observation.models)
            return replace(last, state=_state(problem), problem=problem)
        facts = observation.facts
        return replace(
            last,
            state=ServerState.UP,
            problem=None,
            version=facts.version if facts else last.version,
            model_api=facts.model_api if facts else last.model_api,
            last_answer=observation.at,
        )

    def _metrics(self, observation: Observation) -> MetricsStatus:
        if isinstance(observation.scrape, TorchServeError):
            return replace(
                self._latest.metrics,
                problem=_kept(observation.scrape),
                log_folder=observation.log_folder or self._latest.metrics.log_folder,
                log_problem=observation.log_problem,
            )
        return MetricsStatus(
            observation.scrape.mode,
            None,
            observation.scrape.at,
            observation.scrape.logged,
            observation.log_folder,
            observation.log_problem,
            observation.scrape.lost_lines,
        )

    def _pause(self) -> float:
        if not self._failures:
            return self.period_s
        backoff = min(self.period_s * 2.0 ** min(self._failures - 1, 10), LONGEST_BACKOFF_S)
        return max(self.period_s, backoff * random.uniform(0.8, 1.0))  # noqa: S311 (jitter)


def _kept(problem: TorchServeError) -> TorchServeError:
    """The error without its traceback, whose frames and answers would stay as long as the past."""
    problem.__cause__ = problem.__context__ = None
    return problem.with_traceback(None)


def in_flight(observation: Observation) -> dict[str, float] | None:
    """How many requests of each model can be in the queue or at a worker; None when unknown."""
    if isinstance(observation.models, TorchServeError):
        return None
    most: dict[str, float] = {}
    for entry in observation.models:
        model = entry.model
        if model.queue is None or model.batch_size is None:
            return None
        working = len(model.workers) * model.batch_size
        most[model.name] = most.get(model.name, 0.0) + model.queue.pending + working
    return most


def _state(problem: TorchServeError) -> ServerState:
    if isinstance(problem, TokenRefused):
        return ServerState.TOKEN_REFUSED
    if isinstance(problem, Unreachable):
        return ServerState.AWAY
    if isinstance(problem, TimedOut):
        return ServerState.SLOW
    if isinstance(problem, NotTorchServe):
        return ServerState.STRANGE
    return ServerState.FAILING
