"""What happened between two snapshots, as events with their time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.telemetry.health.verdicts import WorkerHealth
from tsmon.telemetry.limits.limit import LimitStatus
from tsmon.telemetry.snapshot import (
    Gone,
    ModelKey,
    ModelStatus,
    ServerState,
    Snapshot,
    WorkerStatus,
)
from tsmon.units import duration, plural

if TYPE_CHECKING:
    from tsmon.telemetry.instant import Instant
    from tsmon.telemetry.snapshot import ModelKey, ModelStatus, Snapshot


BURST = 5
"""Requests that ended with 5xx from one snapshot to the next, from which on it is a burst."""
QUIET_S = 10.0
"""After so long without another failure a burst is over."""


class Bursts:
    """Remembers from snapshot to snapshot which models are in a burst."""

    def __init__(self) -> None:
        self._seen: set[ModelKey] = set()
        self._failed: dict[ModelKey, int] = {}
        """Of those with a report of their requests."""
        self._last_failure: dict[ModelKey, Instant] = {}
        """Of the models in a burst."""

    def begun(self, snapshot: Snapshot) -> dict[ModelKey, int]:
        """The models whose burst begins with this snapshot, and how many requests failed."""
        if snapshot.stale:
            return {}
        seen = {model.key for model in snapshot.models}
        answering = [model for model in snapshot.models if model.requests is not None]
        grown = {model.key: self._growth(model) for model in answering}
        self._last_failure = {
            key: at
            for key, at in self._last_failure.items()
            if key in seen and snapshot.at.since(at) <= QUIET_S
        }
        begun = {
            key: failed
            for key, failed in grown.items()
            if failed >= BURST and key not in self._last_failure
        }
        for key, failed in grown.items():
            if key in begun or (failed > 0 and key in self._last_failure):
                self._last_failure[key] = snapshot.at
        self._failed = {model.key: _server_errors(model) for model in answering}
        self._seen = seen
        return begun

    def _growth(self, model: ModelStatus) -> int:
        """The failures since the snapshot before; unknown, thus none, for a model that is new."""
        failed = _server_errors(model)
        return failed - self._failed.get(model.key, 0 if model.key in self._seen else failed)


def _server_errors(model: ModelStatus) -> int:
    """The failures of the last five minutes."""
    if model.requests is None:
        return 0
    return sum(count for status, count in model.requests.statuses.items() if status >= 500)


TOKEN_SOON = timedelta(minutes=5)
"""How long before a token's end someone is reported of it."""


class EventKind(StrEnum):
    """What can happen."""

    SERVER_AWAY = "server away"
    SERVER_BACK = "server back"
    COUNTERS_RESET = "counters reset"
    TOKEN_REFUSED = "token refused"
    TOKEN_REFRESHED = "token refreshed"
    TOKEN_EXPIRES_SOON = "token expires soon"
    TOKEN_EXPIRED = "token expired"
    MODEL_ADDED = "model added"
    MODEL_UNREAD = "model unread"
    MODEL_READ = "model read"
    MODEL_REMOVED = "model removed"
    MODEL_REPLACED = "model replaced"
    DEFAULT_CHANGED = "default changed"
    WORKERS_CHANGED = "workers changed"
    WORKER_READY = "worker ready"
    WORKER_DIED = "worker died"
    WORKER_DIED_AT_LOAD = "worker died at load"
    """It never became ready; TorchServe's next attempt is no event of its own."""
    WORKER_RESTARTED = "worker restarted"
    WORKER_STUCK = "worker stuck"
    WORKER_GIVEN_UP = "worker given up"
    SERVER_ERRORS = "5xx"
    LIMIT_EXCEEDED = "limit exceeded"
    LIMIT_CLEARED = "limit cleared"
    NOTE = "note"
    """What the monitor said itself."""

    @property
    def is_bad(self) -> bool:
        """Whether someone should look."""
        return self in _BAD


