"""A file with each request of a run: CSV, a line of JSON each, or an SQLite database."""

from __future__ import annotations

import io
import json
import os
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from tsmon.load.run.increment import RequestNote
from tsmon.serving.errors import ServingError
from tsmon.torchserve.errors import InvalidArgument
from tsmon.untrusted.csv import csv_text
from tsmon.untrusted.private import FILE_MODE, private_folder

BYTES_EACH = {".csv": 52, ".jsonl": 211, ".sqlite": 61}
"""Of a request, in a run of 10,000 sample digits; long names of files or classes add to it."""
_COLUMNS = RequestNote._fields
_TYPES = {"label": "TEXT", "predicted": "TEXT", "payload": "TEXT", "failure": "TEXT"}


class RequestsNotWritten(ServingError):
    """The file of requests cannot be written."""


class _Kind(Protocol):
    def write(self, notes: Sequence[RequestNote]) -> None: ...
    def close(self) -> None: ...


class RequestFile:
    """An open file of requests; methods may wait for a disk."""

    def __init__(self, path: Path, *, force: bool = False) -> None:
        """Make the file; one that is there is replaced only by `force`.

        Raises:
            InvalidArgument: its suffix is not one of those known, or it is there already.
            RequestsNotWritten: it cannot be made.
        """
        check_requests_file(path, force=force)
        self._path = path
        try:
            private_folder(path.parent)
            path.unlink(missing_ok=True)
            self._file = _KINDS[path.suffix.lower()](path)
        except (OSError, sqlite3.Error) as error:
            raise self._problem(error) from None

    def write(self, notes: Sequence[RequestNote]) -> None:
        """Add requests.

        Raises:
            RequestsNotWritten: they cannot be written.
        """
        if not notes:
            return
        try:
            self._file.write(notes)
        except (OSError, sqlite3.Error) as error:
            raise self._problem(error) from None

    def close(self) -> None:
        """End the file."""
        try:
            self._file.close()
        except (OSError, sqlite3.Error) as error:
            raise self._problem(error) from None

    def _problem(self, error: Exception) -> RequestsNotWritten:
        reason = getattr(error, "strerror", None) or error
        return RequestsNotWritten(f"cannot write {self._path}: {reason}", "choose another file")


def check_requests_file(path: Path, *, force: bool) -> None:
    """See that a file can be one of requests; raises InvalidArgument as `RequestFile` does."""
    if path.suffix.lower() not in _KINDS:
        raise InvalidArgument(
            f"{path} has no suffix that says what to write", f"use {', '.join(_KINDS)}"
        )
    if path.is_dir():
        raise InvalidArgument(f"{path} is a folder", "name a file")
    if path.exists() and not force:
        raise InvalidArgument(f"{path} is there already", "choose another file, or use --force")


class _Csv:
    def __init__(self, path: Path) -> None:
        self._file = _made(path)
        self._file.write(csv_text(_COLUMNS, ()))

    def write(self, notes: Sequence[RequestNote]) -> None:
        rows = csv_text(_COLUMNS, (_known(note) for note in notes))
        self._file.write(rows.partition("\n")[2])

    def close(self) -> None:
        self._file.close()


class _JsonLines:
    def __init__(self, path: Path) -> None:
        self._file = _made(path)

    def write(self, notes: Sequence[RequestNote]) -> None:
        self._file.writelines(f"{json.dumps(note._asdict())}\n" for note in notes)

    def close(self) -> None:
        self._file.close()


class _Sqlite:
    def __init__(self, path: Path) -> None:
        _made(path).close()
        self._database = sqlite3.connect(path, check_same_thread=False)
        columns = ", ".join(f"{name} {_TYPES.get(name, 'REAL')}" for name in _COLUMNS)
        self._database.execute(f"CREATE TABLE requests ({columns})")

    def write(self, notes: Sequence[RequestNote]) -> None:
        places = ", ".join("?" * len(_COLUMNS))
        with self._database:
            self._database.executemany(f"INSERT INTO requests VALUES ({places})", notes)  # noqa: S608 (question marks alone)

    def close(self) -> None:
        self._database.close()


_KINDS: dict[str, Callable[[Path], _Kind]] = {
    ".csv": _Csv,
    ".jsonl": _JsonLines,
    ".sqlite": _Sqlite,
}


def _made(path: Path) -> io.TextIOWrapper:
    """A new file for its owner alone, which is not there yet."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
    return os.fdopen(handle, "w", encoding="utf-8", errors="replace")


def _known(note: RequestNote) -> dict[str, object]:
    return {name: value for name, value in note._asdict().items() if value is not None}
