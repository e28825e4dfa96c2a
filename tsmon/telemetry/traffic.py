"""From sums since start to what requests cost now: intervals, windows, restarts.

    inference ms = Δ ts_inference_latency_microseconds / Δ ts_inference_requests_total / 1000
    queue ms     = Δ ts_queue_latency_microseconds     / Δ ts_inference_requests_total / 1000

over the time between two scrapes of one server life. TorchServe counts a request on arrival and
adds its latency when it is answered, so an interval in which requests came and none was answered
stays open: its requests are carried into the next one. A number that cannot be known is a `Missing`
that says why; it is never 0.

A scrape that comes soon after the one before, as after a change, closes no interval: the moments of
scrapes are known to some hundredths of a second, which would make any rate of so short a time.
The last values stay, and its requests are counted by the interval that is closed next.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import reduce
from itertools import takewhile

from msgspec import Struct
from msgspec.structs import replace

from tsmon.telemetry.intervals import IntervalFilter
from tsmon.telemetry.scrape import Counters, Scrape, SeriesKey

NOTHING = Counters()
WINDOW_S = 60.0
LONG_WINDOW_S = 300.0


class Missing(StrEnum):
    """Why a number is not there."""

    FIRST_SAMPLE = "first sample"
    NO_TRAFFIC = "no traffic"
    UNANSWERED = "not answered yet"
    RESTARTED = "server restarted"
    NO_COUNTERS = "no counters"
    UNREAD = "its line in /metrics cannot be read"

    @property
    def per_second(self) -> Missing:
        """What a reading is missing for, each of its numbers is."""
        return self

    inference_ms = queue_ms = per_second


class Usage(Struct, frozen=True):
    """What the requests of a stretch of time cost."""

    seconds: float
    """Length of the stretch; 0 for sums since the server's start, whose length is unknown."""
    arrived: float
    """Requests counted in the stretch."""
    counted: float
    """Requests the latencies are shared out over; with carried ones it exceeds `arrived`."""
    inference_us: float
    queue_us: float

    @property
    def per_second(self) -> float:
        """Requests per second; 0 is a measured 0."""
        return self.arrived / self.seconds if self.seconds > 0 else 0.0

    @property
    def inference_ms(self) -> float | Missing:
        """Milliseconds of inference per request."""
        return self._per_request(self.inference_us)

    @property
    def queue_ms(self) -> float | Missing:
        """Milliseconds in the queue per request."""
        return self._per_request(self.queue_us)

    def _per_request(self, microseconds: float) -> float | Missing:
        if self.inference_us <= 0:
            return Missing.UNANSWERED if self.counted > 0 else Missing.NO_TRAFFIC
        if self.counted <= 0:
            return Missing.NO_TRAFFIC
        return microseconds / self.counted / 1000

    def __add__(self, other: Usage) -> Usage:
        """The same stretch of time, two series together."""
        return Usage(
            max(self.seconds, other.seconds),
            self.arrived + other.arrived,
            self.counted + other.counted,
            self.inference_us + other.inference_us,
            self.queue_us + other.queue_us,
        )


UsageOrMissing = Usage | Missing


def add_readings(readings: Sequence[UsageOrMissing]) -> UsageOrMissing:
    """Several series of one model together; a reason for absence only when none has a usage."""
    usages = [reading for reading in readings if isinstance(reading, Usage)]
    if usages:
        return reduce(Usage.__add__, usages)
    return readings[0] if readings else Missing.NO_COUNTERS


