"""How often the server can be asked."""

from __future__ import annotations

PERIODS_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


def other_period(period_s: float, direction: int) -> float:
    """The next longer or shorter period; at either end the same."""
    longer = [each for each in PERIODS_S if each > period_s]
    shorter = [each for each in PERIODS_S if each < period_s]
    if direction > 0:
        return longer[0] if longer else period_s
    return shorter[-1] if shorter else period_s
