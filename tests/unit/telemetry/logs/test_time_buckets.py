"""Counts of requests by their time: exact, small, and added up without loss."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.telemetry.logs.time_buckets import (
    LAST,
    LEAST_MS,
    PER_DECADE,
    add_counts,
    count_times,
    least_ms,
    pack_counts,
    unpack_counts,
)

COUNTS = st.dictionaries(st.integers(0, LAST), st.integers(1, 2**32 - 1))
NANOSECONDS = st.lists(st.floats(0, 1e13), max_size=200).map(sorted)


@given(st.lists(NANOSECONDS, max_size=4))
def test_each_request_is_counted_in_the_bucket_of_its_time(runs: list[list[float]]) -> None:
    counts = count_times(runs, 1_000_000)
    expected: Counter[int] = Counter()
    for time in (time for run in runs for time in run):
        expected[max(at for at in range(LAST + 1) if least_ms(at) * 1_000_000 <= time)] += 1
    assert counts == expected


@given(COUNTS)
def test_what_is_packed_is_unpacked(counts: dict[int, int]) -> None:
    packed = pack_counts(counts)
    assert unpack_counts(packed) == counts
    assert len(packed) <= 6 * len(counts)


def test_few_requests_take_two_bytes_for_each_bucket() -> None:
    assert len(pack_counts({40: 3, 41: 254, 42: 0})) == 4


@given(st.lists(st.dictionaries(st.integers(0, LAST), st.integers(1, 100_000)), max_size=5))
def test_counts_are_added_up(parts: list[dict[int, int]]) -> None:
    total: Counter[int] = Counter()
    for part in parts:
        total.update(part)
    assert unpack_counts(add_counts(map(pack_counts, parts))) == total


def test_buckets_are_twelve_percent_wide() -> None:
    assert least_ms(0) == 0
    assert least_ms(1) == LEAST_MS
    assert least_ms(1 + 3 * PER_DECADE) == pytest.approx(10.0)
    assert least_ms(21) / least_ms(20) == pytest.approx(1.122, abs=0.001)
