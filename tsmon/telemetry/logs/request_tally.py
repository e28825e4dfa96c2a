"""Counts every request that the log files show, for who adds up instead of looking at windows.

The times are counted in buckets as they are read, so what is kept of them does not grow.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.telemetry.logs.request_report import RequestPhase

if TYPE_CHECKING:
    from tsmon.telemetry.logs.request_report import Samples, TimesKey

BUCKETS_S = (
    *(0.0001, 0.00025, 0.0005),
    *(0.001, 0.0015, 0.002, 0.0025, 0.0035, 0.005, 0.0075),
    *(0.01, 0.015, 0.02, 0.025, 0.035, 0.05, 0.075),
    *(0.1, 0.15, 0.2, 0.25, 0.35, 0.5, 0.75),
    *(1.0, 1.5, 2.0, 2.5, 3.5, 5.0, 7.5),
    *(10.0, 15.0, 25.0, 50.0, 100.0),
)
"""The longest time, in seconds, that each bucket has; one more has all that is longer."""
TALLIED = (RequestPhase.TOTAL, RequestPhase.QUEUE, RequestPhase.BACKEND, RequestPhase.HANDLER)


class TimeCounts(Struct, frozen=True):
    """How many requests took how long, and how long all of them together."""

    counts: tuple[int, ...] = (0,) * (len(BUCKETS_S) + 1)
    """Of each bucket alone."""
    units: float = 0.0
    """In the units that the log has of it, whose sums are exact."""

    @property
    def cumulative(self) -> list[int]:
        """How many took at most as long as each bucket has; the last is of all."""
        return list(accumulate(self.counts))

    def __add__(self, other: TimeCounts) -> TimeCounts:
        counts = tuple(a + b for a, b in zip(self.counts, other.counts, strict=True))
        return TimeCounts(counts, self.units + other.units)

    @classmethod
    def of(cls, samples: Iterable[float], per_ms: int) -> TimeCounts:
        """Those of samples, `per_ms` units a millisecond."""
        edges, counts, units = _edges(per_ms), [0] * (len(BUCKETS_S) + 1), 0.0
        for sample in samples:
            counts[bisect_left(edges, sample)] += 1
            units += sample
        return cls(tuple(counts), units)


@cache
def _edges(per_ms: int) -> tuple[float, ...]:
    # 0.0035 s is 3.5 ms, which a product of floats need not be.
    return tuple(round(edge * 1000 * per_ms, 6) for edge in BUCKETS_S)


class Tallied(Struct, frozen=True):
    """What was counted of one version."""

    times: Mapping[RequestPhase, TimeCounts]
    """Of each of `TALLIED`."""
    statuses: Counter[int]
    """How many requests ended with which HTTP status."""

    def __add__(self, other: Tallied) -> Tallied:
        times = {phase: self.times[phase] + other.times[phase] for phase in TALLIED}
        return Tallied(times, self.statuses + other.statuses)

    @classmethod
    def of(cls, samples: Samples) -> Tallied:
        """What one reading brought."""
        by_phase = dict(
            zip(
                TALLIED,
                (samples.total, samples.queue, samples.backend, samples.handler),
                strict=True,
            )
        )
        times = {phase: TimeCounts.of(each, phase.per_ms) for phase, each in by_phase.items()}
        return cls(times, Counter(samples.statuses))


NOTHING = Tallied(dict.fromkeys(TALLIED, TimeCounts()), Counter())


class RequestTally:
    """Counts between two takings; it outlives the reader of one folder.

    Readers add in threads, and what was found is taken between two readings.
    """

    def __init__(self) -> None:
        self._found: dict[TimesKey, Tallied] = {}

    def add(self, found: Mapping[TimesKey, Samples]) -> None:
        """Count what was read."""
        for key, samples in found.items():
            self._found[key] = self._found.get(key, NOTHING) + Tallied.of(samples)

    def take(self) -> dict[TimesKey, Tallied]:
        """What was counted since the last taking."""
        taken, self._found = self._found, {}
        return taken
