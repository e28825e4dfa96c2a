"""The values of all series over time: what a page shows of a moment, and the chart of one."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from msgspec import Struct

from tsmon.telemetry.past import KeptTicks
from tsmon.telemetry.series.layout import read_layout
from tsmon.telemetry.series.published import Published

if TYPE_CHECKING:
    from tsmon.telemetry.instant import Instant

SERIES_BYTES = 4 << 20
"""Of packed scrapes: hours of 20 models at one tick a second."""


class SeriesTick(Struct, frozen=True):
    """What was published at one moment."""

    at: Instant
    published: Published


class SeriesPoint(NamedTuple):
    """The value of one sample at a moment of the monotonic clock."""

    moment: float
    value: float


class SeriesPast(Protocol):
    """The series of the ticks that can be gone back to; it may block, so ask it in a thread."""

    def at(self, moment: float) -> SeriesTick | None:
        """The last that is not after a moment of the monotonic clock."""

    def since(self, moment: float) -> SeriesTick | None:
        """The first that is not before a moment."""

    def points(self, sample: str, begin: float, end: float) -> Sequence[SeriesPoint]:
        """The values of a sample over a stretch, oldest first."""


class KeptSeries:
    """Those that were scraped here, as far back as there is room for."""

    def __init__(self, budget: int = SERIES_BYTES) -> None:
        self._ticks: KeptTicks[SeriesTick] = KeptTicks(budget)

    def keep(self, tick: SeriesTick) -> None:
        """Take one more."""
        self._ticks.keep(tick)

    def at(self, moment: float) -> SeriesTick | None:
        """The last that is not after a moment of the monotonic clock."""
        return self._tick(bisect_right(self._ticks.moments, moment) - 1)

    def since(self, moment: float) -> SeriesTick | None:
        """The first that is not before a moment."""
        return self._tick(bisect_left(self._ticks.moments, moment))

    def points(self, sample: str, begin: float, end: float) -> Sequence[SeriesPoint]:
        """The values of a sample over a stretch, oldest first."""
        found = []
        for tick in self._ticks.between(begin, end):
            line = read_layout(tick.published.layout).lines.get(sample)
            if line is not None:
                found.append(SeriesPoint(tick.at.monotonic, tick.published.value(line)))
        return found

    def _tick(self, index: int) -> SeriesTick | None:
        try:
            return self._ticks[index] if index >= 0 else None
        except IndexError:
            return None


class Window(NamedTuple):
    """Two moments between which rates are computed."""

    now: SeriesTick
    then: SeriesTick | None
    seconds: float
    """How long it is, which may be less than what was asked for."""


def window_at(past: SeriesPast, moment: float, seconds: float) -> Window | None:
    """The window that ends at a moment; None where nothing is known of it. It may block."""
    now = past.at(moment)
    if now is None:
        return None
    then = past.since(now.at.monotonic - seconds)
    if then is None or then.at.monotonic >= now.at.monotonic:
        return Window(now, None, 0.0)
    return Window(now, then, now.at.since(then.at))
