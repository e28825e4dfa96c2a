"""Reads a recording back, tick by tick, as the observations they were."""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from tsmon.telemetry.instant import Instant
from tsmon.telemetry.logs.percentiles import Percentiles
from tsmon.telemetry.logs.request_report import MINUTE_S, Profile, RequestPhase, RequestReport
from tsmon.telemetry.recording.database import Database, damaged, numbers, texts
from tsmon.telemetry.recording.logs import read_logs
from tsmon.telemetry.recording.readings import TABLE as READINGS
from tsmon.telemetry.recording.readings import read_readings
from tsmon.telemetry.recording.schema import RecordingError
from tsmon.telemetry.recording.timeline import Tick, read_timeline
from tsmon.telemetry.scrape import Counters, MetricsMode, Scrape, SeriesKey
from tsmon.telemetry.snapshot import ModelKey, ProcessUsage
from tsmon.telemetry.source import Description, Observation, ServerFacts
from tsmon.torchserve.errors import (
    ApiError,
    KeyProblem,
    NotTorchServe,
    TimedOut,
    TokenRefused,
    TooLarge,
    TorchServeError,
    Unreachable,
)
from tsmon.torchserve.records import ModelVersion, parse_versions
from tsmon.torchserve.tokens import KeyKind
from tsmon.untrusted.json import parse_json

MINUTE_STATUS = "minute_status"
"""Recordings of an earlier tsmon do not have this table."""
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
_TICK = ("elapsed", "model_api", "metrics_elapsed", "metrics_logged", *_TICK_TEXTS)
_SELECT_TICK = f"SELECT {', '.join(_TICK)} FROM tick WHERE id = ?"  # noqa: S608
_PLAIN = {kind.__name__: kind for kind in (Unreachable, TimedOut, TooLarge, NotTorchServe)}


