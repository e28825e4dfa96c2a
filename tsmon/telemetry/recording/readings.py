"""What each reading of the log files brought, in a recording."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Mapping

from tsmon.telemetry.logs.percentiles import Percentiles
from tsmon.telemetry.logs.request_report import LastReading, Profile, RequestPhase, WorkerShare
from tsmon.telemetry.logs.time_buckets import LAST, add_counts, pack_counts, unpack_counts
from tsmon.telemetry.recording.database import Database, numbers, texts
from tsmon.telemetry.snapshot import ModelKey
from tsmon.untrusted.json import parse_json

TABLE = "answered"
"""Recordings of an earlier tsmon do not have it."""
TIMES = "answered_times"
OF_VERSION = "WHERE tick = ? AND model = ? AND version = ?"


def write_reading(
    connection: sqlite3.Connection, tick: int, key: ModelKey, last: LastReading
) -> None:
    """Write what a tick's reading brought of one version."""
    of = (tick, key.name, key.version)
    connection.execute(
        "INSERT INTO answered VALUES (?, ?, ?, ?, ?, ?)",
        (*of, last.seconds, last.requests, last.failed),
    )
    connection.executemany(
        "INSERT INTO answered_in VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (*of, part.value, found.count, found.p50, found.p90, found.p95, found.p99)
            for part, found in last.profile.items()
        ],
    )
    connection.executemany(
        "INSERT INTO answered_by VALUES (?, ?, ?, ?, ?, ?)",
        [(*of, worker, share.requests, share.busy_ms) for worker, share in last.workers.items()],
    )
    if last.times:
        buckets = json.dumps(unpack_counts(last.times))
        connection.execute("INSERT INTO answered_times VALUES (?, ?, ?, ?)", (*of, buckets))


def read_readings(database: Database, tick: int) -> Mapping[ModelKey, LastReading]:
    """What a tick's reading brought of each version.

    Raises:
        sqlite3.Error: it cannot be read.
        ValueError: something else is where a number should be or text.
    """
    profiles: dict[ModelKey, Profile] = defaultdict(dict)
    for model, version, part, *found in database.rows(
        "SELECT model, version, part, requests, p50, p90, p95, p99 FROM answered_in WHERE tick = ?",
        tick,
    ):
        profiles[ModelKey(model, version)][RequestPhase(part)] = Percentiles(*numbers(found))
    shares: dict[ModelKey, dict[str, WorkerShare]] = defaultdict(dict)
    for model, version, worker, *found in database.rows(
        "SELECT model, version, worker, requests, busy_ms FROM answered_by WHERE tick = ?", tick
    ):
        shares[ModelKey(model, version)][worker] = WorkerShare(*numbers(found))
    rows = database.rows(
        "SELECT model, version, seconds, requests, failed FROM answered WHERE tick = ?", tick
    )
    times: dict[ModelKey, bytes] = {}
    if TIMES in database.tables:
        sql = "SELECT model, version, buckets FROM answered_times WHERE tick = ?"
        for row in database.rows(sql, tick):
            model, version, buckets = texts(row)
            times[ModelKey(model, version)] = _packed(buckets)
    found_of: dict[ModelKey, LastReading] = {}
    for row in rows:
        key = ModelKey(*texts(row[:2]))
        seconds, requests, failed = numbers(row[2:])
        found_of[key] = LastReading(
            *(seconds, requests, failed, profiles[key], shares[key], times.get(key, b""))
        )
    return found_of


def read_times(database: Database, first: int, last: int, model: str, version: str) -> bytes:
    """How many requests of one version had which inference time, from one tick to another.

    Raises:
        sqlite3.Error: it cannot be read.
        ValueError: something else is where counts should be.
    """
    if TIMES not in database.tables:
        return b""
    rows = database.rows(
        "SELECT buckets FROM answered_times"
        " WHERE tick BETWEEN ? AND ? AND model = ? AND version = ?",
        *(first, last, model, version),
    )
    return add_counts(_packed(*texts(row)) for row in rows)


def _packed(buckets: str) -> bytes:
    """The counts that were written as JSON."""
    found = parse_json(buckets)
    if not isinstance(found, dict):
        raise ValueError("the counted times are not an object")
    counts = dict(zip(map(int, found), numbers(list(found.values())), strict=True))
    if any(not 0 <= bucket <= LAST for bucket in counts):
        raise ValueError("there is no such bucket of times")
    return pack_counts({bucket: int(count) for bucket, count in counts.items()})


def read_reading(database: Database, tick: int, model: str, version: str) -> LastReading | None:
    """What a tick's reading brought of one version, without its workers; None without any.

    Raises:
        sqlite3.Error: it cannot be read.
        ValueError: something else is where a number should be.
    """
    of = (tick, model, version)
    rows = database.rows(f"SELECT seconds, requests, failed FROM answered {OF_VERSION}", *of)  # noqa: S608
    if not rows:
        return None
    profile = {
        RequestPhase(part): Percentiles(*numbers(found))
        for part, *found in database.rows(
            f"SELECT part, requests, p50, p90, p95, p99 FROM answered_in {OF_VERSION}",  # noqa: S608
            *of,
        )
    }
    seconds, requests, failed = numbers(rows[0])
    times = read_times(database, tick, tick, model, version)
    return LastReading(seconds, requests, failed, profile, times=times)
