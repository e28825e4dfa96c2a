"""Reads what the logs showed of requests, as it was recorded."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tsmon.telemetry.logs.percentiles import Percentiles
from tsmon.telemetry.logs.request_report import MINUTE_S, Profile, RequestPhase, RequestReport
from tsmon.telemetry.recording.database import numbers, texts
from tsmon.telemetry.recording.readings import TABLE as READINGS
from tsmon.telemetry.recording.readings import read_readings
from tsmon.telemetry.snapshot import ModelKey

if TYPE_CHECKING:
    from tsmon.telemetry.recording.database import Database

MINUTE_STATUS = "minute_status"
"""Recordings of an earlier tsmon do not have this table."""


def read_reports(database: Database, tick: int, *, times: bool) -> dict[ModelKey, RequestReport]:
    """What the logs showed of each version up to a tick: its statuses, and request `times`."""
    statuses = _statuses(database, tick, "status")
    if not times:
        return {key: RequestReport({}, {}, found) for key, found in statuses.items()}
    profiles: dict[ModelKey, dict[float, Profile]] = defaultdict(lambda: defaultdict(dict))
    for model, version, part, *found in database.rows(
        "SELECT model, version, part, window_s, requests, p50, p90, p95, p99"
        " FROM quantile WHERE tick = ?",
        tick,
    ):
        window, *quantiles = numbers(found)
        key = ModelKey(*texts((model, version)))
        profiles[key][window][RequestPhase(part)] = Percentiles(*quantiles)
    has_minute = MINUTE_STATUS in database.tables
    lately = _statuses(database, tick, MINUTE_STATUS) if has_minute else {}
    has_readings = READINGS in database.tables
    readings = read_readings(database, tick) if has_readings else {}
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


def _statuses(database: Database, tick: int, table: str) -> dict[ModelKey, dict[int, int]]:
    found: dict[ModelKey, dict[int, int]] = defaultdict(dict)
    for model, version, *pair in database.rows(
        f"SELECT model, version, status, requests FROM {table} WHERE tick = ?",  # noqa: S608
        tick,
    ):
        status, requests = numbers(pair)
        found[ModelKey(*texts((model, version)))][status] = requests
    return found
