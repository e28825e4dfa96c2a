"""Reads a log file from some place in it towards its beginning, step by step."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tsmon.logs.files import SEARCHED_BACK
from tsmon.logs.layout import Layout
from tsmon.units import MIB
from tsmon.untrusted.files import open_regular

if TYPE_CHECKING:
    from typing import BinaryIO

STEP_BYTES = 16 << 20
"""Read at one step, which takes about a fifth of a second."""


class BackwardReader:
    """Gives the lines before a place, those of each step in their order; never raises OSError.

    It ends at the file's beginning and after `SEARCHED_BACK` bytes.
    """

    def __init__(self, path: Path, end: int) -> None:
        """Begin before the byte `end`, where a line begins."""
        self._layout = Layout(path.name)
        self._position = self._end = end
        self._half = b""
        self._file: BinaryIO | None = None
        with suppress(OSError):
            self._file = open_regular(path, buffering=0) if end > 0 else None

    @property
    def done(self) -> bool:
        """Whether there is nothing more to read, or it was closed."""
        return self._file is None

    @property
    def at_beginning(self) -> bool:
        """Whether it has come to the file's beginning."""
        return self._position <= 0

    @property
    def progress(self) -> str:
        """How far it has come, in words."""
        total = min(self._end, SEARCHED_BACK)
        return f"{(self._end - self._position) // MIB} of {max(total // MIB, 1)} MiB"

    def step(self) -> list[bytes]:
        """The lines of the next `STEP_BYTES` back; it blocks while it reads."""
        if self._file is None:
            return []
        start = max(0, self._position - STEP_BYTES)
        try:
            self._file.seek(start)
            text = self._file.read(self._position - start) or b""
        except OSError:
            self.close()
            return []
        cut = text.find(b"\n") + 1 if start else 0
        whole, self._half = text[cut:] + self._half, text[:cut]
        self._position = start
        if start == 0 or self._end - start >= SEARCHED_BACK:
            self.close()
        return self._layout.usual(whole).split(b"\n")[:-1]

    def close(self) -> None:
        """Read no further."""
        if self._file is not None:
            self._file.close()
        self._file = None
