"""Where the past of a model has gaps: times in which no one looked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from statistics import median

from tsmon.telemetry.history import HistoryPoint
from tsmon.telemetry.instant import Instant

LEAST_GAP_S = 10.0
GAP_PERIODS = 3
"""No sample for so many of the intervals before and after is a gap. A sample after a shorter time
is of all of it, however long the others are: a slow machine leaves no gaps."""


def with_gaps(points: Sequence[HistoryPoint]) -> list[HistoryPoint]:
    """The points, and one without any number where a gap ends, an interval before the next."""
    if len(points) < 2:
        return list(points)
    steps = [later.at.since(earlier.at) for earlier, later in pairwise(points)]
    usual = median(steps)
    longest = max(LEAST_GAP_S, GAP_PERIODS * usual)
    if max(steps) <= longest:
        return list(points)
    filled = [points[0]]
    for at, (step, point) in enumerate(zip(steps, points[1:], strict=True)):
        near = max([usual, *steps[max(at - 1, 0) : at], *steps[at + 1 : at + 2]])
        if step > max(LEAST_GAP_S, GAP_PERIODS * near):
            filled.append(HistoryPoint(_before(point.at, usual)))
        filled.append(point)
    return filled


def _before(moment: Instant, seconds: float) -> Instant:
    return Instant(moment.monotonic - seconds, moment.wall - timedelta(seconds=seconds))
