"""Reads what ts_log says about workers: start, states, deaths, retries, end.

The lines are those of TorchServe 0.12 at its default level DEBUG. Nearly each stands in the file
twice, and the exception behind "Backend worker error" is on a line of its own without a stamp.
`WorkerEventLines` deals with both. A worker's exit code is never written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from tsmon.logs.lines import Doubles, WorkerThread, parse_stamp, worker_thread
from tsmon.telemetry.logs.worker_events import (
    Answered,
    Asked,
    BackendError,
    Disconnected,
    HasPid,
    Launched,
    LoadFailed,
    LogEvent,
    ModelUnregistered,
    Phase,
    ProcessEnded,
    RecoveryBegan,
    RecoveryFailed,
    RecoverySucceeded,
    Removed,
    RetryDue,
    ServerStarted,
    StateChanged,
    Unanswered,
    VersionAdded,
    VersionRemoved,
    WorkerEvent,
)

# How the messages of interest begin; all others are passed over for the cost of this one look.
_BEGIN_WITH = (
    *(b"W-", b"[PID]", b"Worker cmdline: ", b"Worker terminated", b"Retry worker: "),
    *(b"Auto recovery ", b"Load model failed: ", b"Number or consecutive ", b"Backend worker "),
    *(b"Model ", b"Adding new version ", b"Removed model: "),
    *(b"%d" % digit for digit in range(10)),
)
_REQUEST = b"Flushing req.cmd "
_LOADING = _REQUEST + b"LOAD"
_ANSWER = b"Backend response time: "
_LINE = re.compile(rb"^(\S+) \[\w+ *\] (\S+) (\S+) - (.*)$", re.DOTALL)
BANNER = b"Torchserve version: "
_EXCEPTION = re.compile(rb"^\S*\.WorkerInitializationException: (.*)$")


def shows_worker(line: bytes) -> bool:
    """Whether a line of ts_log may be about what happened to a worker."""
    message = line.find(b" - ") + 3
    if message < 3:
        return line.startswith(BANNER) or _EXCEPTION.match(line) is not None
    return line.startswith((*_BEGIN_WITH, _LOADING), message)


class WorkerEventLines:
    """Makes events of the lines of ts_log, each once."""

    def __init__(self, *, requests: bool = False) -> None:
        """With `requests` the requests that workers are sent and answer are events as well."""
        self._beginnings = (*_BEGIN_WITH, _REQUEST, _ANSWER) if requests else _BEGIN_WITH
        self._doubles = Doubles()
        self._erring: tuple[datetime, WorkerThread] | None = None

    def read(self, lines: Iterable[bytes]) -> Iterator[LogEvent]:
        """The events of these lines, which follow those of the last call."""
        for line in lines:
            message = line.find(b" - ") + 3
            if message < 3:
                yield from self._bare(line)
            elif line.startswith(self._beginnings, message):
                yield from self._stamped(line)

    def _bare(self, line: bytes) -> Iterator[LogEvent]:
        if line.startswith(BANNER):
            yield ServerStarted()
        elif self._erring and (match := _EXCEPTION.match(line)):
            time, worker = self._erring
            self._erring = None  # so that the second of the doubled ones is passed over
            yield BackendError(time, worker, _text(match[1]))

    def _stamped(self, line: bytes) -> Iterator[LogEvent]:
        match = _LINE.match(line)
        if match is None or self._doubles.is_second(match[2], line):
            return
        stamp, thread, logger, message = match.groups()
        time = parse_stamp(_text(stamp))
        if time is None or (logger == b"MODEL_LOG" and not _PID.match(message)):
            return  # a handler may print what it likes
        worker = worker_thread(thread)
        if worker is not None and message == b"Backend worker error":
            self._erring = (time, worker)
            return
        event = _server_event(time, message)
        if event is None and worker is not None:
            event = _worker_event(time, worker, message)
        if event is not None:
            yield event


_STATE = re.compile(rb"^(\S+) State change (\S+) -> (\S+)$")
_DISCONNECTED = re.compile(rb"^(\S+) Worker disconnected\. (\S+)$")
_ADDED = re.compile(rb"^Adding new version (.+) for model (.+)$")
_REMOVED = re.compile(rb"^Removed model: (.+) version: (.+)$")
_UNREGISTERED = re.compile(rb"^Model (.+) unregistered\.$")
_FLUSHING = re.compile(rb"^Flushing req\.cmd (\w+) ")
_LOAD_FAILED = re.compile(rb"^Load model failed: .*, error: (.*)$")
_UNANSWERED = re.compile(rb"^Number or consecutive unsuccessful inference (\d{1,9})$")
_RETRY = re.compile(rb"^Retry worker: \S+ in (\d{1,9}) seconds\.$")
_PID = re.compile(rb"^\[PID\](\d{1,9})$")
_ALONE: dict[bytes, type[WorkerEvent]] = {
    b"Auto recovery failed again": RecoveryFailed,
    b"Auto recovery succeeded, reset recoveryStartTS": RecoverySucceeded,
    b"Worker terminated due to scale-down call.": Removed,
}
_BEGINNINGS: dict[bytes, type[WorkerEvent]] = {
    b"Worker cmdline: ": Launched,
    b"Backend worker monitoring thread interrupted or backend worker process died.": ProcessEnded,
    b"Auto recovery start timestamp: ": RecoveryBegan,
    _ANSWER: Answered,
}


def _server_event(time: datetime, message: bytes) -> LogEvent | None:
    """The event of a line that may come from any thread."""
    if match := _STATE.match(message):
        # A scale-down is written by the thread of the request; the message names the worker.
        worker, after = worker_thread(match[1]), _phase(match[3])
        return StateChanged(time, worker, _phase(match[2]), after) if worker and after else None
    if match := _DISCONNECTED.match(message):
        return Disconnected(time, _text(match[1]), _phase(match[2]))
    if match := _ADDED.match(message):
        return VersionAdded(time, _text(match[2]), _text(match[1]))
    if match := _REMOVED.match(message):
        return VersionRemoved(time, _text(match[1]), _text(match[2]))
    if match := _UNREGISTERED.match(message):
        return ModelUnregistered(time, _text(match[1]))
    return None


def _worker_event(time: datetime, worker: WorkerThread, message: bytes) -> WorkerEvent | None:
    if kind := _ALONE.get(message):
        return kind(time, worker)
    for beginning, begun in _BEGINNINGS.items():
        if message.startswith(beginning):
            return begun(time, worker)
    if match := _RETRY.match(message):
        return RetryDue(time, worker, int(match[1]))
    if match := _UNANSWERED.match(message):
        return Unanswered(time, worker, int(match[1]))
    if match := _LOAD_FAILED.match(message):
        return LoadFailed(time, worker, _text(match[1]))
    if match := _FLUSHING.match(message):
        return Asked(time, worker, _text(match[1]))
    if match := _PID.match(message):
        return HasPid(time, worker, int(match[1]))
    return None


def _phase(name: bytes) -> Phase | None:
    try:
        return Phase(_text(name))
    except ValueError:
        return None


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace")