class Traffic(Struct, frozen=True):
    """One series at one scrape."""

    interval: UsageOrMissing
    """The last one that was closed: between two scrapes, mostly the last two."""
    window: UsageOrMissing
    """Over the last `WINDOW_S` seconds of this server life."""
    long_window: UsageOrMissing
    """Over the last `LONG_WINDOW_S` seconds of it."""
    since_start: UsageOrMissing
    """Since the server started."""

    def is_since(self, sums: Counters) -> bool:
        """Whether these are the sums since the server's start that it has."""
        known = self.since_start
        return (
            isinstance(known, Usage)
            and known.arrived == sums.requests
            and known.inference_us == sums.inference_us
            and known.queue_us == sums.queue_us
        )

    @classmethod
    def missing(cls, why: Missing) -> Traffic:
        """Nothing known, for one reason."""
        return cls(why, why, why, why)

    @classmethod
    def sum(cls, parts: list[Traffic]) -> Traffic:
        """Several series of one model together."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            add_readings([part.interval for part in parts]),
            add_readings([part.window for part in parts]),
            add_readings([part.long_window for part in parts]),
            add_readings([part.since_start for part in parts]),
        )


class TrafficMeter:
    """Follows the scrapes of one server and keeps those its windows need, in bounded memory."""

    def __init__(self, window_s: float = WINDOW_S, long_window_s: float = LONG_WINDOW_S) -> None:
        self._window_s = window_s
        self._long_window_s = max(long_window_s, window_s)
        self.life = 0
        """How many restarts of the server were seen."""
        self._newest: Scrape | None = None
        self._scrapes: deque[Scrape] = deque()
        """Those that ended an interval, and the first one of this life."""
        self._latest: dict[SeriesKey, Traffic] = {}
        self._pace = IntervalFilter()
        self._unanswered: dict[SeriesKey, float] = {}
        self._gaps: frozenset[SeriesKey] = frozenset()
        """Series whose line in the newest scrape could not be read; it has their values of before,
        so that no request is lost or counted twice."""

    def observe(
        self, scrape: Scrape, in_flight: Mapping[str, float] | None = None
    ) -> dict[SeriesKey, Traffic]:
        """Take the next scrape and return the traffic of each series in it.

        `in_flight` is how many requests of each model can be waiting or worked on at present; more
        are not carried, since the rest was refused and will never be answered.
        """
        newest, was = self._newest, self._gaps
        self._gaps = _gaps(newest, scrape)
        if newest is not None and self._gaps:
            kept = {key: newest.series[key] for key in self._gaps}
            scrape = replace(scrape, series={**scrape.series, **kept})
        self._newest = scrape
        if newest is None:
            self._begin_life(scrape, Missing.FIRST_SAMPLE)
        elif _restarted(newest, scrape):
            self.life += 1
            self._begin_life(scrape, Missing.RESTARTED)
        elif self._pace.is_due(_age(self._scrapes[-1], scrape)):
            self._end_interval(scrape, in_flight)
            # Growth over two intervals, of which only one is known, is no rate of either.
            for key in self._latest.keys() & (self._gaps | was):
                self._latest[key] = replace(self._latest[key], interval=Missing.UNREAD)
        return self._with_sums(scrape)

    def _with_sums(self, scrape: Scrape) -> dict[SeriesKey, Traffic]:
        """What was reported last, with the sums of this scrape."""
        unknown = Traffic.missing(Missing.FIRST_SAMPLE)
        found = {}
        for key, counters in scrape.series.items():
            latest = self._latest.get(key, unknown)
            if not latest.is_since(counters):
                latest = replace(latest, since_start=usage_of(counters))
            found[key] = latest
        return found

    def recall(self, scrape: Scrape) -> None:
        """Take a scrape that a window may begin with, in its place between the others."""
        newest = self._newest
        if newest is None or _restarted(newest, scrape):
            self.observe(scrape)
        else:
            self._newest = scrape
            self._scrapes.append(scrape)

    def forget_pace(self) -> None:
        """Take the next intervals for usual ones."""
        self._pace = IntervalFilter()

    def _begin_life(self, scrape: Scrape, why: Missing) -> None:
        self._scrapes.clear()
        self._scrapes.append(scrape)
        self._unanswered.clear()
        self._latest = dict.fromkeys(scrape.series, Traffic.missing(why))

    def _end_interval(self, scrape: Scrape, in_flight: Mapping[str, float] | None) -> None:
        last = self._scrapes[-1]
        while len(self._scrapes) > 1 and _age(self._scrapes[0], scrape) > self._long_window_s:
            self._scrapes.popleft()
        first = self._first_within(self._window_s, scrape)
        first_of_long = self._scrapes[0]
        self._scrapes.append(scrape)
        self._pace.keep(_age(last, scrape))
        interval, window, long_window = (
            _Growth(earlier, scrape) for earlier in (last, first, first_of_long)
        )
        latest, self._latest = self._latest, {}
        for key, counters in scrape.series.items():
            before = latest.get(key)
            is_same = before is not None and before.is_since(counters)
            self._latest[key] = Traffic(
                interval=self._carry(key, interval.of(key, counters), in_flight),
                window=window.of(key, counters),
                long_window=long_window.of(key, counters),
                since_start=before.since_start if before and is_same else usage_of(counters),
            )

    def _first_within(self, window_s: float, scrape: Scrape) -> Scrape:
        """The oldest scrape kept that is in the window, or the last one if none is."""
        last = self._scrapes[-1]
        recent = takewhile(lambda kept: _age(kept, scrape) <= window_s, reversed(self._scrapes))
        return reduce(lambda _, older: older, recent, last)

    def _carry(self, key: SeriesKey, usage: Usage, in_flight: Mapping[str, float] | None) -> Usage:
        """The usage with the requests of earlier intervals that were not answered in them."""
        if usage.arrived == 0 and key not in self._unanswered:
            return usage
        counted = usage.arrived + self._unanswered.pop(key, 0.0)
        if counted > 0 and usage.inference_us <= 0:
            most = math.inf if in_flight is None else in_flight.get(key.model, math.inf)
            self._unanswered[key] = min(counted, most)
        return replace(usage, counted=counted)


def _gaps(last: Scrape | None, scrape: Scrape) -> frozenset[SeriesKey]:
    """The series that are not as before because a line of them may have been lost."""
    if last is None or not scrape.lost_lines:
        return frozenset()
    return frozenset(key for key, counters in last.series.items() if _fell(scrape, key, counters))


def _restarted(last: Scrape, scrape: Scrape) -> bool:
    """Whether the server was restarted: a sum fell, or a series is gone, which it never is else."""
    now = scrape.series
    return any(
        now.get(key) is not counters and _fell(scrape, key, counters)
        for key, counters in last.series.items()
    )


def _fell(scrape: Scrape, key: SeriesKey, before: Counters) -> bool:
    return key not in scrape.series or scrape.series[key].fell_below(before)


def _age(earlier: Scrape, scrape: Scrape) -> float:
    return scrape.at.since(earlier.at)


class _Growth:
    """The usages between two scrapes of one life; most series are quiet, and share one."""

    def __init__(self, earlier: Scrape, later: Scrape) -> None:
        self._before = earlier.series
        self._seconds = _age(earlier, later)
        self._quiet = usage_of(NOTHING, self._seconds)

    def of(self, key: SeriesKey, now: Counters) -> Usage:
        """That of a series; one that was not there yet stood at 0."""
        before = self._before.get(key, NOTHING)
        if before is now or before == now:
            return self._quiet
        return usage_of(now - before, self._seconds)


def usage_of(counters: Counters, seconds: float = 0.0) -> Usage:
    """The usage that sums stand for, over `seconds`; 0 for sums since start."""
    return Usage(
        seconds, counters.requests, counters.requests, counters.inference_us, counters.queue_us
    )
