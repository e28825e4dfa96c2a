"""Where in the past one looks: at its newest end, or held at an earlier tick."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.telemetry.events import EventKind

if TYPE_CHECKING:
    from tsmon.telemetry.events import Event, EventLog
    from tsmon.telemetry.instant import Instant
    from tsmon.telemetry.past import Past
    from tsmon.telemetry.snapshot import Snapshot

LONGEST_GAP_S = 90.0
"""While playing, a longer time without a tick is skipped: nothing was recorded in it."""


class View(Struct, frozen=True):
    """What is to be looked at."""

    snapshot: Snapshot
    edge: Instant
    """Where charts end; the snapshot is at this moment or before it."""
    held: bool

    @property
    def behind_s(self) -> float:
        """Seconds from the snapshot to the edge."""
        return self.edge.since(self.snapshot.at)


class Playhead:
    """Follows the newest tick until it is held; then it moves only when it is asked to."""

    def __init__(self, past: Past, events: EventLog) -> None:
        self.span_s = 120.0
        """Seconds that charts show before their edge."""
        self._past = past
        self._events = events
        self._at: float | None = None
        self._edge: Instant | None = None

    @property
    def held(self) -> bool:
        """Whether it stays where it is when new ticks come."""
        return self._at is not None

    @property
    def view(self) -> View | None:
        """What to look at; None before the first tick."""
        if not self._past:
            return None
        if self._at is None:
            newest = self._past[-1]
            return View(newest, newest.at, held=False)
        snapshot = self._past[self._past.index_at(self._at)]
        return View(snapshot, self._frame(snapshot.at), held=True)

    @property
    def is_at_end(self) -> bool:
        """Whether no later tick is known."""
        if not self._past or self._at is None:
            return True
        return self._past.index_at(self._at) == len(self._past) - 1

    def hold(self) -> None:
        """Stay at the tick that is looked at."""
        if self._past:
            self._hold(self._index)

    def release(self) -> None:
        """Follow the newest tick again."""
        self._at = self._edge = None

    def step(self, ticks: int) -> bool:
        """Hold so many ticks later, or earlier if negative; whether that is another tick."""
        if not self._past:
            return False
        before = self._index
        index = min(max(before + ticks, 0), len(self._past) - 1)
        self._hold(index)
        return index != before

    def go_to(self, moment: float) -> None:
        """Hold at the last tick not after a moment of the monotonic clock."""
        if self._past:
            self._hold(self._past.index_at(moment))

    def go_to_time(self, wall: datetime) -> bool:
        """Hold at the last tick not after a time of the wall clock; whether there is one."""
        moment = wall.timestamp()
        times = self._past.times
        index = next((at for at in reversed(range(len(times))) if times[at] <= moment), None)
        if index is not None:
            self._hold(index)
        return index is not None

    def go_to_event(self, direction: int) -> Event | None:
        """Hold at the next event, or with -1 the one before; None when there is none."""
        if not self._past:
            return None
        now = self._past.moments[self._index]
        events = [each for each in self._events.events if each.kind is not EventKind.NOTE]
        if direction > 0:
            found = next((event for event in events if event.at.monotonic > now), None)
        else:
            first = self._past.moments[0]
            kept = [event for event in events if first <= event.at.monotonic <= now]
            if self.held:
                kept = [event for event in kept if event.at.monotonic < now]
            found = kept[-1] if kept else None
        if found is not None:
            self.go_to(found.at.monotonic)
        return found

    def play(self, seconds: float) -> None:
        """Let recorded time pass; charts end where it has come to."""
        if not self._past or self._at is None:
            return
        moments = self._past.moments
        now, following = moments[self._index], self._index + 1
        self._at += seconds
        if following >= len(moments):
            self._at = min(self._at, now + LONGEST_GAP_S)
        elif moments[following] - now > LONGEST_GAP_S:
            self._at = moments[following]
        self._edge = self._past.at(self._index)

    @property
    def _index(self) -> int:
        """The number of the tick that is looked at."""
        return len(self._past) - 1 if self._at is None else self._past.index_at(self._at)

    def _hold(self, index: int) -> None:
        if self._edge is None:
            self._edge = self._past.at(-1)
        at = self._past.at(index)
        self._at = at.monotonic
        self._frame(at)

    def _frame(self, at: Instant) -> Instant:
        """The edge, moved no further than needed to have a moment on the charts."""
        edge = self._edge or at
        if at.since(edge) > 0:
            edge = at
        elif edge.since(at) > self.span_s:
            middle = at.monotonic + self.span_s / 2
            edge = self._past.at(self._past.index_at(middle))
        self._edge = edge
        return edge
