"""Reads the log files of a server: their end, what was added since, and lines as they come."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from tsmon.serving.home import Home

_POLL_SECONDS = 0.2
_BLOCK = 64 * 1024


class LogKind(StrEnum):
    """The logs that a person looks at."""

    SERVER = "server"
    MODEL = "model"
    ACCESS = "access"
    CONSOLE = "console"


_NAMES = {
    LogKind.SERVER: "ts_log.log",
    LogKind.MODEL: "model_log.log",
    LogKind.ACCESS: "access_log.log",
}


def file_name(kind: LogKind) -> str:
    """What TorchServe calls the file of a log, which is not the console."""
    return _NAMES[kind]


def log_path(home: Home, kind: LogKind) -> Path:
    """The file of a log."""
    return home.console if kind is LogKind.CONSOLE else home.logs / file_name(kind)


def size_of(path: Path) -> int:
    """The bytes of a file, 0 if it is not there."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def tail(path: Path, count: int, *, since: int = 0) -> list[str]:
    """The last *count* lines after the byte *since*; none if there is no such file."""
    try:
        with path.open("rb") as file:
            file.seek(_start_of_last(file, count, since))
            return file.read().decode(errors="replace").splitlines()
    except FileNotFoundError:
        return []


def follow(path: Path, count: int = 0, *, stop: threading.Event | None = None) -> Iterator[str]:
    """The last *count* lines, then each line as it is written, until *stop* is set.

    Waits for a file that is not there yet and goes on with the new one when TorchServe rotates.
    """
    stop = stop or threading.Event()
    is_new = False
    while not stop.is_set():
        try:
            file = path.open("rb")
        except FileNotFoundError:
            stop.wait(_POLL_SECONDS)
        else:
            with file:
                if not is_new:
                    file.seek(_start_of_last(file, count, 0))
                yield from _lines_until_replaced(file, path, stop)
        is_new = True  # what comes later is read from its first line on


def _start_of_last(file: BinaryIO, count: int, since: int) -> int:
    """The byte where the last *count* lines begin, read from the end in blocks."""
    position = end = file.seek(0, os.SEEK_END)
    data = b""
    while position > since and data.count(b"\n") <= count:
        start = max(since, position - _BLOCK)
        file.seek(start)
        data = file.read(position - start) + data
        position = start
    last = data.splitlines(keepends=True)[-count:] if count else []
    return end - sum(map(len, last))


def _lines_until_replaced(file: BinaryIO, path: Path, stop: threading.Event) -> Iterator[str]:
    pending = b""
    while True:
        replaced = _is_replaced(file, path)  # asked first, so that its last lines are read, too
        while block := file.read(_BLOCK):
            *lines, pending = (pending + block).split(b"\n")
            yield from (line.decode(errors="replace") for line in lines)
        if replaced:
            if pending:
                yield pending.decode(errors="replace")
            return
        if stop.wait(_POLL_SECONDS):
            return


def _is_replaced(file: BinaryIO, path: Path) -> bool:
    """Whether *path* is another file by now, or was cut."""
    try:
        now = path.stat()
    except FileNotFoundError:  # between the renaming of the old and the making of the new
        return False
    return now.st_ino != os.fstat(file.fileno()).st_ino or now.st_size < file.tell()