_BAD = frozenset(
    {
        EventKind.SERVER_AWAY,
        EventKind.TOKEN_REFUSED,
        EventKind.TOKEN_EXPIRES_SOON,
        EventKind.TOKEN_EXPIRED,
        EventKind.MODEL_UNREAD,
        EventKind.WORKER_DIED,
        EventKind.WORKER_DIED_AT_LOAD,
        EventKind.WORKER_STUCK,
        EventKind.WORKER_GIVEN_UP,
        EventKind.SERVER_ERRORS,
        EventKind.LIMIT_EXCEEDED,
    }
)


_OF_SERVER = frozenset(
    {
        EventKind.SERVER_AWAY,
        EventKind.SERVER_BACK,
        EventKind.COUNTERS_RESET,
        EventKind.TOKEN_REFUSED,
        EventKind.TOKEN_REFRESHED,
        EventKind.TOKEN_EXPIRES_SOON,
        EventKind.TOKEN_EXPIRED,
    }
)
"""What concerns every model."""


_LOST = {
    WorkerHealth.STUCK: EventKind.WORKER_STUCK,
    WorkerHealth.GIVEN_UP: EventKind.WORKER_GIVEN_UP,
}


class Event(Struct, frozen=True):
    """One thing that happened."""

    at: Instant
    """When it was noticed, at most one tick after it happened."""
    kind: EventKind
    subject: str
    """The server, the model version or the worker."""
    text: str
    """What a person wants to know of it."""
    model: ModelKey | None = None
    """The version it is about; None where it is the server or a token."""
    limit: LimitStatus | None = None
    """How the version stood to the limit that it is about."""

    def concerns(self, key: ModelKey) -> bool:
        """Whether it is about this version, one of its workers or the server."""
        if self.kind in _OF_SERVER:
            return True
        return self.subject == str(key) or self.subject.startswith(f"{key} worker ")


class EventLog:
    """The last `capacity` events."""

    def __init__(self, capacity: int = 1000) -> None:
        self._capacity = capacity
        self.events: tuple[Event, ...] = ()
        """The events kept, oldest first; replaced as a whole, since threads read it."""
        self._last: Snapshot | None = None
        self._bursts = Bursts()

    def observe(self, snapshot: Snapshot) -> None:
        """Take the next snapshot, and keep the events it brought."""
        found = list(between(self._last, snapshot)) if self._last is not None else []
        for key, failed in self._bursts.begun(snapshot).items():
            text = f"{failed} requests failed within one tick"
            found.append(Event(snapshot.at, EventKind.SERVER_ERRORS, str(key), text, key))
        found += limit_events(self._last, snapshot)
        if found:
            self.events = (*self.events, *found)[-self._capacity :]
        self._last = snapshot

    def add(self, event: Event) -> None:
        """Keep an event that no snapshot shows."""
        self.events = (*self.events, event)[-self._capacity :]

    def about(self, key: ModelKey, seconds: float, end: Instant) -> list[Event]:
        """The events of a version and of its server in the `seconds` before `end`, oldest first."""
        found: list[Event] = []
        for event in reversed(self.events):
            age_s = end.since(event.at)
            if age_s > seconds:
                break
            if age_s >= 0 and event.concerns(key):
                found.append(event)
        return found[::-1]

    def after(self, last: Event | None) -> list[Event]:
        """The events that came later than `last`, one of this log; all with None."""
        later: list[Event] = []
        for event in reversed(self.events):
            if event is last:
                break
            later.append(event)
        return later[::-1]


def limit_events(before: Snapshot | None, after: Snapshot) -> Iterator[Event]:
    """The limits that are exceeded or over since the snapshot before; at the first one all are."""
    were, now = _exceeded(before) if before else {}, _exceeded(after)
    for (subject, name), status in now.items():
        if (subject, name) not in were:
            kind, key = EventKind.LIMIT_EXCEEDED, _model_of(subject)
            yield Event(after.at, kind, str(subject), str(status), key, status)
    for subject, name in were.keys() - now.keys():
        status = were[subject, name]
        limits = _limits_of(after, subject)
        later = next((each for each in limits or () if each.limit.name == name), None)
        if later is not None and later.limit == status.limit:
            figure = later.figure
        elif limits is None:
            figure = NOT_PUBLISHED if isinstance(subject, str) else NOT_REGISTERED
        else:
            figure = "the limit was changed"
        lasted = f"for {duration(after.at.since(status.since))}" if status.since else "before"
        text = f"{name}: {figure}, exceeded {lasted} ({status.limit.condition})"
        kind, key = EventKind.LIMIT_CLEARED, _model_of(subject)
        yield Event(after.at, kind, str(subject), text, key, later or status)


