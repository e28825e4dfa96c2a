"""A recording as a past that can be looked at, read around the moment that is.

Opening it reads when its ticks were and nothing else. A snapshot is reported from its own tick and
some before it, the charts of a version from as many ticks as they have room for. Events alone need
every tick; they are looked for meanwhile.
"""

from __future__ import annotations

import asyncio
import time
from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from itertools import takewhile
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tsmon.telemetry.history import Figure, HistoryPoint, Trend, point_of
from tsmon.telemetry.limits.watch import LimitWatch
from tsmon.telemetry.monitor import Monitor, in_flight
from tsmon.telemetry.past import Past
from tsmon.telemetry.recording.reader import Detail, Recording
from tsmon.telemetry.recording.schema import RecordingError
from tsmon.telemetry.roster import not_judged, status_of, traffic_of
from tsmon.telemetry.scrape import Scrape, SeriesKey
from tsmon.telemetry.snapshot import MetricsStatus, ModelKey, ServerState, ServerStatus, Snapshot
from tsmon.telemetry.source import Observation
from tsmon.telemetry.traffic import LONG_WINDOW_S, WINDOW_S, Traffic, TrafficMeter
from tsmon.threads import in_thread
from tsmon.torchserve.errors import TorchServeError

if TYPE_CHECKING:
    from tsmon.telemetry.instant import Instant

RUN_UP_S = (900.0, 600.0, 450.0, LONG_WINDOW_S, 220.0, *range(154, 0, -14))
"""How long before a moment ticks are read for it: a model is stuck by ticks less than 15 s apart,
and how long a worker has been away may be longer ago."""
RECENT_TICKS = 5
"""As many right before it are read, by which its interval is reported from a short one."""
MOST_CHANGES = 50
NEAR_TICKS = 16
"""This many ticks from there on are kept apart; beyond, the time between is not read."""
SNAPSHOTS = 64
"""As many are held in memory."""
MOST_POINTS = 360
"""Of a chart; where there are more ticks, it shows every second, third, ... one."""
WORK_S, REST_S = 0.02, 0.04
"""Seconds by turns that the search for events takes and leaves to everything else."""


