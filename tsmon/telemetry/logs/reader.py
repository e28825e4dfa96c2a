"""Follows a server's log folder: what each reading of it brings."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tsmon.telemetry.logs.counting import LoggedCounters
from tsmon.telemetry.logs.files import ACCESS_LOG, TS_LOG, TS_METRICS
from tsmon.telemetry.logs.lives import WorkerLives
from tsmon.telemetry.logs.requests import RequestLines
from tsmon.telemetry.logs.sieve import sift
from tsmon.telemetry.logs.tail import LogTail
from tsmon.telemetry.logs.windows import RequestTimes

if TYPE_CHECKING:
    from tsmon.telemetry.scrape import Counters, SeriesKey

LIFE_BACKLOG = 4 << 20
"""Bytes of ts_log that are read back at first, so that workers already down are known."""
_BANNER = b"Torchserve version: "
_STAMP_LENGTH = len("2026-11-22T16:37:50,499")


def read_counters(folder: Path) -> dict[SeriesKey, Counters]:
    """The counters of the whole present ts_metrics.log; none where it cannot be read."""
    tail = LogTail(folder / TS_METRICS, backlog=sys.maxsize)
    counters = LoggedCounters()
    while lines := tail.read():
        counters.add(lines)
    tail.close()
    return counters.series


class LogReader:
    """Follows ts_log, or access_log where there is no ts_log, and ts_metrics.log.

    The first reading takes stock of the workers; requests count from then on. `times`, `counters`
    and `lives` hold what was read. Blocks for as long as reading takes: call it in a thread.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.times = RequestTimes()
        self.counters = LoggedCounters()
        self.lives = WorkerLives()
        self.problem = ""
        """Why there is nothing to read, if so."""
        self.counts = False
        """Whether there is a ts_metrics.log to add the counters up from."""
        self._requests = RequestLines()
        self._log = self._open_log()
        self._metrics = LogTail(folder / TS_METRICS)
        self._is_first = True

    def read(self, now: float) -> None:
        """Read what was added since the last call; `now` is monotonic."""
        if self._log.path.name == ACCESS_LOG and (self.folder / TS_LOG).exists():
            self._log.close()
            self._log, self._is_first = self._open_log(), True
        lines = sift(self._log.read())
        self.lives.read(lines.others)
        self._count(lines.others)
        found = {} if self._is_first else self._requests.read(lines)
        self._is_first = False
        self.times.add(found, now)
        self.problem = self._problem()

    def close(self) -> None:
        """Let go of the files."""
        self._log.close()
        self._metrics.close()

    def _open_log(self) -> LogTail:
        path = self.folder / TS_LOG
        if path.exists():
            return LogTail(path, backlog=LIFE_BACKLOG)
        return LogTail(self.folder / ACCESS_LOG)

    def _count(self, server_lines: Sequence[bytes]) -> None:
        """Take the steps of the counters; they begin anew where the server did."""
        steps = self._metrics.read()
        self.counts |= self._metrics.is_open
        started = None if self._is_first else _start(server_lines)
        if started is not None:
            self.counters = LoggedCounters()
            steps = [line for line in steps if line[:_STAMP_LENGTH] >= started]
        self.counters.add(steps)

    def _problem(self) -> str:
        if not self.folder.is_dir():
            return f"there is no log folder {self.folder}"
        for tail in (self._log, self._metrics):
            if tail.problem is not None:
                return f"cannot read {tail.path}: {tail.problem.strerror or tail.problem}"
        if not self._log.path.exists():
            return f"neither {TS_LOG} nor {ACCESS_LOG} is in {self.folder}"
        return ""


def _start(lines: Sequence[bytes]) -> bytes | None:
    """The stamp of the server's last start among these lines; None if it did not start.

    The banner begins with a stamped line that says nothing.
    """
    for number in range(len(lines) - 1, 0, -1):
        if lines[number].startswith(_BANNER):
            return lines[number - 1][:_STAMP_LENGTH]
    return None
