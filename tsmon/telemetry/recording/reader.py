"""Reads a recording back, tick by tick, as the observations they were."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec.structs import replace

from tsmon.telemetry.instant import Instant
from tsmon.telemetry.logs.request_report import RequestReport
from tsmon.telemetry.recording.database import Database, damaged, numbers, texts
from tsmon.telemetry.recording.descriptions import RecordedDescriptions
from tsmon.telemetry.recording.logs import read_causes, read_logs
from tsmon.telemetry.recording.readings import OF_VERSION, read_reading, read_times
from tsmon.telemetry.recording.readings import TABLE as READINGS
from tsmon.telemetry.recording.reports import read_reports
from tsmon.telemetry.recording.schema import RecordingError
from tsmon.telemetry.recording.series import read_points, read_published
from tsmon.telemetry.recording.timeline import Tick, read_timeline
from tsmon.telemetry.scrape import Counters, MetricsMode, Scrape, SeriesKey
from tsmon.telemetry.series.kept import SeriesTick
from tsmon.telemetry.series.published import Published
from tsmon.telemetry.snapshot import ModelKey, ProcessUsage
from tsmon.telemetry.source import Observation, ServerFacts
from tsmon.torchserve.errors import (
    ApiError,
    KeyProblem,
    NothingListens,
    NotTorchServe,
    TimedOut,
    TokenRefused,
    TooLarge,
    TorchServeError,
    Unreachable,
)
from tsmon.torchserve.tokens import KeyKind

if TYPE_CHECKING:
    from tsmon.telemetry.logs.causes import Cause

T = TypeVar("T")
_DAMAGE = (
    sqlite3.Error,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    OSError,
    TorchServeError,
)
"""What reading a tick of a damaged file may raise."""
_TICK_TEXTS = (
    *("server_version", "problem_kind", "problem", "problem_hint", "metrics_mode"),
    *("metrics_problem_kind", "metrics_problem", "metrics_problem_hint"),
)
_TICK = ("model_api", "metrics_elapsed", "metrics_logged", *_TICK_TEXTS)
_PROCESS = "SELECT pid, memory_bytes, cpu_percent, started FROM process"
_SELECT_TICK = f"SELECT {', '.join(_TICK)} FROM tick WHERE id = ?"  # noqa: S608
_SELECT_SCRAPE = "SELECT metrics_elapsed, metrics_mode, metrics_logged FROM tick WHERE id = ?"
_PLAIN = {
    kind.__name__: kind for kind in (Unreachable, NothingListens, TimedOut, TooLarge, NotTorchServe)
}


class Detail(IntEnum):
    """How much of a tick is read; the less, the quicker."""

    STATE = 0
    """Descriptions and counters: what a later tick is reported from."""
    EVENTS = 1
    """What events are reported from as well: processes, worker states, statuses, tokens."""
    ALL = 2


class Recording:
    """A recording that is read; ticks are numbered from 0.

    As a source it gives one tick after the other, as fast as it is asked. Of a damaged one it gives
    what can be read, and `damage` says what could not.
    """

    def __init__(self, path: Path) -> None:
        """Open it.

        Raises:
            RecordingError: there is none, or nothing can be read of it.
        """
        self.path = path
        self._database = Database(path)
        self._lost_ticks: set[int] = set()
        self._lost_parts: set[int] = set()
        self._descriptions = RecordedDescriptions(self._database)
        try:
            timeline = read_timeline(self._database)
        except BaseException:
            self._database.close()
            raise
        self.ticks = timeline.ticks
        self._starts = timeline.starts
        self.moments = array(
            "d", (self._starts[each.session] + each.elapsed for each in self.ticks)
        )
        """When each tick was; within a session differences are those of the monotonic clock."""
        self._label = timeline.server
        self._reason = timeline.damage
        self.with_series = False
        """Whether events are about series as well, which then are read for them."""
        self._rest = self.observations()

    @property
    def label(self) -> str:
        """The server that was recorded last."""
        return self._label

    @property
    def damage(self) -> RecordingError | None:
        """What could not be read so far; None as long as all could."""
        lost, parts = len(self._lost_ticks), len(self._lost_parts - self._lost_ticks)
        if not self._reason:
            return None
        words = [f"{lost} of {len(self.ticks)} ticks cannot be read"] if lost else []
        words += [f"parts of {parts} ticks cannot be read"] if parts else []
        return damaged(
            self.path, f"{', '.join(words) or 'not all ticks were found'}: {self._reason}"
        )

    async def observe(self, focus: ModelKey | None) -> Observation:
        """The next tick that can be read.

        Raises:
            RecordingError: there is none.
        """
        for _, observation in self._rest:
            return observation
        raise RecordingError(f"{self.path} has no more ticks")

    def observations(self) -> Iterator[tuple[Tick, Observation]]:
        """The ticks that can be read."""
        for index, tick in enumerate(self.ticks):
            with suppress(RecordingError):
                yield tick, self.observation(index)

    def observation(self, index: int, detail: Detail = Detail.ALL) -> Observation:
        """What the source said at a tick, or so much of it.

        Raises:
            RecordingError: that is damaged.
        """
        tick = self.ticks[index]
        try:
            return self._read(index, tick, detail)
        except _DAMAGE as error:
            self._lost(self._lost_ticks, tick, error)
            raise damaged(self.path, str(error)) from None

    def scrape(self, index: int) -> Scrape | None:
        """The counters at a tick; None where there are none, or not all of them."""
        tick = self.ticks[index]
        try:
            ((elapsed, mode, logged),) = self._database.rows(_SELECT_SCRAPE, tick.id)
            row = {"metrics_elapsed": elapsed, "metrics_mode": mode, "metrics_logged": logged}
            scrape = self._scrape(tick, row, None) if mode is not None else None
        except _DAMAGE as error:
            self._lost(self._lost_parts, tick, error)
            return None
        return None if scrape is None or scrape.lost_lines else scrape

    def series(self, index: int) -> SeriesTick | None:
        """All that was published at a tick; None where there is nothing of it."""
        if not 0 <= index < len(self.ticks):
            return None
        tick = self.ticks[index]
        scrape = self.scrape(index)
        published = self._part(tick, lambda: read_published(self._database, tick.id))
        return None if scrape is None or published is None else SeriesTick(scrape.at, published)

    def series_points(self, sample: str, first: int, last: int) -> list[tuple[int, float]]:
        """The values of one sample by the id of the tick, from one tick to another."""
        try:
            return read_points(self._database, sample, first, last)
        except _DAMAGE as error:
            self._reason = self._reason or str(error)
            return []

    def of_model(self, index: int, key: ModelKey) -> Observation:
        """What charts show of a version at a tick.

        Raises:
            RecordingError: that is damaged.
        """
        tick = self.ticks[index]
        try:
            return self._read_model(index, tick, key)
        except _DAMAGE as error:
            self._lost(self._lost_parts, tick, error)
            raise damaged(self.path, str(error)) from None

    def times_of(self, first: int, last: int, key: ModelKey) -> bytes:
        """How many requests of a version had which inference time, from one tick to another.

        Raises:
            RecordingError: that is damaged.
        """
        ticks = self.ticks[first].id, self.ticks[last].id
        try:
            return read_times(self._database, *ticks, *key)
        except _DAMAGE as error:
            self._lost(self._lost_parts, self.ticks[last], error)
            raise damaged(self.path, str(error)) from None

    def at(self, index: int) -> Instant:
        """When a tick was."""
        return Instant(self.moments[index], datetime.fromtimestamp(self.ticks[index].time, UTC))

    def causes(self) -> list[Cause]:
        """Why workers died and requests failed, in the order it was noticed in."""
        if "cause" not in self._database.tables:
            return []
        try:
            return read_causes(self._database)
        except _DAMAGE as error:
            self._reason = self._reason or str(error)
            return []

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def _lost(self, among: set[int], tick: Tick, error: Exception) -> None:
        among.add(tick.id)
        self._reason = self._reason or str(error) or type(error).__name__

    def _read_model(self, index: int, tick: Tick, key: ModelKey) -> Observation:
        observation = self._read(index, tick, Detail.STATE, key)
        if isinstance(observation.models, TorchServeError):
            return observation
        pids = [worker.pid for entry in observation.models for worker in entry.model.workers]
        processes: dict[int, ProcessUsage] = {}
        for pid in pids:
            if pid is not None:
                processes |= self._process(tick, pid)
        folder = None
        if "log" in self._database.tables:
            rows = self._database.rows("SELECT folder FROM log WHERE tick = ?", tick.id)
            folder = rows[0][0] if rows else None
        report = self._report(tick, key)
        return replace(
            observation,
            processes=processes,
            reports={key: report} if report else {},
            log_folder=Path(str(folder)) if folder else None,
        )

    def _report(self, tick: Tick, key: ModelKey) -> RequestReport | None:
        """What the logs showed of the requests of one version since the tick before."""
        of = (tick.id, key.name, key.version)
        last = read_reading(self._database, *of) if READINGS in self._database.tables else None
        ended = self._database.rows(f"SELECT 1 FROM status {OF_VERSION} LIMIT 1", *of)  # noqa: S608
        return RequestReport({}, {}, {}, last=last) if last or ended else None

    def _read(
        self, index: int, tick: Tick, detail: Detail, key: ModelKey | None = None
    ) -> Observation:
        (values,) = self._database.rows(_SELECT_TICK, tick.id)
        row = dict(zip(_TICK, values, strict=True))
        texts([row[name] for name in _TICK_TEXTS if row[name] is not None])
        problem = _problem(row["problem_kind"], row["problem"], row["problem_hint"])
        no_scrape = _problem(
            row["metrics_problem_kind"], row["metrics_problem"], row["metrics_problem_hint"]
        )
        observation = Observation(
            at=self.at(index),
            facts=_facts(row["server_version"], row["model_api"]),
            models=problem or self._descriptions.read(tick.id, key.name if key else None),
            scrape=no_scrape
            or self._part(tick, lambda: self._scrape(tick, row, key))
            or RecordingError("the counters of this tick are damaged in the recording"),
        )
        return observation if detail is Detail.STATE else self._with_rest(observation, tick, detail)

    def _with_rest(self, observation: Observation, tick: Tick, detail: Detail) -> Observation:
        # An older recording has no such table.
        has_logs = "log" in self._database.tables
        scrape = observation.scrape
        if (detail is Detail.ALL or self.with_series) and isinstance(scrape, Scrape):
            published = self._part(tick, lambda: read_published(self._database, tick.id))
            scrape = replace(scrape, published=published or Published())
        logged = self._part(tick, lambda: read_logs(self._database, tick.id) if has_logs else None)
        return replace(
            observation,
            scrape=scrape,
            processes=self._part(tick, lambda: self._processes(tick)) or {},
            reports=self._part(
                tick, lambda: read_reports(self._database, tick.id, times=detail is Detail.ALL)
            )
            or {},
            worker_states=logged.worker_states if logged else None,
            causes=logged.causes if logged else {},
            log_folder=logged.folder if logged else None,
            ping=self._part(tick, lambda: self._ping(tick)) or "",
            token_ends=self._part(tick, lambda: self._token_ends(tick)) or {},
        )

    def _part(self, tick: Tick, read: Callable[[], T | None]) -> T | None:
        """A part of a tick; None, and noted, where it cannot be read."""
        try:
            return read()
        except _DAMAGE as error:
            self._lost(self._lost_parts, tick, error)
            return None

    def _scrape(self, tick: Tick, row: Mapping[str, Any], key: ModelKey | None) -> Scrape:
        return Scrape(
            self._instant(tick, row["metrics_elapsed"]),
            MetricsMode(row["metrics_mode"]),
            self._series(tick, key),
            logged=bool(row["metrics_logged"]),
            lost_lines=self._lost_lines(tick),
        )

    def _instant(self, tick: Tick, elapsed: Any) -> Instant:
        """A moment of a tick's session."""
        numbers((elapsed,))
        started = self._starts[tick.session]
        return Instant(started + elapsed, datetime.fromtimestamp(tick.time, UTC))

    def _lost_lines(self, tick: Tick) -> int:
        if "lost" not in self._database.tables:
            return 0
        rows = self._database.rows("SELECT lines FROM lost WHERE tick = ?", tick.id)
        return int(rows[0][0]) if rows else 0

    def _series(self, tick: Tick, key: ModelKey | None) -> dict[SeriesKey, Counters]:
        of_one = " AND model = ?" if key else ""
        rows = self._database.rows(
            "SELECT model, version, requests, inference_us, queue_us FROM counter"  # noqa: S608
            f" WHERE tick = ?{of_one}",
            *(tick.id, key.name) if key else (tick.id,),
        )
        return {SeriesKey(*texts(row[:2])): Counters(*numbers(row[2:])) for row in rows}

    def _processes(self, tick: Tick) -> dict[int, ProcessUsage]:
        rows = self._database.rows(f"{_PROCESS} WHERE tick = ?", tick.id)
        return {pid: ProcessUsage(*usage) for pid, *usage in map(numbers, rows)}

    def _process(self, tick: Tick, pid: int) -> dict[int, ProcessUsage]:
        rows = self._database.rows(f"{_PROCESS} WHERE tick = ? AND pid = ?", tick.id, pid)
        return {pid: ProcessUsage(*usage) for pid, *usage in map(numbers, rows)}

    def _ping(self, tick: Tick) -> str:
        if "ping" not in self._database.tables:
            return ""
        rows = self._database.rows("SELECT answer FROM ping WHERE tick = ?", tick.id)
        return texts(rows[0])[0] if rows else ""

    def _token_ends(self, tick: Tick) -> dict[KeyKind, datetime]:
        if "token" not in self._database.tables:
            return {}
        rows = self._database.rows("SELECT kind, expires FROM token WHERE tick = ?", tick.id)
        return {KeyKind(kind): datetime.fromtimestamp(ends, UTC) for kind, ends in rows}


def _facts(version: str | None, model_api: int | None) -> ServerFacts | None:
    if version is None:
        return None
    return ServerFacts(version, None if model_api is None else bool(model_api))


def _problem(kind: str | None, message: str | None, hint: str | None) -> TorchServeError | None:
    if kind is None:
        return None
    if kind == TokenRefused.__name__:
        problem = next((word for word in KeyProblem if word in (message or "")), KeyProblem.WRONG)
        return TokenRefused(400, "InvalidKeyException", message or "", problem, hint or "")
    if kind in _PLAIN:
        return _PLAIN[kind](message or "", hint or "")
    return ApiError(0, "", message or "", hint or "")
