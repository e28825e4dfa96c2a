"""The ticks of a recording in their order, and when each of its sessions began."""

from __future__ import annotations

import math
import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from tsmon.telemetry.recording.database import Database, damaged, numbers, texts, unreadable
from tsmon.telemetry.recording.schema import RecordingError

_EVERY = "SELECT id, session, time, elapsed, notable FROM tick ORDER BY id"
_WRONG = (ValueError, ArithmeticError, OSError)


class Tick(Struct, frozen=True):
    """Where a tick is in time."""

    id: int
    session: int
    time: float
    """Unix time, of the recording machine's wall clock."""
    elapsed: float
    """Seconds of the monotonic clock since its session's first tick."""
    notable: bool
    """Whether something changed at it or right after."""


class Timeline(Struct, frozen=True):
    """What can be read."""

    server: str
    """That of the last session."""
    starts: Mapping[int, float]
    """Unix time by session; none starts before the one before has ended."""
    ticks: list[Tick]
    damage: str
    """Why ticks are missing; empty where none is."""


def read_timeline(database: Database) -> Timeline:
    """All ticks that can be found.

    Raises:
        RecordingError: there are none, as where the file was begun a moment ago, or none can be
            read.
    """
    path = database.path
    none_yet = RecordingError(f"{path} has no ticks yet", "let it record for a moment")
    if not {"session", "tick"} <= database.tables:
        raise none_yet
    try:
        sessions = database.rows("SELECT id, server, started FROM session ORDER BY id")
        rows, damage = _tick_rows(database)
    except (sqlite3.Error, ValueError) as error:
        raise unreadable(path, error) from None
    ticks, longest, wrong = _ticks(rows)
    servers, starts, wrong_session = _starts(sessions, longest)
    ticks = [tick for tick in ticks if tick.session in starts]
    damage = damage or wrong or wrong_session
    if not ticks:
        raise damaged(path, damage) if damage else none_yet
    return Timeline(servers[ticks[-1].session], starts, ticks, damage)


def _tick_rows(database: Database) -> tuple[list[tuple[Any, ...]], str]:
    """All ticks; around a damaged place those before and those behind it."""
    rows, damage = database.first_rows(_EVERY)
    if damage is None:
        return rows, ""
    with suppress(sqlite3.Error):
        behind, _ = database.first_rows(f"{_EVERY} DESC")
        rows = list({row[0]: row for row in (*rows, *reversed(behind))}.values())
    return rows, str(damage)


def _ticks(rows: list[tuple[Any, ...]]) -> tuple[list[Tick], Mapping[int, float], str]:
    """The ticks, and how long each session lasted by them."""
    longest: dict[int, float] = defaultdict(float)
    ticks, wrong = [], ""
    for row in rows:
        try:
            id_, session, time, elapsed, notable = numbers(row)
            datetime.fromtimestamp(time, UTC)
        except _WRONG as error:
            wrong = wrong or str(error)
            continue
        longest[session] = max(longest[session], elapsed)
        ticks.append(Tick(id_, session, time, elapsed, bool(notable)))
    return ticks, longest, wrong


def _starts(
    rows: list[tuple[Any, ...]], longest: Mapping[int, float]
) -> tuple[dict[int, str], dict[int, float], str]:
    """The server and the start of each session that has ticks.

    The wall clock may have been set back between two of them.
    """
    servers: dict[int, str] = {}
    starts: dict[int, float] = {}
    end, wrong = -math.inf, ""
    for id_, server, started in rows:
        if id_ not in longest:
            continue
        try:
            texts((server,))
            numbers((started,))
        except ValueError as error:
            wrong = wrong or str(error)
            continue
        servers[id_] = server
        starts[id_] = max(started, end)
        end = starts[id_] + longest[id_]
    return servers, starts, wrong