class RecordedPast(Past):
    """The ticks of a recording; each snapshot is reported when it is looked at."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self.limits = LimitWatch()
        """What was found, from the first tick on, of the limits on models."""
        self.moments = recording.moments
        self.times = array("d", (tick.time for tick in recording.ticks))
        self._snapshots: OrderedDict[int, Snapshot] = OrderedDict()
        self._monitor = Monitor(recording, remembers=False)
        self._pinned: tuple[str, ...] = ()
        self._begun, self._last = -NEAR_TICKS, -1
        """The tick that the monitor was begun for, and the one that it was reported of last."""

    def __len__(self) -> int:
        return len(self.times)

    def __getitem__(self, index: int) -> Snapshot:
        number = index + len(self) if index < 0 else index
        if not 0 <= number < len(self):
            raise IndexError(index)
        if number not in self._snapshots:
            self._go_to(number)
        self._snapshots.move_to_end(number)
        return self.limits.recalled(self._snapshots[number])

    def pin(self, series: Sequence[str]) -> None:
        """Have these series in each snapshot that is looked at from now on."""
        self._pinned = tuple(series)
        self._snapshots.clear()
        self._begun, self._last = -NEAR_TICKS, -1

    def _go_to(self, index: int) -> None:
        """Say the monitor of all that leads to a tick, and of that."""
        if not self._last < index <= self._begun + NEAR_TICKS:
            self._begin(index)
        for number in range(self._last + 1, index + 1):
            self._snapshots[number] = self._monitor.digest(observed(self._recording, number))
            if len(self._snapshots) > SNAPSHOTS:
                self._snapshots.popitem(last=False)
        self._last = index

    def _begin(self, index: int) -> None:
        """Say another monitor of what comes before a tick."""
        recording, self._monitor = self._recording, Monitor(self._recording, remembers=False)
        self._monitor.watched.pinned = (*self._pinned, *self.limits.series)
        recent = max(index - RECENT_TICKS, 0)
        states, scrapes = self._run_up(index, recent)
        for before in sorted(states | scrapes):
            if before in states:
                self._monitor.digest(observed(recording, before, Detail.STATE))
            elif scrape := recording.scrape(before):
                self._monitor.recall(scrape)
        self._monitor.forget_pace()
        for before in range(recent, index):
            self._monitor.digest(observed(recording, before, Detail.STATE))
        self._begun, self._last = index, index - 1

    def _run_up(self, index: int, recent: int) -> tuple[set[int], set[int]]:
        """The ticks before the recent ones that snapshots from a tick on rest on.

        Of the first ones all is reported; those of the others only their counters.
        """
        now = self.moments[index]
        states = {bisect_left(self.moments, now - seconds) for seconds in RUN_UP_S}
        ticks = self._recording.ticks
        changes = [n for n in range(min(states), recent) if ticks[n].notable]
        starts = [bisect_left(self.moments, now - seconds) for seconds in (LONG_WINDOW_S, WINDOW_S)]
        scrapes = {n for start in starts for n in range(start, start + NEAR_TICKS)}
        states |= set(changes[-MOST_CHANGES:])
        return {n for n in states if n < recent}, {n for n in scrapes if n < recent}


class RecordedHistory:
    """The points of charts; those of the version that was asked for last stay in memory."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._chain = _Chain(recording, ModelKey("", ""), 1, 0)

    def trend(self, key: ModelKey, figure: Figure, end: Instant) -> Trend:
        """None: it would take all ticks of each version."""
        return ()

    def points(self, key: ModelKey, seconds: float, end: Instant) -> list[HistoryPoint]:
        """The points of the `seconds` before `end`, oldest first; of many ticks some are left out.

        The sums are cumulative, so that what was counted in between is in the next point.
        """
        moments = self._recording.moments
        first = bisect_left(moments, end.monotonic - seconds)
        last = bisect_right(moments, end.monotonic)
        stride = max(-(-(last - first) // MOST_POINTS), 1)
        first += -first % stride
        chain = self._chain
        if (chain.key, chain.stride) != (key, stride) or not chain.begin <= first <= chain.end:
            self._chain = _Chain(self._recording, key, stride, first)
        points = self._chain.points(first, last)
        absent = sum(1 for _ in takewhile(lambda each: each is None, points))
        return [
            point or HistoryPoint(self._recording.at(first + stride * number))
            for number, point in enumerate(points)
            if number >= absent
        ]


class _Chain:
    """The points of one version at every so manieth tick."""

    def __init__(self, recording: Recording, key: ModelKey, stride: int, first: int) -> None:
        self._recording = recording
        self.key = key
        self.stride = stride
        self.begin = self.end = first
        """The tick of the first point, and that of the next one to be read."""
        self._points: deque[HistoryPoint | None] = deque()
        self._meter = TrafficMeter()
        if first >= stride:
            self._read(first - stride)

    def points(self, first: int, last: int) -> list[HistoryPoint | None]:
        """Those from one tick to before another; None where there is no such version."""
        while self.begin < first and self._points:
            self._points.popleft()
            self.begin += self.stride
        while self.end < last:
            self._points.append(self._read(self.end))
            self.end += self.stride
        return list(self._points)[: -(-(last - first) // self.stride)]

    def _read(self, index: int) -> HistoryPoint | None:
        try:
            observation = self._recording.of_model(index, self.key)
        except RecordingError:
            return None
        scrape, models = observation.scrape, observation.models
        traffic: Mapping[SeriesKey, Traffic] = {}
        if isinstance(scrape, Scrape):
            traffic = self._meter.observe(scrape, in_flight(observation))
        if isinstance(models, TorchServeError):
            return HistoryPoint(observation.at)
        named = (each for each in models if each.model.version == self.key.version)
        entry = next(named, None)
        if entry is None:
            return None
        known = traffic_of(entry, traffic)
        model = status_of(observation, entry, known, not_judged(entry, ""))
        up = ServerStatus(self._recording.label, ServerState.UP)
        snapshot = Snapshot(observation.at, up, MetricsStatus(log_folder=observation.log_folder))
        point = point_of(snapshot, model, scraped=isinstance(scrape, Scrape))
        return replace(point, times=self._times(index)) if self.stride > 1 else point

    def _times(self, index: int) -> bytes:
        """The counted times of a tick and those before it that are left out."""
        first = max(index - self.stride + 1, 0)
        try:
            return self._recording.times_of(first, index, self.key)
        except RecordingError:
            return b""


async def find_events(recording: Recording, monitor: Monitor) -> AsyncIterator[float]:
    """Have the monitor find the events of a recording; gives the share that was looked at.

    Raises:
        RecordingError: the file is damaged; what can be read of it was looked at.
    """
    done = 0
    while done < len(recording.ticks):
        done = await in_thread(_look, recording, monitor, done)
        yield done / len(recording.ticks)
        await asyncio.sleep(REST_S)
    if recording.damage is not None:
        raise recording.damage


def _look(recording: Recording, monitor: Monitor, index: int) -> int:
    """Look at ticks for a short while; gives the number of the next one."""
    end = time.monotonic() + WORK_S
    detail = Detail.ALL if monitor.limits.limits else Detail.EVENTS
    while index < len(recording.ticks) and time.monotonic() < end:
        with suppress(RecordingError):
            monitor.digest(recording.observation(index, detail))
        index += 1
    return index


def observed(recording: Recording, index: int, detail: Detail = Detail.ALL) -> Observation:
    """What the source said at a tick; where that is damaged, that it is."""
    try:
        return recording.observation(index, detail)
    except RecordingError as error:
        return Observation(recording.at(index), None, error, error)
