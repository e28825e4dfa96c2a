"""What the logs tell of batches, as a line over their size."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.load.capacity.batching import BatchRule, batch_times
from tsmon.telemetry.logs.duration_stats import DurationStats


def constant(count: int, value: float) -> DurationStats:
    return DurationStats(count, count * value, count * value**2)


@given(st.floats(0.1, 50), st.floats(0, 1), st.floats(0, 5), st.integers(10, 500))
def test_a_line_comes_back_with_what_the_server_takes_beyond_the_handler(
    alone_ms: float, share: float, beyond_ms: float, count: int
) -> None:
    handled = {size: constant(count, alone_ms * (1 + share * (size - 1))) for size in (1, 2, 5)}
    backend = DurationStats(0, 0.0, 0.0)
    for size, each in handled.items():
        backend += constant(size * count, each.mean + beyond_ms)

    found = batch_times(handled, backend)

    assert found is not None
    assert found.alone_ms == pytest.approx(alone_ms + beyond_ms)
    assert found.more_ms == pytest.approx(alone_ms * share, abs=1e-9 * alone_ms)
    assert found.largest == 5
    assert found.scv == pytest.approx(0.0, abs=1e-6)
    all_batches = sum(each.mean + beyond_ms for each in handled.values())
    assert found.worker_ms == pytest.approx(all_batches / 8)


def test_what_varies_among_batches_of_one_size_is_the_variability() -> None:
    handled = {1: DurationStats.of([2.0, 4.0] * 10), 2: DurationStats.of([5.0, 7.0] * 10)}
    backend = DurationStats.of([2.0, 4.0] * 10 + [5.0, 5.0, 7.0, 7.0] * 10)

    found = batch_times(handled, backend)

    assert found is not None
    assert (found.alone_ms, found.more_ms) == pytest.approx((3.0, 3.0))
    assert found.scv == pytest.approx(1 / 4.5**2)


def test_without_several_requests_in_a_batch_nothing_is_known_of_a_further_one() -> None:
    found = batch_times({1: constant(100, 3.0), 2: constant(3, 9.0)}, constant(106, 3.0))

    assert found is not None
    assert (found.alone_ms, found.more_ms, found.largest) == (3.0, None, 1)


def test_where_all_batches_are_full_a_smaller_one_takes_no_longer() -> None:
    found = batch_times({2: constant(50, 6.0)}, constant(100, 7.0))

    assert found is not None
    assert (found.alone_ms, found.more_ms, found.worker_ms) == (7.0, 0.0, 3.5)


def test_few_batches_show_nothing() -> None:
    assert batch_times({1: constant(9, 3.0)}, constant(9, 3.0)) is None
    assert batch_times({}, constant(9, 3.0)) is None


@pytest.mark.parametrize(
    ("size", "delay_ms", "taken", "filling_ms"),
    [(1, 100.0, 1, 0.0), (8, 0.0, 2, 0.0), (2, 0.0, 2, 0.0), (8, 1.0, 8, 1.0)],
)
def test_without_a_delay_torchserve_takes_two_at_most(
    size: int, delay_ms: float, taken: int, filling_ms: float
) -> None:
    rule = BatchRule(size, delay_ms)

    assert (rule.taken, rule.filling_ms) == (taken, filling_ms)
