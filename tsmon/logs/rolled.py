"""The log file that TorchServe packed and put aside when it began the present one."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from tsmon.logs.backwards import STEP_BYTES
from tsmon.logs.files import SEARCHED_BACK
from tsmon.logs.layout import Layout
from tsmon.units import MIB
from tsmon.untrusted.files import open_regular

if TYPE_CHECKING:
    from typing import BinaryIO


class RolledLog:
    """Gives its lines from its beginning on, in steps; never raises OSError.

    TorchServe names it by the day, as in `ts_log.30-Nov.log.gz`, and a later one of the same day
    replaces it, so that only the last one joins the present file.
    """

    def __init__(self, path: Path) -> None:
        """That of the log file with this path."""
        self.path = _newest(path)
        """None where there is none."""
        self._layout = Layout(path.name)
        self._unpacked: gzip.GzipFile | None = None
        self._file: BinaryIO | None = None
        self._read = 0
        self._half = b""
        if self.path is not None:
            self._open(self.path)

    @property
    def done(self) -> bool:
        """Whether there is nothing more to read, or it was closed."""
        return self._unpacked is None

    @property
    def progress(self) -> str:
        """How far it has come, in words."""
        return f"{self._read // MIB} MiB"

    def step(self) -> list[bytes]:
        """The next lines, about `STEP_BYTES` of them unpacked; it blocks while it reads."""
        if self._unpacked is None:
            return []
        try:
            text = self._unpacked.read(STEP_BYTES)
        except (OSError, EOFError, zlib.error):
            text = b""
        self._read += len(text)
        if not text or self._read >= SEARCHED_BACK:
            self.close()
        whole, _, self._half = (self._half + text).rpartition(b"\n")
        return self._layout.usual(whole).split(b"\n") if whole else []

    def close(self) -> None:
        """Read no further."""
        if self._file is not None:
            self._file.close()
        self._file = self._unpacked = None

    def _open(self, path: Path) -> None:
        try:
            self._file = open_regular(path)
        except OSError:
            return
        self._unpacked = gzip.GzipFile(fileobj=self._file)


def _newest(path: Path) -> Path | None:
    """The packed file that was written last; None where there is none."""
    try:
        packed = [
            (each.stat().st_mtime, each) for each in path.parent.glob(f"{path.stem}.*.log.gz")
        ]
    except OSError:
        return None
    return max(packed)[1] if packed else None
