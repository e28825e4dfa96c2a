"""How much time the charts can show."""

from __future__ import annotations

SPANS_S = (60.0, 120.0, 300.0, 900.0, 3600.0)


def nearest_span(seconds: float) -> float:
    """The span that comes nearest to a number of seconds."""
    return min(SPANS_S, key=lambda span: abs(span - seconds))


def other_span(span_s: float, direction: int) -> float:
    """The next longer or shorter span; at either end the same."""
    following = SPANS_S.index(span_s) + direction
    return SPANS_S[min(max(following, 0), len(SPANS_S) - 1)]
