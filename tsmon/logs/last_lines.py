"""The end of a log file, read once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from tsmon.logs.files import SEARCHED_BACK
from tsmon.logs.follower import BLOCK, LONGEST_LINE, FileFollower
from tsmon.logs.layout import Layout
from tsmon.logs.rolled import RolledLog
from tsmon.units import KIB, MIB
from tsmon.untrusted.files import open_regular

_BLOCK = 64 * KIB
SEARCHED_BYTES = 64 * MIB
"""From the end of a file that its last lines are looked for."""


def last_lines(path: Path, count: int, *, since: int = 0) -> list[str]:
    """The last *count* lines after the byte *since*; none if no such file.

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
    """The byte where the last *count* lines begin; 0 if no such file.

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
    since = max(since, end - SEARCHED_BYTES)
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


def sifted_lines(path: Path, keep: Callable[[bytes], bool]) -> list[bytes]:
    """Those of the complete lines in the last `SEARCHED_BACK` bytes of a file that are to be kept.

    Before them come those of the file that was rolled away before. None where neither can be read.
    Their stamps are as TorchServe writes them today.
    """
    rolled, found = RolledLog(path), list[bytes]()
    while not rolled.done:
        found += filter(keep, rolled.step())
    file, layout = FileFollower(path, backlog=SEARCHED_BACK), Layout(path.name)
    try:
        while text := file.read_whole_lines(BLOCK):
            found += filter(keep, layout.usual(text).split(b"\n"))
    finally:
        file.close()
    return found


def lines_at_end(path: Path, most_bytes: int) -> list[bytes]:
    """The complete lines in the last bytes of a file; none where it cannot be read.

    Their stamps are as TorchServe writes them today.
    """
    file = FileFollower(path, backlog=most_bytes)
    try:
        lines = file.read(most_bytes)
    finally:
        file.close()
    return Layout(path.name).usual(b"\n".join(lines)).split(b"\n") if lines else []
