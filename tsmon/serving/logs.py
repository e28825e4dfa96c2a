"""Where the log files of a server are, their end, and what was added to them since."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from tsmon.untrusted.files import KIB, MIB, open_regular

if TYPE_CHECKING:
    from tsmon.serving.home import Home

_BLOCK = 64 * KIB
FARTHEST = 64 * MIB
"""From the end of a file that its last lines are looked for."""
LONGEST_LINE = 64 * KIB
"""A longer line is cut."""


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
    """The last *count* lines after the byte *since*; none if there is no such file.

    Raises:
        OSError: the file cannot be read.
    """
    try:
        with open_regular(path) as file:
            end = file.seek(0, os.SEEK_END)
            start = _start_of_last(file, count, since)
            file.seek(start)
            lines = file.read(max(end - start, 0)).decode(errors="replace").splitlines()
            return [line[:LONGEST_LINE] for line in lines]
    except FileNotFoundError:
        return []


def start_of_last(path: Path, count: int) -> int:
    """The byte where the last *count* lines begin; 0 if there is no such file.

    Raises:
        OSError: the file cannot be read.
    """
    try:
        with open_regular(path) as file:
            return _start_of_last(file, count, 0)
    except FileNotFoundError:
        return 0


def _start_of_last(file: BinaryIO, count: int, since: int) -> int:
    """The byte where the last *count* lines begin, read from the end in blocks."""
    position = end = file.seek(0, os.SEEK_END)
    since = max(since, end - FARTHEST)
    blocks: list[bytes] = []
    ends = 0
    while position > since and ends <= count:
        start = max(since, position - _BLOCK)
        file.seek(start)
        blocks.append(file.read(position - start))
        ends += blocks[-1].count(b"\n")
        position = start
    lines = b"".join(reversed(blocks)).splitlines(keepends=True)
    last = lines[-count:] if count else []
    return end - sum(map(len, last))
