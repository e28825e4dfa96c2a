"""Why requests fail, from the tracebacks that handlers leave in model_log, as it grows."""

from __future__ import annotations

import re
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from tsmon.logs.files import MODEL_LOG, TS_LOG
from tsmon.logs.follower import FileFollower
from tsmon.logs.layout import Layout
from tsmon.telemetry.logs.causes import FAILURE_SIGNS, Cause, Failure, of_line, of_traceback
from tsmon.telemetry.logs.request_report import MINUTE_S
from tsmon.telemetry.logs.tracebacks import TracebackFinder, worker_lines

if TYPE_CHECKING:
    from tsmon.torchserve.records import VersionKey

FAILURES_BACKLOG = 1 << 20
"""Bytes that are read back at first, to know why requests failed before tsmon came."""
FAILURES_AT_ONCE = 4 << 20
"""Read at once; what is left comes with the next reading."""
BEFORE_BYTES = 1 << 16
"""Kept of what reports no failure."""
MOST_VERSIONS = 500
MOST_KINDS = 8
"""Different failures that are kept of a version; the one seen longest ago goes first."""
MOST_COUNTED = 10_000
"""Failures of one kind that are counted in a minute."""

_VARYING = re.compile(r"0x[0-9a-fA-F]+|\d+|'[^']*'|\"[^\"]*\"")
"""What differs between two failures of one kind."""


class _Kind(Struct):
    """Failures that differ in numbers and names alone."""

    cause: Cause
    """The first of them."""
    moments: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_COUNTED))
    """Monotonic: when they were read; none for those from before tsmon came."""

    def count(self, now: float) -> int:
        """How many there were in the last minute."""
        while self.moments and now - self.moments[0] > MINUTE_S:
            self.moments.popleft()
        return len(self.moments)


class RequestFailures:
    """Follows model_log, which mostly has a line per request that says nothing. `read` blocks.

    Where the server's log configuration has no such file, ts_log has what workers say.
    """

    def __init__(self, folder: Path) -> None:
        self._in_server_log = not (folder / MODEL_LOG).exists() and (folder / TS_LOG).exists()
        name = TS_LOG if self._in_server_log else MODEL_LOG
        self._file = FileFollower(folder / name, backlog=FAILURES_BACKLOG)
        self._layout = Layout(name)
        self._finder = TracebackFinder()
        self._kinds: dict[VersionKey, dict[str, _Kind]] = {}
        self._is_first = True
        self._before = b""
        """The last lines that reported of no failure: those right before one announce it."""

    def read(self, now: float) -> None:
        """Take what was added since the last call; `now` is monotonic."""
        text = self._layout.usual(self._file.read_whole_lines(FAILURES_AT_ONCE))
        if not self._finder.is_open and not any(sign in text for sign in FAILURE_SIGNS):
            self._before = (self._before + text)[-BEFORE_BYTES:]
            self._is_first = False
            return
        lines = (self._before + text).split(b"\n")
        said = list(worker_lines(lines, doubled=self._in_server_log))
        self._before = b""
        found = [*self._finder.read(said), *self._finder.quiet()]
        failures = [*map(of_traceback, found), *map(of_line, said)]
        for failure in failures:
            if failure is not None and not failure.cause.fatal:
                self._take(failure, now)
        self._is_first = False

    def cause(self, key: VersionKey, now: float) -> Cause | None:
        """The most frequent of the last minute, or the last one there was; None without any."""
        kinds = [(kind, kind.count(now)) for kind in self._kinds.get(key, {}).values()]
        if not kinds:
            return None
        most, times = max(reversed(kinds), key=lambda each: each[1])
        return replace(most.cause, times=times or None)

    @property
    def problem(self) -> str:
        """Why the file shows no failures; empty where it does."""
        return self._layout.problem

    def versions(self) -> list[VersionKey]:
        """Those of which requests failed."""
        return list(self._kinds)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _take(self, failure: Failure, now: float) -> None:
        cause = failure.cause
        kinds = self._kinds.setdefault((cause.model, cause.version), {})
        name = _VARYING.sub("…", cause.message)
        kind = kinds.pop(name, None) or _Kind(cause)
        if not self._is_first:
            kind.moments.append(now)
        kinds[name] = kind  # the one seen last comes last
        if len(kinds) > MOST_KINDS:
            del kinds[next(iter(kinds))]
        if len(self._kinds) > MOST_VERSIONS:
            del self._kinds[next(iter(self._kinds))]
