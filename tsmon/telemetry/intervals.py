"""When so much time has passed since a reading that the next one shows a rate."""

from __future__ import annotations

from collections import deque

SHORT = 0.5
"""An interval of less than this share of the usual one is short."""
LONG_ENOUGH_S = 5.0
"""No more than this counts as usual, so that a shorter period shows soon."""
QUICKEST_S = 0.1
"""No monitor asks so often; where intervals are shorter, someone asks at once again and again."""
RECENT = 3
"""Intervals that show the usual one; until there were so many none is short."""


class IntervalFilter:
    """Shows intervals of the usual length from short ones, by the last few that were kept.

    A tick that follows a change at once ends a short interval. The moments of readings are known to
    some hundredths of a second, so that a rate over it would be wrong.
    """

    def __init__(self) -> None:
        self._lengths: deque[float] = deque(maxlen=RECENT)

    def is_due(self, seconds: float) -> bool:
        """Whether an interval of this length is long enough to stand alone."""
        usual = sorted(self._lengths)[RECENT // 2] if len(self._lengths) == RECENT else 0.0
        return usual < QUICKEST_S or seconds >= SHORT * min(usual, LONG_ENOUGH_S)

    def keep(self, seconds: float) -> None:
        """Take an interval that was reported."""
        self._lengths.append(seconds)
