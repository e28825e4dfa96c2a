from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tsmon.telemetry.intervals import LONG_ENOUGH_S, QUICKEST_S, RECENT, IntervalFilter


def test_until_there_were_some_intervals_each_is_told() -> None:
    pace = IntervalFilter()
    for _ in range(RECENT - 1):
        pace.keep(1.0)
        assert pace.is_due(0.001)
    pace.keep(1.0)
    assert not pace.is_due(0.001)


def test_an_outage_does_not_make_the_intervals_after_it_short() -> None:
    pace = IntervalFilter()
    for seconds in (1.0, 1.0, 60.0):
        pace.keep(seconds)
    assert pace.is_due(1.0)


@given(st.lists(st.floats(0.2, 60), min_size=1), st.floats(QUICKEST_S, 60))
def test_an_interval_of_the_usual_length_is_told_and_one_of_a_tenth_never(
    lengths: list[float], usual: float
) -> None:
    pace = IntervalFilter()
    for seconds in lengths:
        pace.keep(seconds)
    for _ in range(2):
        pace.keep(usual)
    assert pace.is_due(usual)
    assert not pace.is_due(min(usual, LONG_ENOUGH_S) / 10)
