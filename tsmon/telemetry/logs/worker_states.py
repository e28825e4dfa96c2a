"""Folds the events of ts_log into one record per worker: state, next retry, deaths."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from tsmon.logs.lines import WorkerThread
from tsmon.telemetry.logs.worker_event_lines import WorkerEventLines
from tsmon.telemetry.logs.worker_events import (
    BackendError,
    HasPid,
    Launched,
    LogEvent,
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
    WorkerEvent,
)
from tsmon.torchserve.records import MAX_RETRY_S

if TYPE_CHECKING:
    from tsmon.logs.time_zone import LogZone


ANNOUNCED_WITHIN = timedelta(seconds=5)
"""A retry is announced in the same moment as the failure before it; the rest is a slow disk."""


class DeathReason(StrEnum):
    """How a worker's process came to its end, as far as ts_log shows."""

    ENDED = "its process ended"
    """By itself or by a signal; ts_log does not say which."""
    TIMED_OUT = "it did not answer in time"
    REFUSED = "it answered that it cannot load the model"
    NOT_STARTED = "its process could not be started"


class Death(Struct, frozen=True):
    """The end of one process of a worker."""

    time: datetime
    reason: DeathReason
    loading: bool
    """Whether the model was not loaded yet."""


class WorkerState(Struct, frozen=True):
    """One worker as ts_log shows it. Times are the server's local ones, without a zone."""

    worker: WorkerThread
    phase: Phase | None = None
    """None until its first process has answered."""
    since: datetime | None = None
    """When it came to that state."""
    pid: int | None = None
    launched: datetime | None = None
    """When its present process was started."""
    retry_due: datetime | None = None
    """When the next process is started; None when none is announced."""
    recovering_since: datetime | None = None
    """The first death since it was last ready; None while it needs no recovery."""
    failed_again: datetime | None = None
    """When its recovery failed again, until the retry that TorchServe announces next to it."""
    deaths: int = 0
    """Since it was created."""
    last_death: Death | None = None
    stopping: bool = False
    """It is being removed on purpose."""

    def with_times(self, read: Callable[[datetime], datetime]) -> WorkerState:
        """It with each of its times as `read` gives them."""

        def again(time: datetime | None) -> datetime | None:
            return None if time is None else read(time)

        death = self.last_death
        return replace(
            self,
            since=again(self.since),
            launched=again(self.launched),
            retry_due=again(self.retry_due),
            recovering_since=again(self.recovering_since),
            failed_again=again(self.failed_again),
            last_death=replace(death, time=read(death.time)) if death else None,
        )

    def retry_in_s(self, now: datetime) -> float | None:
        """Seconds until the next process is started, at least 0; None when none is announced."""
        if self.retry_due is None:
            return None
        return max((self.retry_due - now).total_seconds(), 0.0)

    @property
    def is_down(self) -> bool:
        """Whether its process ended and no other one has loaded the model since."""
        return self.deaths > 0 and not self.stopping and self.phase is not Phase.LOADED

    def given_up(self, max_retry_s: float = MAX_RETRY_S, now: datetime | None = None) -> bool:
        """Whether TorchServe will not start it again.

        By the model's `maxRetryTimeoutInSec`, which not every version describes; or because long
        enough before `now` a recovery failed without the announcement of a retry.
        """
        if self.stopping or self.phase is not Phase.STOPPED or self.retry_due is not None:
            return False
        if now and self.failed_again and now - self.failed_again > ANNOUNCED_WITHIN:
            return True
        if self.recovering_since is None or self.since is None:
            return False
        return (self.since - self.recovering_since).total_seconds() >= max_retry_s


# A time-out is written before the error and the end of the process that follow from it.
_REASONS: dict[type, DeathReason] = {
    Unanswered: DeathReason.TIMED_OUT,
    ProcessEnded: DeathReason.ENDED,
    BackendError: DeathReason.NOT_STARTED,
}


class WorkerStates(Mapping[str, WorkerState]):
    """The workers of one server by id; a removed one leaves, a server's restart empties it."""

    def __init__(self) -> None:
        self._lines = WorkerEventLines()
        self._states: dict[str, WorkerState] = {}
        self._pending: dict[str, DeathReason] = {}

    def __getitem__(self, worker_id: str) -> WorkerState:
        return self._states[worker_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._states)

    def __len__(self) -> int:
        return len(self._states)

    def read(self, lines: Iterable[bytes]) -> tuple[LogEvent, ...]:
        """Take the next lines of ts_log; gives the events in them."""
        events = tuple(self._lines.read(lines))
        for event in events:
            self.add(event)
        return events

    def add(self, event: LogEvent) -> None:
        """Take the next event."""
        if isinstance(event, ServerStarted):
            self._states.clear()
            self._pending.clear()
        elif isinstance(event, WorkerEvent):
            self._add(event)

    def _add(self, event: WorkerEvent) -> None:
        worker_id = event.worker.worker_id
        if isinstance(event, Removed):
            self._states.pop(worker_id, None)
            self._pending.pop(worker_id, None)
            return
        state = self._states.get(worker_id)
        if state is None or state.worker != event.worker:  # an id of an earlier start of the server
            state = WorkerState(event.worker)
        if reason := _REASONS.get(type(event)):
            self._pending.setdefault(worker_id, reason)
        self._states[worker_id] = self._next(state, event)

    def _next(self, state: WorkerState, event: WorkerEvent) -> WorkerState:
        match event:
            case Launched():
                return replace(state, launched=event.time, retry_due=None, failed_again=None)
            case HasPid():
                return replace(state, pid=event.pid)
            case StateChanged():
                return self._changed(state, event)
            case RecoveryBegan():
                return replace(state, recovering_since=event.time)
            case RecoverySucceeded():
                return replace(state, recovering_since=None)
            case RetryDue():
                due = event.time + timedelta(seconds=event.seconds)
                return replace(state, retry_due=due, failed_again=None)
            case RecoveryFailed():
                return replace(state, failed_again=event.time)
        return state  # of the other events the state change beside them says all

    def _changed(self, state: WorkerState, event: StateChanged) -> WorkerState:
        changed = replace(state, phase=event.after, since=event.time)
        if event.after is Phase.SCALED_DOWN or event.before is Phase.SCALED_DOWN:
            return replace(changed, stopping=True, retry_due=None)
        if event.after is Phase.LOADED:
            return replace(changed, retry_due=None, recovering_since=None)
        if event.after is not Phase.STOPPED:
            return changed
        reason = self._pending.pop(state.worker.worker_id, DeathReason.ENDED)
        if event.before is Phase.ERROR:
            reason = DeathReason.REFUSED
        death = Death(event.time, reason, loading=event.before is not Phase.LOADED)
        return replace(changed, retry_due=None, deaths=state.deaths + 1, last_death=death)


def states_here(states: Mapping[str, WorkerState], zone: LogZone) -> dict[str, WorkerState]:
    """The states with their times as this machine's local ones."""
    if zone.tz is None:
        return dict(states)
    return {id_: state.with_times(zone.here) for id_, state in states.items()}
