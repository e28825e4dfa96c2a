"""Writes what a source says, a transaction per tick."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tsmon.telemetry.logs.request_report import KEPT_S, MINUTE_S, Profile
from tsmon.telemetry.recording.logs import DROP_UNUSED_CAUSES, write_logs
from tsmon.telemetry.recording.readings import write_reading
from tsmon.telemetry.recording.schema import RecordingError, not_written, open_for_writing
from tsmon.telemetry.recording.series import DROP_UNUSED_VALUES, SeriesWriter
from tsmon.telemetry.scrape import Scrape, SeriesKey
from tsmon.torchserve.errors import TorchServeError
from tsmon.untrusted.secrets import masked, masked_values

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelKey
    from tsmon.telemetry.source import Description, Observation

THINNING = ((3600.0, 10), (86_400.0, 60))
"""Ticks older than so many seconds are thinned to one per so many seconds."""
THIN_EVERY_S = 600.0
_REPLACED = "another file has its name"
_LARGEST = int(sys.float_info.max)

# TorchServe's sums are cumulative, so leaving ticks out loses none of them: the growth between two
# ticks that stay is the growth of all that were between them.
_THIN = """
DELETE FROM tick WHERE notable = 0 AND time < :before AND id NOT IN (
    SELECT MIN(id) FROM tick WHERE time < :before GROUP BY session, CAST(time / :bucket AS INTEGER)
)
"""


class Writer:
    """One session of a recording."""

    def __init__(self, path: Path, server: str) -> None:
        """Begin a session in a file.

        Raises:
            RecordingError: the file cannot be used.
        """
        self._path = path
        self._connection = open_for_writing(path)
        self._thinned = time.monotonic()
        self._origin: float | None = None
        self._last: Observation | None = None
        self._series = SeriesWriter(self._connection)
        try:
            self._file = _identity(path)
            cursor = self._connection.execute(
                "INSERT INTO session (server, started) VALUES (?, ?)", (server, time.time())
            )
        except (sqlite3.Error, OSError) as error:
            self._connection.close()
            raise not_written(path, error) from None
        self._session = cursor.lastrowid

    def write(self, observation: Observation) -> None:
        """Write one tick.

        Raises:
            RecordingError: it cannot be written.
        """
        try:
            if _identity(self._path) != self._file:
                raise RecordingError(f"{self._path} was replaced by another file", reason=_REPLACED)
            self._connection.execute("BEGIN")
            self._write_tick(observation)
            self._connection.execute("COMMIT")
            if time.monotonic() - self._thinned > THIN_EVERY_S:
                self.thin(observation.at.wall.timestamp())
        except FileNotFoundError:
            raise RecordingError(f"{self._path} is gone", reason="the file was deleted") from None
        except (sqlite3.Error, OSError, ValueError, OverflowError) as error:
            raise not_written(self._path, error) from None
        self._last = observation

    def thin(self, now: float) -> None:
        """Roll up old ticks; `now` is Unix time."""
        for age, bucket in THINNING:
            self._connection.execute(_THIN, {"before": now - age, "bucket": bucket})
        self._connection.execute("DELETE FROM body WHERE id NOT IN (SELECT body FROM description)")
        self._connection.execute(DROP_UNUSED_CAUSES)
        self._connection.execute(DROP_UNUSED_VALUES)
        self._thinned = time.monotonic()

    def close(self) -> None:
        """Finish the file: its write-ahead log is folded in."""
        self._connection.close()

    def _write_tick(self, observation: Observation) -> None:
        tick = self._insert_tick(observation)
        scrape, models = observation.scrape, observation.models
        if isinstance(scrape, Scrape):
            self._insert(
                "counter",
                (
                    (tick, key.model, key.version, sums.requests, sums.inference_us, sums.queue_us)
                    for key, sums in scrape.series.items()
                ),
            )
            self._series.write(tick, scrape.published)
            if scrape.lost_lines:
                self._insert("lost", [(tick, scrape.lost_lines)])
        if not isinstance(models, TorchServeError):
            self._insert_descriptions(tick, models)
        if observation.ping:
            self._insert("ping", [(tick, observation.ping)])
        self._insert(
            "process",
            (
                (tick, pid, usage.memory_bytes, usage.cpu_percent, usage.started)
                for pid, usage in observation.processes.items()
            ),
        )
        for key, report in observation.reports.items():
            self._insert_profile(tick, key, MINUTE_S, report.minute)
            self._insert_profile(tick, key, KEPT_S, report.five_minutes)
            for table, counts in (
                ("status", report.statuses),
                ("minute_status", report.minute_statuses),
            ):
                rows = ((tick, key.name, key.version, s, n) for s, n in counts.items())
                self._insert(table, rows)
            if report.last is not None:
                write_reading(self._connection, tick, key, report.last)
        write_logs(self._connection, tick, observation)
        self._insert(
            "token",
            ((tick, kind.value, ends.timestamp()) for kind, ends in observation.token_ends.items()),
        )

    def _insert_tick(self, observation: Observation) -> int:
        if self._origin is None:
            self._origin = observation.at.monotonic
        facts, scrape = observation.facts, observation.scrape
        notable = self._notable(observation)
        if notable:  # the last tick before the change shows what it changed from
            self._connection.execute(
                "UPDATE tick SET notable = 1 WHERE id = (SELECT MAX(id) FROM tick)"
            )
        row = (
            self._session,
            observation.at.wall.timestamp(),
            observation.at.monotonic - self._origin,
            facts.version if facts else None,
            facts.model_api if facts else None,
            *_problem(observation.models),
            scrape.mode.value if isinstance(scrape, Scrape) else None,
            scrape.at.monotonic - self._origin if isinstance(scrape, Scrape) else None,
            scrape.logged if isinstance(scrape, Scrape) else None,
            *_problem(scrape),
            notable,
        )
        marks = ", ".join("?" * len(row))
        cursor = self._connection.execute(f"INSERT INTO tick VALUES (NULL, {marks})", row)  # noqa: S608
        return cursor.lastrowid or 0

    def _insert_descriptions(self, tick: int, models: Iterable[Description]) -> None:
        for position, entry in enumerate(models):
            body = json.dumps(_kept(entry.model.raw), sort_keys=True)
            self._connection.execute("INSERT OR IGNORE INTO body (json) VALUES (?)", (body,))
            self._connection.execute(
                "INSERT INTO description SELECT ?, ?, ?, id FROM body WHERE json = ?",
                (tick, position, entry.is_default, body),
            )
            if entry.why is not None:
                self._insert("unread", [(tick, position, str(entry.why), entry.why.hint)])

    def _insert_profile(self, tick: int, key: ModelKey, window: float, profile: Profile) -> None:
        self._insert(
            "quantile",
            (
                (
                    *(tick, key.name, key.version, int(window), part.value),
                    *(found.count, found.p50, found.p90, found.p95, found.p99),
                )
                for part, found in profile.items()
            ),
        )

    def _insert(self, table: str, rows: Iterable[tuple[object, ...]]) -> None:
        for row in rows:
            marks = ", ".join("?" * len(row))
            values = tuple(map(_storable, row))
            self._connection.execute(f"INSERT INTO {table} VALUES ({marks})", values)  # noqa: S608

    def _notable(self, observation: Observation) -> bool:
        """Whether something changed that must outlast thinning."""
        last = self._last
        if last is None:
            return True
        return _problem(last.models) != _problem(observation.models) or _fell(
            last.scrape, observation.scrape
        )


def _identity(path: Path) -> tuple[int, int]:
    """By which one notices that a name leads to another file: SQLite would not."""
    status = os.stat(path)  # noqa: PTH116 (a plain call of the system)
    return status.st_dev, status.st_ino


def _storable(value: object) -> object:
    """The value as SQLite takes it: whole numbers have 64 bits there, and text has a code."""
    if isinstance(value, int) and abs(value) >= 2**63:
        return float(max(-_LARGEST, min(value, _LARGEST)))
    if isinstance(value, str) and not value.isascii():
        return value.encode(errors="replace").decode()
    return value


def _fell(before: Scrape | TorchServeError, after: Scrape | TorchServeError) -> bool:
    if isinstance(before, TorchServeError) or isinstance(after, TorchServeError):
        return before is not after
    keys: Iterable[SeriesKey] = before.series
    return any(
        key not in after.series or after.series[key].fell_below(before.series[key]) for key in keys
    )


def _kept(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A description without the password and the signature of its archive's URL."""
    return {
        name: value if name == "modelName" else masked_values(value) for name, value in raw.items()
    }


def _problem(part: object) -> tuple[str | None, str | None, str | None]:
    if isinstance(part, TorchServeError):
        return type(part).__name__, masked(str(part)), masked(part.hint)
    return None, None, None
