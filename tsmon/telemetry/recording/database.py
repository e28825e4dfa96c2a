"""The SQLite file of a recording, opened for reading, wherever it comes from.

A recording may be damaged, or be made by someone who means harm. It is never changed; nothing but
plain tables is read from it, so that no view or trigger runs; lengths, rows and times are bounded.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tsmon.telemetry.recording.schema import BUSY_S, RecordingError, check_identity, look_at
from tsmon.units import MIB

LONGEST_S = 30.0
"""Of one statement."""
LONGEST_VALUE = 8 * MIB
MOST_ROWS = 2_000_000
"""Of one statement: a month of ticks at one a second."""
_STEPS = 100_000
_LARGEST = 2.0**63
_RESCUE = "`sqlite3 FILE .recover` may recover more"


class Database:
    """What can be read of a recording's file."""

    def __init__(self, path: Path) -> None:
        """Open it.

        Raises:
            RecordingError: there is none, or it cannot be read.
        """
        self.path = path
        look_at(path)
        self._give_up_at = float("inf")
        self._lock = threading.Lock()
        """Screens and the search for events read at the same time."""
        self._connection = self._open()
        try:
            self.tables = self._plain_tables()
        except BaseException:
            self._connection.close()
            raise

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """What a statement gives.

        Raises:
            sqlite3.Error: the file is damaged or locked, or it takes too long.
            ValueError: there are too many rows.
        """
        return self.first_rows(sql, *values)[0]

    def first_rows(
        self, sql: str, *values: object
    ) -> tuple[list[tuple[Any, ...]], sqlite3.Error | None]:
        """The rows up to a damaged one, and what is wrong with that.

        Raises:
            sqlite3.Error: not even the first row can be read.
            ValueError: there are too many rows.
        """
        with self._lock:
            return self._first_rows(sql, values)

    def _first_rows(
        self, sql: str, values: Sequence[object]
    ) -> tuple[list[tuple[Any, ...]], sqlite3.Error | None]:
        self._give_up_at = time.monotonic() + LONGEST_S
        cursor = self._connection.execute(sql, values)
        rows: list[tuple[Any, ...]] = []
        while True:
            try:
                row = cursor.fetchone()
            except sqlite3.Error as error:
                if not rows:
                    raise
                return rows, error
            if row is None:
                return rows, None
            if len(rows) == MOST_ROWS:
                raise ValueError(f"more than {MOST_ROWS:,} rows")
            rows.append(row)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def _open(self) -> sqlite3.Connection:
        try:
            connection = self._connect("mode=ro")
            try:
                check_identity(connection, self.path)
            except sqlite3.OperationalError as error:
                # Where the folder cannot be written SQLite has no place for its -shm file, which
                # it does not need as long as there is no -wal to read.
                connection.close()
                if _is_locked(error) or _has_unmerged_ticks(self.path):
                    raise
                connection = self._connect("mode=ro&immutable=1")
                check_identity(connection, self.path)
        except sqlite3.Error as error:
            raise unreadable(self.path, error) from None
        return connection

    def _connect(self, how: str) -> sqlite3.Connection:
        uri = f"{self.path.absolute().as_uri()}?{how}"
        connection = sqlite3.connect(uri, uri=True, timeout=BUSY_S, check_same_thread=False)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
        connection.set_progress_handler(lambda: time.monotonic() > self._give_up_at, _STEPS)
        for setting in ("query_only = ON", "trusted_schema = OFF", "cell_size_check = ON"):
            connection.execute(f"PRAGMA {setting}")
        return connection

    def _plain_tables(self) -> frozenset[str]:
        """The names of the tables.

        Raises:
            RecordingError: there are views, triggers or virtual tables, or no ticks at all.
        """
        try:
            made = self.rows("SELECT type, name, sql FROM sqlite_master")
        except (sqlite3.Error, ValueError) as error:
            raise unreadable(self.path, error) from None
        for kind, name, sql in made:
            virtual = str(sql).lstrip().upper().startswith("CREATE VIRTUAL")
            if kind not in {"table", "index"} or virtual:
                what = "a virtual table" if virtual else f"a {kind}"
                raise RecordingError(
                    f"{self.path} has {what}, {name!r}, which no tsmon recording has",
                    "it is not opened, since that could run code someone put into it",
                )
        return frozenset(name for kind, name, _ in made if kind == "table")


def unreadable(path: Path, error: Exception) -> RecordingError:
    """The error for a file of which nothing can be read."""
    words = str(error)
    if _is_locked(error):
        return RecordingError(f"{path} is locked by another program", "try again, or open a copy")
    if "unable to open" in words or "readonly" in words:
        return RecordingError(
            f"cannot read {path}: its newest ticks are in {path.name}-wal, and SQLite cannot "
            "write beside it",
            "copy both files to a folder you can write to",
        )
    return RecordingError(f"{path} is damaged: {words}", _RESCUE)


def _is_locked(error: Exception) -> bool:
    return "locked" in str(error)


def damaged(path: Path, words: str) -> RecordingError:
    """The error for a file of which a part was read."""
    return RecordingError(f"{path} is damaged: {words}", _RESCUE)


def numbers(values: Sequence[Any]) -> Sequence[Any]:
    """The values, if each is a number that arithmetic can go on with.

    Raises:
        ValueError: one is not.
    """
    for value in values:
        if type(value) not in (int, float) or not -_LARGEST < value < _LARGEST:
            raise ValueError(f"{str(value)[:40]!r} is where a number should be")
    return values


def texts(values: Sequence[Any]) -> Sequence[Any]:
    """The values, if each is a text.

    Raises:
        ValueError: one is not.
    """
    for value in values:
        if type(value) is not str:
            raise ValueError(f"{str(value)[:40]!r} is where text should be")
    return values


def _has_unmerged_ticks(path: Path) -> bool:
    try:
        return path.with_name(f"{path.name}-wal").stat().st_size > 0
    except OSError:
        return False