class Recording:
    """A recording that is read; ticks are numbered from 0.

    As a source it gives one tick after the other, as fast as it is asked. Of a damaged one it gives
    what can be read, and `damage` tells what could not.
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
        self._bodies: dict[int, ModelVersion] = {}
        try:
            timeline = read_timeline(self._database)
        except BaseException:
            self._database.close()
            raise
        self.ticks = timeline.ticks
        self._starts = timeline.starts
        self._label = timeline.server
        self._reason = timeline.damage
        self._rest = self.observations()

    @property
    def label(self) -> str:
        """The server that was recorded last."""
        return self._label

    @property
    def model_count(self) -> int:
        """The models of all ticks together."""
        try:
            ((count,),) = self._database.rows("SELECT count(*) FROM description")
        except sqlite3.Error:
            return len(self.ticks)
        return int(count)

    @property
    def damage(self) -> RecordingError | None:
        """What could not be read so far; None as long as all could."""
        lost, parts = len(self._lost_ticks), len(self._lost_parts - self._lost_ticks)
        if not self._reason:
            return None
        words = [f"{lost} of {len(self.ticks)} ticks cannot be read"] if lost else []
        words += [f"parts of {parts} ticks cannot be read"] if parts else []
        return damaged(
            self.path, f"{', '.join(words) or 'not all ticks are found'}: {self._reason}"
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

    def index_at(self, time: float) -> int:
        """The last tick not after a Unix time; 0 when all are later."""
        return max(bisect_right([tick.time for tick in self.ticks], time) - 1, 0)

    def observation(self, index: int) -> Observation:
        """What the source said at a tick.

        Raises:
            RecordingError: that is damaged.
        """
        tick = self.ticks[index]
        try:
            return self._read(tick)
        except _DAMAGE as error:
            self._lost(self._lost_ticks, tick, error)
            raise damaged(self.path, str(error)) from None

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def _lost(self, among: set[int], tick: Tick, error: Exception) -> None:
        among.add(tick.id)
        self._reason = self._reason or str(error) or type(error).__name__

    def _read(self, tick: Tick) -> Observation:
        (values,) = self._database.rows(_SELECT_TICK, tick.id)
        row = dict(zip(_TICK, values, strict=True))
        texts([row[name] for name in _TICK_TEXTS if row[name] is not None])
        problem = _problem(row["problem_kind"], row["problem"], row["problem_hint"])
        no_scrape = _problem(
            row["metrics_problem_kind"], row["metrics_problem"], row["metrics_problem_hint"]
        )
        # An older recording has no such table.
        has_logs = "log" in self._database.tables
        logged = self._part(tick, lambda: read_logs(self._database, tick.id) if has_logs else None)
        return Observation(
            at=self._instant(tick, row["elapsed"]),
            facts=_facts(row["server_version"], row["model_api"]),
            models=problem or self._descriptions(tick),
            scrape=no_scrape
            or self._part(tick, lambda: self._scrape(tick, row))
            or RecordingError("the counters of this tick are damaged in the recording"),
            processes=self._part(tick, lambda: self._processes(tick)) or {},
            reports=self._part(tick, lambda: self._reports(tick)) or {},
            worker_states=logged.worker_states if logged else None,
            causes=logged.causes if logged else {},
            log_folder=logged.folder if logged else None,
            token_ends=self._part(tick, lambda: self._token_ends(tick)) or {},
        )

    def _part(self, tick: Tick, read: Callable[[], T | None]) -> T | None:
        """A part of a tick; None, and noted, where it cannot be read."""
        try:
            return read()
        except _DAMAGE as error:
            self._lost(self._lost_parts, tick, error)
            return None

    def _scrape(self, tick: Tick, row: Mapping[str, Any]) -> Scrape:
        return Scrape(
            self._instant(tick, row["metrics_elapsed"]),
            MetricsMode(row["metrics_mode"]),
            self._series(tick),
            {},
            logged=bool(row["metrics_logged"]),
            lost_lines=self._lost_lines(tick),
        )

    def _instant(self, tick: Tick, elapsed: Any) -> Instant:
        """Differences within a session are those of the monotonic clock it was recorded by."""
        numbers((elapsed,))
        started = self._starts[tick.session]
        return Instant(started + elapsed, datetime.fromtimestamp(tick.time, UTC))

    def _descriptions(self, tick: Tick) -> tuple[Description, ...]:
        rows = self._database.rows(
            "SELECT is_default, body FROM description WHERE tick = ? ORDER BY position", tick.id
        )
        unread = self._unread(tick)
        return tuple(
            _description(self._described(body), bool(is_default), unread.get(position))
            for position, (is_default, body) in enumerate(rows)
        )

    def _unread(self, tick: Tick) -> dict[int, TorchServeError]:
        """Why versions could not be described, by position; an older recording has none."""
        if "unread" not in self._database.tables:
            return {}
        rows = self._database.rows(
            "SELECT position, problem, hint FROM unread WHERE tick = ?", tick.id
        )
        return {position: TorchServeError(problem, hint) for position, problem, hint in rows}

    def _lost_lines(self, tick: Tick) -> int:
        if "lost" not in self._database.tables:
            return 0
        rows = self._database.rows("SELECT lines FROM lost WHERE tick = ?", tick.id)
        return int(rows[0][0]) if rows else 0

    def _described(self, body: int) -> ModelVersion:
        """A description; those of the same words share one in memory."""
        if body not in self._bodies:
            ((text,),) = self._database.rows("SELECT json FROM body WHERE id = ?", body)
            self._bodies[body] = parse_versions([parse_json(text)])[0]
        return self._bodies[body]

    def _series(self, tick: Tick) -> dict[SeriesKey, Counters]:
        rows = self._database.rows(
            "SELECT model, version, requests, inference_us, queue_us FROM counter WHERE tick = ?",
            tick.id,
        )
        return {SeriesKey(*texts(row[:2])): Counters(*numbers(row[2:])) for row in rows}

    def _processes(self, tick: Tick) -> dict[int, ProcessUsage]:
        rows = self._database.rows(
            "SELECT pid, memory_bytes, cpu_percent, started FROM process WHERE tick = ?", tick.id
        )
        return {pid: ProcessUsage(*usage) for pid, *usage in map(numbers, rows)}

    def _token_ends(self, tick: Tick) -> dict[KeyKind, datetime]:
        if "token" not in self._database.tables:
            return {}
        rows = self._database.rows("SELECT kind, expires FROM token WHERE tick = ?", tick.id)
        return {KeyKind(kind): datetime.fromtimestamp(ends, UTC) for kind, ends in rows}

    def _reports(self, tick: Tick) -> dict[ModelKey, RequestReport]:
        profiles: dict[ModelKey, dict[float, Profile]] = defaultdict(lambda: defaultdict(dict))
        for model, version, part, *found in self._database.rows(
            "SELECT model, version, part, window_s, requests, p50, p90, p95, p99"
            " FROM quantile WHERE tick = ?",
            tick.id,
        ):
            window, *quantiles = numbers(found)
            key = ModelKey(*texts((model, version)))
            profiles[key][window][RequestPhase(part)] = Percentiles(*quantiles)
        statuses = self._statuses(tick, "status")
        has_minute = MINUTE_STATUS in self._database.tables
        lately = self._statuses(tick, MINUTE_STATUS) if has_minute else {}
        has_readings = READINGS in self._database.tables
        readings = read_readings(self._database, tick.id) if has_readings else {}
        return {
            key: RequestReport(
                minute=profiles[key].pop(MINUTE_S, {}),
                five_minutes=next(iter(profiles[key].values()), {}),
                statuses=statuses.get(key, {}),
                last=readings.get(key),
                minute_statuses=lately.get(key, {}),
            )
            for key in profiles.keys() | statuses.keys()
        }

    def _statuses(self, tick: Tick, table: str) -> dict[ModelKey, dict[int, int]]:
        found: dict[ModelKey, dict[int, int]] = defaultdict(dict)
        for model, version, *pair in self._database.rows(
            f"SELECT model, version, status, requests FROM {table} WHERE tick = ?",  # noqa: S608
            tick.id,
        ):
            status, requests = numbers(pair)
            found[ModelKey(*texts((model, version)))][status] = requests
        return found


def _description(model: ModelVersion, is_default: bool, why: TorchServeError | None) -> Description:
    if why is not None and "modelVersion" in model.unread:  # only the list told of it
        model = replace(model, version="", unread=())
    return Description(model, is_default, why=why)


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
