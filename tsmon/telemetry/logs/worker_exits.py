"""Shows from ts_log how the processes of workers ended, each with its attempt."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct, field
from msgspec.structs import replace

from tsmon.logs.lines import WorkerThread, parse_stamp
from tsmon.telemetry.logs.worker_event_lines import WorkerEventLines
from tsmon.telemetry.logs.worker_events import (
    Answered,
    Asked,
    BackendError,
    Launched,
    LoadFailed,
    LogEvent,
    Phase,
    ProcessEnded,
    Removed,
    ServerStarted,
    StateChanged,
    Unanswered,
    VersionAdded,
    WorkerEvent,
)
from tsmon.telemetry.logs.worker_states import DeathReason

_PIP = re.compile(
    rb"^(\S+) \[ERROR\] .* - (Custom pip package installation failed|Virtual environment creation)"
    rb" (?:at .*|failed )?for model (.+?)(?: at .* failed)?:\s*$"
)
_STAMPED = re.compile(rb"^\d{4}-\d\d-\d\dT")


class WorkerExit(Struct, frozen=True):
    """How one process of a worker ended."""

    worker: WorkerThread
    began: datetime | None
    """When the process was started; None when that was before the lines read."""
    time: datetime
    reason: DeathReason
    loading: bool
    last_exchange: datetime | None = None
    """When it was sent a request or answered one for the last time."""
    waited_s: float | None = None
    """Seconds from its last request to the end; None when it had none."""
    message: str = ""
    """What TorchServe's exception said, if there was one."""


class PipFailure(Struct, frozen=True):
    """The requirements of a model could not be installed."""

    time: datetime
    model: str
    lines: tuple[str, ...]
    """What pip said."""


class _Attempt(Struct):
    """One process, from its start on."""

    began: datetime | None = None
    asked: datetime | None = None
    last_exchange: datetime | None = None
    reason: DeathReason | None = None
    message: str = ""
    load_failed: bool = False


class ExitReport(Struct):
    """What the lines of ts_log show since the server's last start."""

    begin: datetime | None = None
    """The first thing that happened after the server's start; None when that was not read."""
    exits: list[WorkerExit] = field(default_factory=list)
    pip_failures: list[PipFailure] = field(default_factory=list)
    down: set[WorkerThread] = field(default_factory=set)
    """Workers that ended and neither came up again nor were removed."""
    _attempts: dict[WorkerThread, _Attempt] = field(default_factory=dict)
    _started: bool = False

    def add(self, event: LogEvent) -> None:
        """Take the next event."""
        if isinstance(event, ServerStarted):
            self._restart()
        elif self._started and self.begin is None:
            self.begin = event.time
        if isinstance(event, VersionAdded):
            return
        if isinstance(event, WorkerEvent):
            self._worker(event, self._attempts.setdefault(event.worker, _Attempt()))

    def _restart(self) -> None:
        self.exits.clear()
        self.pip_failures.clear()
        self.down.clear()
        self._attempts.clear()
        self.begin, self._started = None, True

    def _worker(self, event: WorkerEvent, attempt: _Attempt) -> None:
        match event:
            case Launched():
                self._attempts[event.worker] = _Attempt(began=event.time)
            case Asked():
                attempt.asked = attempt.last_exchange = event.time
            case Answered():
                attempt.last_exchange = event.time
            case Unanswered():
                attempt.reason = DeathReason.TIMED_OUT
            case ProcessEnded():
                attempt.reason = attempt.reason or DeathReason.ENDED
            case BackendError():
                attempt.reason = attempt.reason or DeathReason.NOT_STARTED
                attempt.message = event.message
            case LoadFailed():
                attempt.load_failed = True
            case StateChanged():
                self._changed(event, attempt)
            case Removed():
                self.down.discard(event.worker)
                self._attempts.pop(event.worker, None)

    def _changed(self, event: StateChanged, attempt: _Attempt) -> None:
        if event.after is Phase.LOADED:
            self.down.discard(event.worker)
        # After a synchronous registration TorchServe takes a worker that failed away at once.
        undone = event.after is Phase.SCALED_DOWN and attempt.load_failed
        died = event.after is Phase.STOPPED and event.before is not Phase.SCALED_DOWN
        if not (died or undone):
            return
        reason = attempt.reason or DeathReason.ENDED
        if event.before is Phase.ERROR:
            reason = DeathReason.REFUSED
        waited = (event.time - attempt.asked).total_seconds() if attempt.asked else None
        exit_ = WorkerExit(
            worker=event.worker,
            began=attempt.began,
            time=event.time,
            reason=reason,
            loading=event.before is not Phase.LOADED,
            last_exchange=attempt.last_exchange,
            waited_s=waited,
            message=attempt.message,
        )
        self.exits.append(exit_)
        self.down.add(event.worker)
        # A worker that is taken away later must not count as having failed again.
        self._attempts[event.worker] = replace(attempt, load_failed=False)


def read_exits(lines: Iterable[bytes]) -> ExitReport:
    """What these lines of ts_log show."""
    report, kept = ExitReport(), list(lines)
    for event in WorkerEventLines(requests=True).read(kept):
        report.add(event)
    report.pip_failures = [
        failure
        for failure in _pip_failures(kept)
        if report.begin is None or failure.time >= report.begin
    ]
    return report


def _pip_failures(lines: list[bytes]) -> list[PipFailure]:
    found = []
    for number, line in enumerate(lines):
        match = _PIP.match(line) if b"failed" in line else None
        time = parse_stamp(match[1].decode(errors="replace")) if match else None
        if match and time:
            model = match[3].decode(errors="replace")
            found.append(PipFailure(time, model, _until_stamp(lines[number + 1 : number + 200])))
    return found


def _until_stamp(lines: list[bytes]) -> tuple[str, ...]:
    said = []
    for line in lines:
        if _STAMPED.match(line):
            break
        said.append(line.decode(errors="replace"))
    return tuple(text for text in said if text.strip())
