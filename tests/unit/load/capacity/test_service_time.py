"""A service time by its mean and variability, and what follows for its distribution."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.load.capacity.service_time import ServiceTime, fitted

times = st.builds(ServiceTime, st.floats(0.1, 1000), st.floats(0.02, 10))


def moment(time: ServiceTime, order: int, steps: int = 20_000) -> float:
    """E[S^n] as the integral of n t^(n-1) P(S > t)."""
    width = time.quantile(1 - 1e-12) / steps
    middles = ((step + 0.5) * width for step in range(steps))
    return sum(order * t ** (order - 1) * time.exceeds(t) * width for t in middles)


@pytest.mark.parametrize("scv", [0.05, 0.5, 1.0, 2.0, 4.0])
def test_the_distribution_has_the_mean_and_variability_it_was_given(scv: float) -> None:
    time = ServiceTime(8.0, scv)

    mean = moment(time, 1)

    assert mean == pytest.approx(8.0, rel=1e-3)
    assert moment(time, 2) / mean**2 - 1 == pytest.approx(scv, rel=1e-2)


@given(times, st.floats(0.01, 0.999))
def test_a_quantile_is_the_inverse_of_the_tail(time: ServiceTime, share: float) -> None:
    assert time.exceeds(time.quantile(share)) == pytest.approx(1 - share, rel=1e-6)


def test_a_constant_time_is_its_own_quantile() -> None:
    assert ServiceTime(5.0, 0.0).quantile(0.95) == pytest.approx(5.0)


@given(times, st.floats(0.1, 1000), st.floats(0, 3000))
def test_a_sum_is_longer_than_each_part_and_no_longer_than_chance_allows(
    time: ServiceTime, other_ms: float, at: float
) -> None:
    longer = time.plus_exponential_exceeds(other_ms, at)
    alone = math.exp(-at / other_ms)

    assert longer >= max(time.exceeds(at), alone) - 1e-9
    assert longer <= time.exceeds(at / 2) + math.exp(-at / 2 / other_ms) + 1e-9


def test_two_equal_exponential_times_make_erlangs_distribution() -> None:
    longer = ServiceTime(10.0, 1.0).plus_exponential_exceeds(10.0, 20.0)

    assert longer == pytest.approx(3 * math.exp(-2))


@given(times.filter(lambda time: time.scv <= 1))
def test_percentiles_give_back_the_variability_of_a_time_with_a_constant_part(
    time: ServiceTime,
) -> None:
    found = fitted(time.mean_ms, time.quantile(0.5), time.quantile(0.95))

    assert found.scv == pytest.approx(time.scv, rel=1e-3)