NOT_REGISTERED = "the version is not registered any more"
NOT_PUBLISHED = "the series is not published any more"
Subject = ModelKey | str
"""A version, or a series by its text."""


def _model_of(subject: Subject) -> ModelKey | None:
    return None if isinstance(subject, str) else subject


def _limits_of(snapshot: Snapshot, subject: Subject) -> tuple[LimitStatus, ...] | None:
    """How it stands to its limits; None where it is not there any more."""
    if isinstance(subject, str):
        found = (each.limits for each in snapshot.series if each.text == subject)
        return next(found, None)
    model = snapshot.model(subject)
    return None if model is None or model.gone else model.limits


def _exceeded(snapshot: Snapshot) -> dict[tuple[Subject, str], LimitStatus]:
    found: list[tuple[Subject, tuple[LimitStatus, ...]]] = []
    found += [(model.key, model.limits) for model in snapshot.models if model.limits]
    found += [(each.text, each.limits) for each in snapshot.series if each.limits]
    return {
        (subject, status.limit.name): status
        for subject, limits in found
        for status in limits
        if status.exceeded
    }


def between(before: Snapshot, after: Snapshot) -> Iterator[Event]:
    """What happened from one snapshot to the next."""
    yield from _server_events(before, after)
    yield from _token_events(before, after)
    if before.server.last_answer is None or after.stale:
        return  # nothing is known of the models on one of the two sides
    old = {model.key: model for model in before.models if not model.gone}
    new = {model.key: model for model in after.models if not model.gone}
    listed = {key.name for key in old if not key.version}
    for key in new.keys() - old.keys():
        if new[key].problem:
            yield Event(after.at, EventKind.MODEL_UNREAD, str(key), new[key].problem, key)
        elif key.name in listed:
            yield Event(after.at, EventKind.MODEL_READ, str(key), _registered(new[key]), key)
        else:
            yield Event(after.at, EventKind.MODEL_ADDED, str(key), _registered(new[key]), key)
    for key in old.keys() - new.keys():
        if not key.version and key.name in {each.name for each in new}:
            continue  # its versions are known now
        left = after.model(key)
        forgotten = left is not None and left.gone is Gone.FORGOTTEN
        text = "the server came back without it" if forgotten else "no longer registered"
        yield Event(after.at, EventKind.MODEL_REMOVED, str(key), text, key)
    for key in new.keys() & old.keys():
        if _is_as_before(old[key], new[key]):
            continue
        yield from _model_events(old[key], new[key], after.at)


def _server_events(before: Snapshot, after: Snapshot) -> Iterator[Event]:
    was, now, label = before.server, after.server, after.server.label
    if now.state is not was.state:
        if now.state is ServerState.TOKEN_REFUSED:
            yield Event(after.at, EventKind.TOKEN_REFUSED, label, str(now.problem))
        elif now.state is ServerState.UP and was.last_answer is not None:
            seconds = after.at.since(was.last_answer)
            yield Event(after.at, EventKind.SERVER_BACK, label, f"after {duration(seconds)}")
        elif was.state is ServerState.UP:
            yield Event(after.at, EventKind.SERVER_AWAY, label, str(now.problem or now.state))
    if now.lives > was.lives:
        yield Event(after.at, EventKind.COUNTERS_RESET, label, "the server was restarted")


