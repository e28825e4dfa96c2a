"""Reads a recording back, tick by tick, as the observations they were."""

from __future__ import annotations

import math
import sqlite3
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from tsmon.telemetry.instant import Instant
from tsmon.telemetry.logs.quantiles import Quantiles
from tsmon.telemetry.logs.times import MINUTE_S, Part, Profile, RequestReport
from tsmon.telemetry.recording.logs import Logged, read_logs
from tsmon.telemetry.recording.readings import TABLE as READINGS
from tsmon.telemetry.recording.readings import read_readings
from tsmon.telemetry.recording.schema import RecordingError, open_for_reading
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

_PLAIN = {kind.__name__: kind for kind in (Unreachable, TimedOut, TooLarge, NotTorchServe)}


@dataclass(frozen=True, slots=True)
class Tick:
    """Where a tick is in time."""

    id: int
    session: int
    time: float
    """Unix time, of the recording machine's wall clock."""


class Recording:
    """A recording that is read; ticks are numbered from 0.

    As a source it gives one tick after the other, as fast as it is asked.
    """

    def __init__(self, path: Path) -> None:
        """Open it.

        Raises:
            RecordingError: there is none, or nothing is in it.
        """
        self.path = path
        self.position = 0
        """The tick that is given next."""
        self._connection = open_for_reading(path)
        self.ticks = self._read_ticks()
        if not self.ticks:
            raise RecordingError(f"{path} has no tick yet", "let it record for a moment")
        self._bodies: dict[int, ModelVersion] = {}
        self._sessions = self._read_sessions()
        tables = self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        self._tables = {name for (name,) in tables}

    @property
    def label(self) -> str:
        """The server that was recorded last."""
        return str(self._sessions[self.ticks[-1].session][0])

    @property
    def model_count(self) -> int:
        """The models of all ticks together."""
        (count,) = self._connection.execute("SELECT count(*) FROM description").fetchone()
        return int(count)

    async def observe(self, focus: ModelKey | None) -> Observation:
        """The next tick.

        Raises:
            RecordingError: there is none, or the file is damaged.
        """
        if self.position >= len(self.ticks):
            raise RecordingError(f"{self.path} has no more ticks")
        self.position += 1
        return self.observation(self.position - 1)

    def index_at(self, time: float) -> int:
        """The last tick not after a Unix time; 0 when all are later."""
        return max(bisect_right([tick.time for tick in self.ticks], time) - 1, 0)

    def observation(self, index: int) -> Observation:
        """What the source said at a tick.

        Raises:
            RecordingError: the file is damaged.
        """
        try:
            return self._read(self.ticks[index])
        except (sqlite3.Error, ValueError, TypeError, KeyError) as error:
            raise RecordingError(f"{self.path} is damaged: {error}") from None

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _read_ticks(self) -> list[Tick]:
        """All ticks; none where the file was begun a moment ago."""
        try:
            rows = self._connection.execute("SELECT id, session, time FROM tick ORDER BY id")
            return [Tick(*row) for row in rows]
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return []
            raise RecordingError(f"cannot read {self.path}: {error}") from None

    def _read_sessions(self) -> dict[int, tuple[str, float]]:
        """The server and the start of each session; none starts before the one before has ended.

        The wall clock may have been set back between two of them.
        """
        sessions: dict[int, tuple[str, float]] = {}
        end = -math.inf
        for id_, server, started, longest in self._connection.execute(
            "SELECT session.id, server, started, max(elapsed)"
            " FROM session JOIN tick ON tick.session = session.id GROUP BY session.id"
            " ORDER BY session.id"
        ):
            sessions[id_] = (server, max(started, end))
            end = sessions[id_][1] + longest
        return sessions

    def _read(self, tick: Tick) -> Observation:
        cursor = self._connection.execute("SELECT * FROM tick WHERE id = ?", (tick.id,))
        names = [column[0] for column in cursor.description]
        row = dict(zip(names, cursor.fetchone(), strict=True))
        at = self._instant(tick, row["elapsed"])
        problem = _problem(row["problem_kind"], row["problem"], row["problem_hint"])
        no_scrape = _problem(
            row["metrics_problem_kind"], row["metrics_problem"], row["metrics_problem_hint"]
        )
        # An older recording has no such table.
        logged = read_logs(self._connection, tick.id) if "log" in self._tables else Logged()
        return Observation(
            at=at,
            facts=_facts(row["server_version"], row["model_api"]),
            models=problem or self._descriptions(tick),
            scrape=no_scrape
            or Scrape(
                self._instant(tick, row["metrics_elapsed"]),
                MetricsMode(row["metrics_mode"]),
                self._series(tick),
                {},
                logged=bool(row["metrics_logged"]),
                lost_lines=self._lost_lines(tick),
            ),
            processes=self._processes(tick),
            reports=self._reports(tick),
            lives=logged.lives,
            causes=logged.causes,
            log_folder=logged.folder,
            token_ends=self._token_ends(tick),
        )

    def _instant(self, tick: Tick, elapsed: float) -> Instant:
        """Differences within a session are those of the monotonic clock it was recorded by."""
        started = float(self._sessions[tick.session][1])
        return Instant(started + elapsed, datetime.fromtimestamp(tick.time, UTC))

    def _descriptions(self, tick: Tick) -> tuple[Description, ...]:
        rows = self._connection.execute(
            "SELECT is_default, body FROM description WHERE tick = ? ORDER BY position",
            (tick.id,),
        ).fetchall()
        unread = self._unread(tick)
        return tuple(
            _description(self._described(body), bool(is_default), unread.get(position))
            for position, (is_default, body) in enumerate(rows)
        )

    def _unread(self, tick: Tick) -> dict[int, TorchServeError]:
        """Why versions could not be described, by position; an older recording has none."""
        if "unread" not in self._tables:
            return {}
        rows = self._connection.execute(
            "SELECT position, problem, hint FROM unread WHERE tick = ?", (tick.id,)
        )
        return {position: TorchServeError(problem, hint) for position, problem, hint in rows}

    def _lost_lines(self, tick: Tick) -> int:
        if "lost" not in self._tables:
            return 0
        row = self._connection.execute(
            "SELECT lines FROM lost WHERE tick = ?", (tick.id,)
        ).fetchone()
        return int(row[0]) if row else 0

    def _described(self, body: int) -> ModelVersion:
        """A description; those of the same words share one in memory."""
        if body not in self._bodies:
            (text,) = self._connection.execute(
                "SELECT json FROM body WHERE id = ?", (body,)
            ).fetchone()
            self._bodies[body] = parse_versions([parse_json(text)])[0]
        return self._bodies[body]

    def _series(self, tick: Tick) -> dict[SeriesKey, Counters]:
        rows = self._connection.execute(
            "SELECT model, version, requests, inference_us, queue_us FROM counter WHERE tick = ?",
            (tick.id,),
        )
        return {SeriesKey(model, version): Counters(*sums) for model, version, *sums in rows}

    def _processes(self, tick: Tick) -> dict[int, ProcessUsage]:
        rows = self._connection.execute(
            "SELECT pid, memory_bytes, cpu_percent, started FROM process WHERE tick = ?",
            (tick.id,),
        )
        return {pid: ProcessUsage(*usage) for pid, *usage in rows}

    def _token_ends(self, tick: Tick) -> dict[KeyKind, datetime]:
        if "token" not in self._tables:
            return {}
        rows = self._connection.execute(
            "SELECT kind, expires FROM token WHERE tick = ?", (tick.id,)
        )
        return {KeyKind(kind): datetime.fromtimestamp(ends, UTC) for kind, ends in rows}

    def _reports(self, tick: Tick) -> dict[ModelKey, RequestReport]:
        profiles: dict[ModelKey, dict[float, Profile]] = defaultdict(lambda: defaultdict(dict))
        for model, version, window, part, *numbers in self._connection.execute(
            "SELECT model, version, window_s, part, requests, p50, p90, p95, p99"
            " FROM quantile WHERE tick = ?",
            (tick.id,),
        ):
            profiles[ModelKey(model, version)][window][Part(part)] = Quantiles(*numbers)
        statuses: dict[ModelKey, dict[int, int]] = defaultdict(dict)
        for model, version, status, requests in self._connection.execute(
            "SELECT model, version, status, requests FROM status WHERE tick = ?", (tick.id,)
        ):
            statuses[ModelKey(model, version)][status] = requests
        has_readings = READINGS in self._tables
        readings = read_readings(self._connection, tick.id) if has_readings else {}
        return {
            key: RequestReport(
                minute=profiles[key].pop(MINUTE_S, {}),
                five_minutes=next(iter(profiles[key].values()), {}),
                statuses=statuses[key],
                last=readings.get(key),
            )
            for key in profiles.keys() | statuses.keys()
        }


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
