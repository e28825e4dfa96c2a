"""The tables of a recording, plain enough to be asked with `sqlite3`; see docs/recording.md."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tsmon.torchserve.errors import TorchServeError

FORMAT = 1
"""Raised when a reader of today could not read a file of yesterday."""
APPLICATION_ID = 0x74736D6E
"""`tsmn`, in the file's header, by which a recording is told from any other SQLite file."""

TABLES = """
CREATE TABLE IF NOT EXISTS session (
    id INTEGER PRIMARY KEY,
    server TEXT NOT NULL,
    started REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS tick (
    id INTEGER PRIMARY KEY,
    session INTEGER NOT NULL REFERENCES session,
    time REAL NOT NULL,
    elapsed REAL NOT NULL,
    server_version TEXT,
    model_api INTEGER,
    problem_kind TEXT, problem TEXT, problem_hint TEXT,
    metrics_mode TEXT,
    metrics_elapsed REAL,
    metrics_logged INTEGER,
    metrics_problem_kind TEXT, metrics_problem TEXT, metrics_problem_hint TEXT,
    notable INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS tick_time ON tick (time);
CREATE TABLE IF NOT EXISTS counter (
    tick INTEGER NOT NULL REFERENCES tick ON DELETE CASCADE,
    model TEXT NOT NULL, version TEXT NOT NULL,
    requests REAL NOT NULL, inference_us REAL NOT NULL, queue_us REAL NOT NULL,
    PRIMARY KEY (tick, model, version)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS body (
    id INTEGER PRIMARY KEY,
    json TEXT NOT NULL UNIQUE
);
CREATE TABLE IF NOT EXISTS description (
    tick INTEGER NOT NULL REFERENCES tick ON DELETE CASCADE,
    position INTEGER NOT NULL,
    is_default INTEGER NOT NULL,
    body INTEGER NOT NULL REFERENCES body,
    PRIMARY KEY (tick, position)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS unread (
    tick INTEGER NOT NULL REFERENCES tick ON DELETE CASCADE,
    position INTEGER NOT NULL,
    problem TEXT NOT NULL, hint TEXT NOT NULL,
    PRIMARY KEY (tick, position)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lost (
    tick INTEGER PRIMARY KEY REFERENCES tick ON DELETE CASCADE,
    lines INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS process (
    tick INTEGER NOT NULL REFERENCES tick ON DELETE CASCADE,
    pid INTEGER NOT NULL,
    memory_bytes INTEGER NOT NULL, cpu_percent REAL NOT NULL, started REAL NOT NULL,
    PRIMARY KEY (tick, pid)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS quantile (
    tick INTEGER NOT NULL REFERENCES tick ON DELETE CASCADE,
    model TEXT NOT NULL, version TEXT NOT NULL,
    window_s INTEGER NOT NULL, part TEXT NOT NULL,
    requests INTEGER NOT NULL,
    p50 REAL NOT NULL, p90 REAL NOT NULL, p95 REAL NOT NULL, p99 REAL NOT NULL,
    PRIMARY KEY (tick, model, version, window_s, part)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS status (
    tick INTEGER NOT NULL REFERENCES tick ON DELETE CASCADE,
    model TEXT NOT NULL, version TEXT NOT NULL,
    status INTEGER NOT NULL, requests INTEGER NOT NULL,
    PRIMARY KEY (tick, model, version, status)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS answered (
    tick INTEGER NOT NULL REFERENCES tick ON DELETE CASCADE,
    model TEXT NOT NULL, version TEXT NOT NULL,
    seconds REAL NOT NULL, requests INTEGER NOT NULL, failed INTEGER NOT NULL,
    PRIMARY KEY (tick, model, version)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS answered_in (
    tick INTEGER NOT NULL REFERENCES tick ON DELETE CASCADE,
    model TEXT NOT NULL, version TEXT NOT NULL, part TEXT NOT NULL,
    requests INTEGER NOT NULL,
    p50 REAL NOT NULL, p90 REAL NOT NULL, p95 REAL NOT NULL, p99 REAL NOT NULL,
    PRIMARY KEY (tick, model, version, part)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS answered_by (
    tick INTEGER NOT NULL REFERENCES tick ON DELETE CASCADE,
    model TEXT NOT NULL, version TEXT NOT NULL, worker TEXT NOT NULL,
    requests INTEGER NOT NULL, busy_ms REAL NOT NULL,
    PRIMARY KEY (tick, model, version, worker)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS log (
    tick INTEGER PRIMARY KEY REFERENCES tick ON DELETE CASCADE,
    folder TEXT
);
CREATE TABLE IF NOT EXISTS life (
    tick INTEGER NOT NULL REFERENCES tick ON DELETE CASCADE,
    worker TEXT NOT NULL,
    model TEXT NOT NULL, version TEXT NOT NULL,
    phase TEXT, since REAL, pid INTEGER, launched REAL, retry_due REAL, recovering_since REAL,
    deaths INTEGER NOT NULL,
    death REAL, death_reason TEXT, death_loading INTEGER,
    stopping INTEGER NOT NULL,
    PRIMARY KEY (tick, worker)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cause (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL, message TEXT NOT NULL, detail TEXT NOT NULL, hint TEXT NOT NULL,
    worker TEXT NOT NULL, model TEXT NOT NULL, version TEXT NOT NULL,
    time REAL NOT NULL, fatal INTEGER NOT NULL, certain INTEGER NOT NULL,
    UNIQUE (kind, message, detail, hint, worker, model, version, time, fatal, certain)
);
CREATE TABLE IF NOT EXISTS failure (
    tick INTEGER NOT NULL REFERENCES tick ON DELETE CASCADE,
    model TEXT NOT NULL, version TEXT NOT NULL,
    cause INTEGER NOT NULL REFERENCES cause,
    PRIMARY KEY (tick, model, version)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS token (
    tick INTEGER NOT NULL REFERENCES tick ON DELETE CASCADE,
    kind TEXT NOT NULL,
    expires REAL NOT NULL,
    PRIMARY KEY (tick, kind)
) WITHOUT ROWID;
"""


class RecordingError(TorchServeError):
    """A file that cannot be used as a recording."""


def open_for_writing(path: Path) -> sqlite3.Connection:
    """Open a recording, or begin one in a new file.

    Raises:
        RecordingError: the file is something else, or cannot be written.
    """
    try:
        connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        fresh = not connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        if not fresh:
            _check(connection, path)
        # A commit then survives the end of this process however it comes.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        if fresh:
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {FORMAT}")
        connection.executescript(TABLES)
    except sqlite3.Error as error:
        raise RecordingError(f"cannot record to {path}: {error}", "name another file") from None
    return connection


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Open a recording without changing it.

    Raises:
        RecordingError: there is none.
    """
    if not path.is_file():
        raise RecordingError(f"there is no recording {path}", "`tsmon record FILE` makes one")
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False
        )
        _check(connection, path)
    except sqlite3.Error as error:
        raise RecordingError(f"cannot read {path}: {error}") from None
    return connection


def _check(connection: sqlite3.Connection, path: Path) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise RecordingError(f"{path} is a database, but no recording of tsmon's")
    if version > FORMAT:
        raise RecordingError(
            f"{path} has format {version}, and this tsmon knows {FORMAT}", "take a newer tsmon"
        )
