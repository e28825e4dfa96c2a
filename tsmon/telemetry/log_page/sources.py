"""Brings the lines of one log file as they are written, each once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tsmon.logs.files import TS_LOG
from tsmon.logs.follower import FileFollower
from tsmon.logs.layout import Layout
from tsmon.logs.lines import Doubles, WorkerNames
from tsmon.logs.time_zone import LogZone
from tsmon.telemetry.log_page.earlier import EarlierSearch
from tsmon.telemetry.log_page.lines import LogLine, parse_line

if TYPE_CHECKING:
    from tsmon.telemetry.log_page.view import LogFilter
    from tsmon.telemetry.logs.causes import Cause
    from tsmon.telemetry.recording.reader import Recording


PAGE_BACKLOG = 8 << 20
"""Bytes of what the file has already that are read at first."""
PAGE_AT_ONCE = 1 << 20
"""Bytes read at a time, so that a screen can show what was read so far."""
_STAMP = len("2026-11-22T16:37:50,499")
_LEVEL = len(" [INFO ] ")
_DOUBLED = b"org.pytorch.serve"
"""Lines of these loggers reach ts_log twice, those of workers and the access lines once."""


class LogFileSource:
    """Follows a file of a log folder; `read` blocks."""

    def __init__(
        self,
        folder: Path,
        name: str,
        zone: LogZone | None = None,
        names: Callable[[], WorkerNames] = WorkerNames,
    ) -> None:
        """By default the zone of the stamps is worked out; `names` gives what is registered."""
        self.path = folder / name
        self.zone = zone or LogZone()
        self._file = FileFollower(self.path, backlog=PAGE_BACKLOG)
        self._layout = Layout(name)
        self._doubled = name == TS_LOG
        self._doubles = Doubles()
        self._in_double = False
        self._names = names

    @property
    def problem(self) -> str:
        """Why there is nothing to read; empty if there is."""
        if not self.path.parent.is_dir():
            return f"there is no log folder {self.path.parent}"
        problem = self._file.problem
        if problem is not None:
            return f"cannot read {self.path}: {problem.strerror or problem}"
        if not self._file.is_open:
            return f"there is no {self.path.name} in {self.path.parent}"
        return self._layout.problem

    def read(self) -> list[LogLine]:
        """The next lines, without those that TorchServe wrote a second time."""
        self.zone.look(self.path.parent)
        lines = self._file.read(PAGE_AT_ONCE)
        self._layout.usual(b"\n".join(lines))
        names = self._names()
        return [parse_line(line, names) for line in lines if not self._is_second(line)]

    def search_back(self, filter_: LogFilter) -> EarlierSearch:
        """A search for lines that the filter takes in what is before those read at first."""
        return EarlierSearch(self.path, self._file.begin, filter_, self._names())

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _is_second(self, line: bytes) -> bool:
        if not self._doubled:
            return False
        if line[_STAMP : _STAMP + 2] != b" [":  # it belongs to the line before
            return self._in_double
        thread, _, logger = line[_STAMP + _LEVEL :].partition(b" - ")[0].rpartition(b" ")
        self._in_double = logger.startswith(_DOUBLED) and self._doubles.is_second(thread, line)
        return self._in_double


class RecordedSource:
    """The causes of failures as lines, in the order they were noticed in."""

    problem = ""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self.zone = LogZone()
        self._read = False

    def read(self) -> list[LogLine]:
        """The lines of all causes, once."""
        causes = [] if self._read else self._recording.causes()
        self._read = True
        return [parse_line(line) for cause in causes for line in recorded_lines(cause)]

    def close(self) -> None:
        """There is nothing to let go of."""


def recorded_lines(cause: Cause) -> list[bytes]:
    """A cause as TorchServe wrote it into model_log; the recording has no other lines."""
    stamp = cause.time.isoformat(timespec="milliseconds").replace(".", ",")
    words = cause.detail_lines or (cause.message,)
    if not cause.worker_id:
        return [f"{stamp} - {text}".encode() for text in words]
    thread = f"W-{cause.worker_id}-{cause.model}_{cause.version}-stdout"
    return [f"{stamp} [INFO ] {thread} MODEL_LOG - {text}".encode() for text in words]
