"""The tables of a recording, plain enough to be asked with `sqlite3`; see docs/recording.md."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tsmon.torchserve.errors import TorchServeError
from tsmon.untrusted.files import open_regular
from tsmon.untrusted.private import make_private

FORMAT = 1
"""Raised when a reader of today could not read a file of yesterday."""
APPLICATION_ID = 0x74736D6E
"""`tsmn`, in the file's header, which marks a recording among SQLite files."""

_MAGIC = b"SQLite format 3\0"
_MAKE = "`tsmon record FILE` makes one"
CACHE_KIB = 512
"""Pages of the file held in memory while it is written: enough for the ends of its tables."""
BUSY_S = 2.0
"""How long another program may keep the file locked."""

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
CREATE TABLE IF NOT EXISTS ping (
    tick INTEGER PRIMARY KEY REFERENCES tick ON DELETE CASCADE,
    answer TEXT NOT NULL
);
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
CREATE TABLE IF NOT EXISTS minute_status (
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
CREATE TABLE IF NOT EXISTS answered_times (
    tick INTEGER NOT NULL REFERENCES tick ON DELETE CASCADE,
    model TEXT NOT NULL, version TEXT NOT NULL,
    buckets TEXT NOT NULL,
    PRIMARY KEY (tick, model, version)
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
CREATE TABLE IF NOT EXISTS family (
    name TEXT PRIMARY KEY,
    type TEXT NOT NULL, help TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS series (
    id INTEGER PRIMARY KEY,
    sample TEXT NOT NULL UNIQUE,
    family TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS value (
    series INTEGER NOT NULL REFERENCES series,
    tick INTEGER NOT NULL,
    value REAL,
    PRIMARY KEY (series, tick)
) WITHOUT ROWID;
"""


class RecordingError(TorchServeError):
    """A file that cannot be used as a recording."""

    def __init__(self, message: str, hint: str = "", *, reason: str = "") -> None:
        super().__init__(message, hint)
        self.reason = reason or message
        """The same without the name of the file."""


def not_written(path: Path, error: Exception) -> RecordingError:
    """The error for a file that cannot be written."""
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return RecordingError(
        f"cannot record to {path}: {reason}", "choose another file", reason=reason
    )


def look_at(path: Path, *, may_be_empty: bool = False) -> None:
    """Refuse what is no SQLite file before SQLite opens it, which takes a short text for empty.

    Raises:
        RecordingError: it is not one.
    """
    try:
        with open_regular(path) as file:
            begin = file.read(len(_MAGIC))
    except FileNotFoundError:
        raise RecordingError(f"there is no recording {path}", _MAKE) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise RecordingError(f"cannot read {path}: {reason}", _MAKE, reason=reason) from None
    if not begin and not may_be_empty:
        raise RecordingError(f"{path} is empty: nothing was recorded into it", _MAKE)
    if begin and begin != _MAGIC:
        reason = "it is not a database"
        raise RecordingError(f"{path} is not a recording: {reason}", _MAKE, reason=reason)


def open_for_writing(path: Path) -> sqlite3.Connection:
    """Open a recording, or begin one in a new file.

    Raises:
        RecordingError: the file is something else, or cannot be written.
    """
    if path.exists():
        look_at(path, may_be_empty=True)
    connection = None
    try:
        make_private(path)  # the files beside it get the same mode
        connection = sqlite3.connect(
            path, timeout=BUSY_S, check_same_thread=False, isolation_level=None
        )
        fresh = not connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        if not fresh:
            check_identity(connection, path)
        # A commit then survives the end of this process however it comes.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        if fresh:
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {FORMAT}")
        connection.executescript(TABLES)
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, sqlite3.Error | OSError):
            raise not_written(path, error) from None
        raise
    return connection


def check_identity(connection: sqlite3.Connection, path: Path) -> None:
    """See that it is a recording.

    Raises:
        RecordingError: it is another database, or one of a newer tsmon.
        sqlite3.Error: it cannot be read.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise RecordingError(f"{path} is a database, but not a tsmon recording")
    if version > FORMAT:
        raise RecordingError(
            f"{path} has format {version}, but this tsmon supports up to {FORMAT}", "upgrade tsmon"
        )
