"""Events to be reported."""

from __future__ import annotations

from tests.unit.telemetry.limits.ticks import at, limit
from tsmon.notify.records import Record, event_record
from tsmon.telemetry.events import Event, EventKind
from tsmon.telemetry.limits.limit import LimitStatus
from tsmon.telemetry.snapshot import ModelKey


def event(text: str = "a: queue 30 (queue > 20)", *, name: str = "mnist") -> Event:
    key = ModelKey(name, "1.0")
    status = LimitStatus(limit("queue > 20", name="full"), exceeded=True, value=30.0)
    return Event(at(0), EventKind.LIMIT_EXCEEDED, str(key), text, key, status)


def record(text: str = "a: queue 30 (queue > 20)", *, name: str = "mnist") -> Record:
    return event_record(event(text, name=name), "127.0.0.1:8081")
