"""One reader for a server's log folder: what it brings at each tick."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from tsmon.telemetry.instant import Instant
from tsmon.telemetry.logs.counting import LoggedCounters
from tsmon.telemetry.logs.lines import Answered, Doubles, RequestLine, parse_request_line
from tsmon.telemetry.logs.tail import LogTail
from tsmon.telemetry.logs.times import RequestTimes
from tsmon.telemetry.scrape import Counters, SeriesKey

TS_LOG = "ts_log.log"
ACCESS_LOG = "access_log.log"
TS_METRICS = "ts_metrics.log"


@dataclass(frozen=True, slots=True)
class LogsRead:
    """What one reading of the logs found."""

    at: Instant
    requests: tuple[RequestLine, ...]
    problem: str = ""
    """Why there is nothing to read, if so."""


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

    Reads what is added from now on; `times` and `counters` hold what was read. Blocks for as long
    as reading new lines takes: call it in a thread.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.times = RequestTimes()
        self.counters = LoggedCounters()
        self._requests = LogTail(self._request_log())
        self._metrics = LogTail(folder / TS_METRICS)
        self._doubles = Doubles()

    def read(self) -> LogsRead:
        """Read what was added since the last call."""
        lines = self._requests.read()
        found = tuple(self._parse(lines))
        now = Instant.now()
        self.times.add(found, now.monotonic)
        self.counters.add(self._metrics.read())
        return LogsRead(now, found, self._problem())

    def close(self) -> None:
        """Let go of the files."""
        self._requests.close()
        self._metrics.close()

    def _request_log(self) -> Path:
        path = self.folder / TS_LOG
        return path if path.exists() else self.folder / ACCESS_LOG

    def _parse(self, lines: list[bytes]) -> list[RequestLine]:
        found = []
        for line in lines:
            request = parse_request_line(line)
            if request is None:
                continue
            if isinstance(request, Answered) or not self._doubles.is_second(line):
                found.append(request)
        return found

    def _problem(self) -> str:
        for tail in (self._requests, self._metrics):
            if tail.problem is not None:
                return f"cannot read {tail.path}: {tail.problem.strerror or tail.problem}"
        if not self.folder.is_dir():
            return f"there is no log folder {self.folder}"
        return ""