def _token_events(before: Snapshot, after: Snapshot) -> Iterator[Event]:
    """What became of the key file's tokens; new ones are not reported."""
    was, now = before.at.wall, after.at.wall
    for kind, ends in after.token_ends.items():
        if kind not in before.token_ends:
            continue
        subject, at_time = f"{kind} token", f"{ends.astimezone():%H:%M:%S}"
        if ends != before.token_ends[kind] and ends > now:
            yield Event(after.at, EventKind.TOKEN_REFRESHED, subject, f"ends at {at_time}")
        elif was < ends <= now:
            yield Event(after.at, EventKind.TOKEN_EXPIRED, subject, f"ended at {at_time}")
        elif was < ends - TOKEN_SOON <= now:
            text = f"ends at {at_time}; `tsmon token refresh` renews it"
            yield Event(after.at, EventKind.TOKEN_EXPIRES_SOON, subject, text)


def _is_as_before(before: ModelStatus, after: ModelStatus) -> bool:
    """Whether all that events are about is the very same; its traffic is not."""
    return (
        before.described is after.described
        and before.workers is after.workers
        and before.is_default == after.is_default
        and before.problem == after.problem
    )


def _model_events(before: ModelStatus, after: ModelStatus, at: Instant) -> Iterator[Event]:
    subject = str(after.key)
    if bool(after.problem) is not bool(before.problem):
        kind = EventKind.MODEL_UNREAD if after.problem else EventKind.MODEL_READ
        text = after.problem or f"could not be read before: {before.problem}"
        yield Event(at, kind, subject, text, after.key)
    if after.is_default and not before.is_default:
        text = "requests without a version now go here"
        yield Event(at, EventKind.DEFAULT_CHANGED, subject, text, after.key)
    if after.described.url != before.described.url:
        text = f"{before.described.url} → {after.described.url}"
        yield Event(at, EventKind.MODEL_REPLACED, subject, text, after.key)
    if after.wanted != before.wanted:
        text = f"{before.wanted} → {after.wanted} wanted"
        yield Event(at, EventKind.WORKERS_CHANGED, subject, text, after.key)
    workers = {worker.worker.id: worker for worker in before.workers}
    for worker in after.workers:
        earlier = workers.get(worker.worker.id)
        yield from _worker_events(earlier, worker, after, at)


def _worker_events(
    before: WorkerStatus | None, after: WorkerStatus, model: ModelStatus, at: Instant
) -> Iterator[Event]:
    """What became of a worker, each thing after what it followed from."""
    key, subject = model.key, f"{model.key} worker {after.worker.id}"
    was_ready = before is not None and before.ready
    health, evidence = after.verdict.health, after.verdict.evidence
    if before is not None:
        if was_ready and not after.ready and health is not WorkerHealth.STOPPING:
            yield Event(at, EventKind.WORKER_DIED, subject, evidence, key)
        elif _died_at_load(before, after):
            cause = model.cause
            why = cause.message if cause and cause.worker_id == after.worker.id else evidence
            yield Event(at, EventKind.WORKER_DIED_AT_LOAD, subject, why, key)
        if _is_replaced(before, after) and (after.ready or not after.verdict.failed_load):
            text = f"pid {before.worker.pid} → {after.worker.pid}"
            yield Event(at, EventKind.WORKER_RESTARTED, subject, text, key)
    if after.ready and not was_ready:
        yield Event(at, EventKind.WORKER_READY, subject, f"pid {after.worker.pid}", key)
    if before is not None and health is not before.verdict.health and health in _LOST:
        yield Event(at, _LOST[health], subject, evidence, key)


def _is_replaced(before: WorkerStatus, after: WorkerStatus) -> bool:
    """Whether another process runs for it."""
    pids = before.worker.pid, after.worker.pid
    return None not in pids and pids[0] != pids[1]


def _died_at_load(before: WorkerStatus, after: WorkerStatus) -> bool:
    """Whether it died since, and had not loaded; deaths that the logs only now show are older."""
    learned = before.verdict.inferred and not after.verdict.inferred
    if learned or before.verdict.health is WorkerHealth.UNKNOWN:
        return False
    return after.verdict.failed_load and after.verdict.restarts > before.verdict.restarts


def _registered(model: ModelStatus) -> str:
    return f"registered from {model.described.url}, {plural(model.wanted, 'worker')} wanted"
