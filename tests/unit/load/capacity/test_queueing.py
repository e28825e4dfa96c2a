"""Erlang C, waits and response times, held to closed forms and to sums written out."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tsmon.load.capacity.queueing import Queue, busy_workers, erlang_c, queue_of, variability
from tsmon.load.capacity.service_time import ServiceTime

servers = st.integers(1, 60)
utilisations = st.floats(0.01, 0.99)


def erlang_c_as_a_sum(c: int, a: float) -> float:
    """The definition, term by term."""
    waiting = a**c / math.factorial(c) * c / (c - a)
    return waiting / (sum(a**k / math.factorial(k) for k in range(c)) + waiting)


@given(servers, utilisations)
def test_erlang_c_is_the_sum_of_its_definition(c: int, utilisation: float) -> None:
    offered = c * utilisation

    assert erlang_c(c, offered) == pytest.approx(erlang_c_as_a_sum(c, offered), rel=1e-9)


@pytest.mark.parametrize(
    ("c", "offered", "waiting"),
    [(1, 0.5, 0.5), (2, 1.0, 1 / 3), (2, 1.6, 0.7111), (5, 4.0, 0.5541), (10, 8.0, 0.4092)],
)
def test_erlang_c_has_the_values_of_the_tables(c: int, offered: float, waiting: float) -> None:
    assert erlang_c(c, offered) == pytest.approx(waiting, abs=5e-5)


def test_many_servers_overflow_nothing_and_too_much_load_always_waits() -> None:
    assert 0 < erlang_c(5000, 4900.0) < 1
    assert erlang_c(3, 3.0) == 1.0


@given(servers, utilisations)
def test_more_servers_and_less_load_wait_less(c: int, utilisation: float) -> None:
    offered = c * utilisation

    assert erlang_c(c + 1, offered) < erlang_c(c, offered)
    assert erlang_c(c, offered * 0.9) < erlang_c(c, offered)


@given(utilisations, st.floats(0.1, 1000), st.floats(0, 1e4))
def test_one_server_has_the_closed_form_of_mm1(
    utilisation: float, service_ms: float, time_ms: float
) -> None:
    rate = utilisation / service_ms * 1000
    queue = queue_of(rate, [service_ms])

    assert queue is not None
    assert queue.mean_wait_ms == pytest.approx(utilisation * service_ms / (1 - utilisation))
    decay = (1 - utilisation) / service_ms
    assert queue.waits_longer(time_ms) == pytest.approx(utilisation * math.exp(-decay * time_ms))
    # The response time of M/M/1 is exponential with the same decay.
    assert queue.responds_later(time_ms) == pytest.approx(math.exp(-decay * time_ms), rel=1e-6)
    assert queue.response_quantile(0.95) == pytest.approx(math.log(20) / decay, rel=1e-6)


def test_constant_times_wait_half_as_long_as_exponential_ones() -> None:
    exponential, constant = queue_of(80, [10.0]), queue_of(80, [10.0], scv=0.0)

    assert exponential is not None
    assert constant is not None
    # Pollaczek and Khinchine: ρ S (1 + Cs²) / (2 (1 - ρ))
    assert exponential.mean_wait_ms == pytest.approx(40.0)
    assert constant.mean_wait_ms == pytest.approx(20.0)
    assert variability(1.0, 0.0) == 0.5


@given(servers, utilisations, st.floats(0.1, 100), st.floats(0, 5), st.floats(0.5, 0.999))
def test_a_wait_quantile_is_the_inverse_of_the_tail(
    c: int, utilisation: float, service_ms: float, scv: float, share: float
) -> None:
    queue = queue_of(utilisation * c / service_ms * 1000, [service_ms] * c, scv)
    assert queue is not None

    wait = queue.wait_quantile(share)

    if wait > 0:
        assert queue.waits_longer(wait) == pytest.approx(1 - share, rel=1e-6)
    else:
        assert queue.waiting <= 1 - share


@given(servers, utilisations, st.floats(0, 5), st.floats(0.5, 0.999))
def test_a_response_quantile_is_at_least_that_of_the_wait_and_of_the_service(
    c: int, utilisation: float, scv: float, share: float
) -> None:
    queue = queue_of(utilisation * c / 10 * 1000, [10.0] * c, scv)
    assert queue is not None

    response = queue.response_quantile(share)

    assert response >= queue.wait_quantile(share) * (1 - 1e-9)
    assert response >= queue.service.quantile(share) * (1 - 1e-9)
    if scv > 0.01:  # with a constant time its distribution has a step
        assert queue.responds_later(response) == pytest.approx(1 - share, rel=1e-3)


def test_a_queue_that_only_grows_has_no_long_run() -> None:
    assert queue_of(100, [10.0]) is None
    assert queue_of(250, [10.0, 10.0]) is None
    assert queue_of(199, [10.0, 10.0]) is not None


@given(servers, utilisations)
def test_without_requests_nobody_waits_and_with_few_workers_are_idle(
    c: int, utilisation: float
) -> None:
    idle = queue_of(0.0, [10.0] * c)
    assert idle == Queue(0.0, 0.0, ServiceTime(10.0, 1.0), 0.0)

    queue = queue_of(utilisation * c * 100, [10.0] * c)
    assert queue is not None
    assert queue.utilisation == pytest.approx(utilisation)
    assert queue.service.mean_ms == pytest.approx(10.0)


@given(st.integers(2, 20), st.floats(0.05, 0.95))
def test_the_birth_death_process_of_nearly_equal_times_is_mmc(c: int, utilisation: float) -> None:
    times = [10.0 * (1 + 1e-12 * k) for k in range(c)]
    assume(min(times) != max(times))

    busy = busy_workers(utilisation * c * 100, times)

    assert busy.waiting == pytest.approx(erlang_c(c, utilisation * c), rel=1e-6)
    assert busy.mean == pytest.approx(utilisation * c, rel=1e-6)


@given(st.integers(1, 4), st.integers(1, 4), st.floats(0.05, 0.95))
def test_more_workers_than_cores_leave_as_many_requests_in_the_system(
    cores: int, more: int, utilisation: float
) -> None:
    """Whether they wait in the queue or for a core: the system is M/M/cores all the same."""
    rate = utilisation * cores * 100
    alone = queue_of(rate, [10.0] * cores)
    sharing = queue_of(rate, [10.0 * max(1, k / cores) for k in range(1, cores + more + 1)])

    assert alone is not None
    assert sharing is not None
    assert sharing.mean_wait_ms < alone.mean_wait_ms
    in_system = sharing.mean_wait_ms + sharing.service.mean_ms
    assert in_system == pytest.approx(alone.mean_wait_ms + alone.service.mean_ms, rel=1e-6)
