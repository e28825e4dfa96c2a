"""access_log beside a ts_log that has no line of its own for an answered request."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tsmon.logs.files import ACCESS_LOG
from tsmon.logs.follower import FileFollower
from tsmon.logs.layout import Layout
from tsmon.telemetry.logs.request_lines import RequestLines

if TYPE_CHECKING:
    from tsmon.telemetry.logs.request_report import Samples, TimesKey

ANSWERED = b" ACCESS_LOG - "
"""In the lines of ts_log that say how a request ended."""


class AccessLog:
    """Gives how requests ended where ts_log does not, as before 0.5.1.

    Its lines wait for the next reading: by then ts_log has them as well, if it ever does.
    """

    def __init__(self, folder: Path) -> None:
        self._file: FileFollower | None = FileFollower(folder / ACCESS_LOG)
        self._layout = Layout(ACCESS_LOG)
        self._requests = RequestLines()
        self._waiting = b""

    def look_at(self, text: bytes) -> None:
        """Take what ts_log has new."""
        if self._file is not None and ANSWERED in text:
            self.close()

    def read(self, found: dict[TimesKey, Samples]) -> None:
        """Add what the lines of the reading before show."""
        if self._file is None:
            return
        if self._waiting:
            self._requests.read(self._waiting, found)
        self._waiting = self._layout.usual(self._file.read_whole_lines())

    def close(self) -> None:
        """Let go of the file, which is not needed any more."""
        if self._file is not None:
            self._file.close()
        self._file = None
