"""How much time the charts can show."""

from __future__ import annotations

import gc

SPANS_S = (60.0, 120.0, 300.0, 900.0, 3600.0)


def nearest_span(seconds: float) -> float:
    """The span that comes nearest to a number of seconds."""
    return min(SPANS_S, key=lambda span: abs(span - seconds))


def other_span(span_s: float, direction: int) -> float:
    """The next longer or shorter span; at either end the same."""
    following = SPANS_S.index(span_s) + direction
    return SPANS_S[min(max(following, 0), len(SPANS_S) - 1)]


PERIODS_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


def other_period(period_s: float, direction: int) -> float:
    """The next longer or shorter period; at either end the same."""
    longer = [each for each in PERIODS_S if each > period_s]
    shorter = [each for each in PERIODS_S if each < period_s]
    if direction > 0:
        return longer[0] if longer else period_s
    return shorter[-1] if shorter else period_s


COLLECT_AFTER = (20_000, 10, 10)
"""New objects until the youngest are walked, and so on; Python's own (700, 10, 10) walks all that
thousands of models hold every few seconds, 60 to 100 ms each time."""


def shorten_pauses() -> None:
    """Leave what was imported out of the collector's walks; it stays until the process ends.

    To be called once, before an app runs: half of a monitor's objects are functions and classes.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
