"""New lines of a growing log file, through rotation and truncation, for all that follow one."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tsmon.untrusted.files import open_regular

BLOCK = 1 << 20
BACKLOG = 4 << 20
"""Bytes of ts_log that are read back at first, so that workers already down are known."""
LONGEST_LINE = 1 << 16
"""A longer line is cut: no line of TorchServe's is, and memory and screens have their bounds."""
MOST_AT_ONCE = 64 * BLOCK
"""So many bytes are read at once for the end of a line."""
POLL_S = 0.2
"""Seconds between two looks at a file that is followed."""


class FileFollower:
    """Reads what was added to a file since the last call; never blocks and never raises OSError.

    TorchServe rolls a log by renaming it, so the rest of the old file is read before the new one
    is begun. A file that became shorter was cut and is read again from its start. A line is given
    when it is complete, or when nothing can follow it in its file.
    """

    def __init__(self, path: Path, *, backlog: int = 0, start: int | None = None) -> None:
        """Begin `backlog` bytes before the present end of the file, or at the byte `start`."""
        self.path = path
        self.begin = 0
        """The byte from which on it is read at first."""
        self.problem: OSError | None = None
        """Why the file cannot be read at present; None also when there is none yet."""
        self._file: BinaryIO | None = None
        self._rest = b""
        self._open(backlog, start)

    def read(self, most: int = MOST_AT_ONCE) -> list[bytes]:
        """Like `read_whole_lines`, but each line by itself and without its end."""
        *lines, _ = self.read_whole_lines(most).split(b"\n")
        if max(map(len, lines), default=0) > LONGEST_LINE:
            lines = [line[:LONGEST_LINE] for line in lines]
        return lines

    def read_whole_lines(self, most: int = MOST_AT_ONCE) -> bytes:
        """The complete lines added since the last call, each with its end.

        About `most` bytes, and on to the end of a line of up to `MOST_AT_ONCE`; what is left comes
        with the next call. So there are none only where there is nothing more to read, or a line
        that goes on and on.
        """
        if self._file is None:
            self._open(None)
        parts: list[bytes] = []
        while self._file is not None and (most > 0 or (not parts and most > -MOST_AT_ONCE)):
            replaced = self._replaced()  # asked first, so that its last lines are read too
            block = self._block(most)
            most -= len(block)
            text = self._rest + block
            end = text.rfind(b"\n") + 1
            parts += [text[:end]] if end else []
            self._rest = text[end : end + LONGEST_LINE]
            if not block and not replaced:
                break
            if not block:
                parts += [self._rest + b"\n"] if self._rest else []
                self._close()
                self._open(None)
        return b"".join(parts)

    @property
    def is_open(self) -> bool:
        """Whether there was a file to read when that was last tried."""
        return self._file is not None

    @property
    def left(self) -> int:
        """Bytes that the file has and that were not read yet."""
        if self._file is None:
            return 0
        try:
            return max(os.fstat(self._file.fileno()).st_size - self._file.tell(), 0)
        except OSError:
            return 0

    def close(self) -> None:
        """Let go of the file."""
        self._close()

    def _open(self, backlog: int | None, start: int | None = None) -> None:
        """Open the file at `start`, else `backlog` bytes before its end, else at its beginning."""
        try:
            file = open_regular(self.path, buffering=0)
        except FileNotFoundError:
            self.problem = None
            return
        except OSError as error:
            self.problem = error
            return
        self.problem = None
        self._file = file
        if start is not None:
            file.seek(start)
        elif backlog is not None:
            end = file.seek(0, os.SEEK_END)
            begin = file.seek(max(0, end - backlog))
            if begin:
                self._drop_half_line(file, begin)
            self.begin = file.tell()

    def _drop_half_line(self, file: BinaryIO, start: int) -> None:
        """Go to the next line unless the place is the start of one."""
        file.seek(start - 1)
        before = file.read(1)
        if before != b"\n":
            self._skip_to_line_end(file)

    @staticmethod
    def _skip_to_line_end(file: BinaryIO) -> None:
        while block := file.read(4096):
            end = block.find(b"\n")
            if end >= 0:
                file.seek(end + 1 - len(block), os.SEEK_CUR)
                return

    def _block(self, most: int) -> bytes:
        if self._file is None:
            return b""
        try:
            return self._file.read(min(most, BLOCK) if most > 0 else BLOCK) or b""
        except OSError as error:
            self.problem = error
            self._close()
            return b""

    def _replaced(self) -> bool:
        """Whether the path leads to another file by now, or this one was cut."""
        if self._file is None:
            return False
        try:
            now = self.path.stat()
        except OSError:  # between the renaming of the old file and the making of the new
            return False
        here = os.fstat(self._file.fileno())
        if (now.st_dev, now.st_ino) != (here.st_dev, here.st_ino):
            return True
        if here.st_size < self._file.tell():
            self._file.seek(0, os.SEEK_END)  # what was cut away cannot be read any more
            self._rest = b""
            return True
        return False

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = None
        self._rest = b""


def follow(path: Path, start: int = 0, *, stop: threading.Event | None = None) -> Iterator[str]:
    """The lines from the byte `start` on, then each as it is written, until `stop` is set; blocks.

    Waits for a file that is not there yet.

    Raises:
        OSError: the file cannot be read.
    """
    stop = stop or threading.Event()
    file = FileFollower(path, start=start)
    try:
        while True:
            lines = file.read(BLOCK)
            yield from (line.decode(errors="replace") for line in lines)
            if file.problem is not None:
                raise file.problem
            if not lines and stop.wait(POLL_S):
                return
    finally:
        file.close()
