"""Response times counted in buckets, and the bars that are drawn of them."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tsmon.load.run.histogram import Histogram, bars, bound_us, bucket_of

times = st.lists(st.integers(0, 10**8), max_size=300).map(sorted)


@given(st.integers(0, 10**9))
def test_a_time_is_in_the_bucket_that_begins_at_or_before_it(time_us: int) -> None:
    bucket = bucket_of(time_us)
    assert time_us < bound_us(bucket + 1)
    assert bucket == 0 or bound_us(bucket) <= time_us


@given(times)
def test_every_time_is_counted_once_in_its_bucket(ordered: list[int]) -> None:
    histogram = Histogram.of(ordered)
    assert sum(histogram.counts) == len(ordered)
    for at, count in enumerate(histogram.counts, histogram.first):
        assert count == sum(bucket_of(time) == at for time in ordered)


@given(st.lists(times, min_size=1, max_size=2), st.integers(1, 40))
def test_bars_hold_all_times_side_by_side_and_are_no_more_than_there_is_room_for(
    runs: list[list[int]], most: int
) -> None:
    found = bars([Histogram.of(run) for run in runs], most)
    assert len(found) <= most
    for at, run in enumerate(runs):
        assert sum(bar.counts[at] for bar in found) == len(run)
    for bar, following in pairwise(found):
        assert bar.from_ms < bar.to_ms == following.from_ms
    for at, run in enumerate(runs):
        for bar in found:
            inside = [time for time in run if bar.from_ms * 1000 <= time < bar.to_ms * 1000]
            assert bar.counts[at] == len(inside)


def test_a_few_that_are_far_off_do_not_make_the_others_coarse() -> None:
    usual = [*range(10_000, 20_000, 10)]
    found = bars([Histogram.of([*usual, 9_000_000])], 10)
    assert found[-1].to_ms > 9000
    assert found[-1].counts == (1,)
    assert max(bar.to_ms / bar.from_ms for bar in found[:-1]) < 1.25


def test_without_times_there_are_no_bars() -> None:
    assert bars([Histogram()], 5) == []
