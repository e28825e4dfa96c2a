"""Brings the lines of one log file as they are written, each once."""

from __future__ import annotations

from pathlib import Path

from tsmon.telemetry.logbook.line import LogLine, parse_line
from tsmon.telemetry.logs.files import TS_LOG
from tsmon.telemetry.logs.lines import Doubles
from tsmon.telemetry.logs.tail import LogTail
from tsmon.telemetry.logs.zone import LogZone

BACKLOG = 8 << 20
"""Bytes of what the file has already that are read at first."""
AT_ONCE = 1 << 20
"""Bytes read at a time, so that a screen can show what there is so far."""
_STAMP = len("2026-11-22T16:37:50,499")
_LEVEL = len(" [INFO ] ")
_DOUBLED = b"org.pytorch.serve"
"""Lines of these loggers reach ts_log twice, those of workers and the access lines once."""


class LogFeed:
    """Follows a file of a log folder; `read` blocks."""

    def __init__(self, folder: Path, name: str, zone: LogZone | None = None) -> None:
        """By default the zone of the stamps is worked out."""
        self.path = folder / name
        self.zone = zone or LogZone()
        self._tail = LogTail(self.path, backlog=BACKLOG)
        self._doubled = name == TS_LOG
        self._doubles = Doubles()
        self._in_double = False

    @property
    def problem(self) -> str:
        """Why there is nothing to read; empty if there is."""
        if not self.path.parent.is_dir():
            return f"there is no log folder {self.path.parent}"
        problem = self._tail.problem
        if problem is not None:
            return f"cannot read {self.path}: {problem.strerror or problem}"
        return "" if self._tail.is_open else f"there is no {self.path.name} in {self.path.parent}"

    def read(self) -> list[LogLine]:
        """The next lines, without those that TorchServe wrote a second time."""
        self.zone.look(self.path.parent)
        lines = self._tail.read(AT_ONCE)
        return [parse_line(line) for line in lines if not self._is_second(line)]

    def close(self) -> None:
        """Let go of the file."""
        self._tail.close()

    def _is_second(self, line: bytes) -> bool:
        if not self._doubled:
            return False
        if line[_STAMP : _STAMP + 2] != b" [":  # it belongs to the line before
            return self._in_double
        thread, _, logger = line[_STAMP + _LEVEL :].partition(b" - ")[0].rpartition(b" ")
        self._in_double = logger.startswith(_DOUBLED) and self._doubles.is_second(thread, line)
        return self._in_double
