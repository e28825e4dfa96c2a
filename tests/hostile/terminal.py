"""A pseudo-terminal with a program in it, of which every byte is kept."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

LONGEST_S = 60.0
QUIET_S = 0.06
IDLE_S = 5.0
"""What writes nothing for so long waits for somebody."""
_DRESSING = re.compile(rb"\x1b\[[\d;:]*[mABCDGHJK]")


class Terminal:
    """Runs a program; its input, output and errors are the terminal."""

    def __init__(
        self, command: Sequence[str], env: Mapping[str, str], folder: Path, columns: int = 160
    ) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 45, columns, 0, 0))
        self.output = b""
        self._ended = False
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "xterm-256color", **env},
            cwd=folder,
            start_new_session=True,
        )
        os.close(slave)

    def send(self, keys: bytes) -> None:
        """Type."""
        os.write(self._master, keys)

    def quiet(self) -> None:
        """Read until nothing more is written for a moment."""
        while self._read(QUIET_S):
            pass

    def see(self, words: str, since: int = 0) -> None:
        """Read until the words were written after so many bytes."""
        deadline = time.monotonic() + LONGEST_S
        while words.encode() not in _DRESSING.sub(b"", self.output[since:]):
            left = deadline - time.monotonic()
            assert left > 0, f"{words} never came: {_DRESSING.sub(b'', self.output[-3000:])!r}"
            assert self._read(left), f"it ended before {words}: {self.output[-2000:]!r}"

    def rest(self) -> bytes:
        """All that it wrote until it ended; what goes on for ever is interrupted."""
        for _ in range(3):
            deadline = time.monotonic() + LONGEST_S / 2
            while self._read(IDLE_S) and time.monotonic() < deadline:
                pass
            if self._ended:
                break
            self.process.send_signal(signal.SIGINT)
        self.process.wait(LONGEST_S)
        return self.output

    def _read(self, patience_s: float) -> bool:
        """Whether there was something to read."""
        if not select.select([self._master], [], [], max(patience_s, 0))[0]:
            return False
        try:
            read = os.read(self._master, 1 << 16)
        except OSError:
            self._ended = True
            return False
        self.output += read
        return bool(read)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)
