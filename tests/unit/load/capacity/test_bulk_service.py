"""Bulk service, held to M/G/1 and M/G/c, to a queue played through, and to what always holds."""

from __future__ import annotations

import heapq
import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsmon.load.capacity.batch_queue import batch_queue
from tsmon.load.capacity.bulk_service import MOST_TAKEN, bulk_wait
from tsmon.load.capacity.queueing import queue_of

sizes = st.integers(1, 16)
fixed = st.floats(0.5, 20.0)
shares = st.floats(0.0, 1.0)
"""What a further request adds, as a share of the time for one."""
loads = st.floats(0.02, 0.97)
variabilities = st.floats(0.0, 2.0)
NOTHING_SLOWS = [1.0]


def line(size: int, first_ms: float, share: float) -> list[float]:
    return [first_ms * (1 + share * n) for n in range(size)]


def at_load(load: float, batch_ms: Sequence[float], workers: int = 1) -> float:
    """Requests per second that are such a share of the most."""
    return load * workers * len(batch_ms) / batch_ms[-1] * 1000


def played(
    rate: float, batch_ms: Sequence[float], scv: float, workers: int, delay_ms: float = 0.0
) -> tuple[float, float]:
    """Mean wait and mean share of a worker that a request takes, of 40,000 requests."""
    chance = random.Random(11)
    arrivals, moment = [], 0.0
    for _ in range(40_000):
        moment += chance.expovariate(rate / 1000)
        arrivals.append(moment)
    free, filled_until, first, waited, worked = [0.0] * workers, 0.0, 0, 0.0, 0.0
    while first < len(arrivals):
        begin = max(heapq.heappop(free), filled_until, arrivals[first])
        after = first
        while (
            after < len(arrivals)
            and after - first < len(batch_ms)
            and arrivals[after] <= begin + delay_ms
        ):
            after += 1
        full = after - first == len(batch_ms)
        filled_until = max(begin, arrivals[after - 1] if full else begin + delay_ms)
        time_ms = batch_ms[after - first - 1] * chance.gammavariate(1 / scv, scv)
        waited += sum(filled_until - arrival for arrival in arrivals[first:after])
        worked += time_ms
        heapq.heappush(free, filled_until + time_ms)
        first = after
    return waited / len(arrivals), worked / len(arrivals)


@given(loads, fixed, variabilities)
def test_one_at_a_time_is_the_formula_of_pollaczek_and_khinchine(
    load: float, first_ms: float, scv: float
) -> None:
    found = bulk_wait(at_load(load, [first_ms]), [first_ms], scv)

    assert found is not None
    assert found.busy == pytest.approx(load)
    expected = load * first_ms * (1 + scv) / 2 / (1 - load)
    assert found.mean_wait_ms == pytest.approx(expected, rel=1e-6)


@given(st.integers(1, 12), st.integers(1, 8), loads, variabilities, st.floats(0.5, 3.0))
def test_batches_of_one_wait_as_they_do_one_by_one(
    workers: int, cores: int, load: float, scv: float, bursts: float
) -> None:
    stretches = [max(1.0, busy / cores) for busy in range(1, workers + 1)]
    rate = load * workers / (10.0 * stretches[-1]) * 1000

    batched = batch_queue(rate, [10.0], stretches, scv, arrivals_scv=bursts)
    one_by_one = queue_of(rate, [10.0 * each for each in stretches], scv, bursts)

    assert batched is not None
    assert one_by_one is not None
    for name in ("waiting", "mean_wait_ms", "utilisation", "offered"):
        found, expected = getattr(batched, name), getattr(one_by_one, name)
        assert found == pytest.approx(expected, rel=1e-5, abs=1e-9), name
    assert batched.service.mean_ms == pytest.approx(one_by_one.service.mean_ms, rel=1e-6)


@given(sizes, fixed, shares, loads, variabilities, st.floats(0.0, 30.0))
def test_the_shares_are_shares_and_every_request_is_in_one_batch(
    size: int, first_ms: float, share: float, load: float, scv: float, delay_ms: float
) -> None:
    batch_ms = line(size, first_ms, share)
    found = bulk_wait(at_load(load, batch_ms), batch_ms, scv, delay_ms)

    assert found is not None
    assert 0 <= found.busy <= 1 + 1e-9
    assert sum(found.firsts) == pytest.approx(1.0)
    assert sum(found.others) == pytest.approx(1.0)
    assert 0 <= found.filling_ms <= delay_ms + 1e-9
    assert found.mean_wait_ms >= 0


@given(sizes, fixed, shares, loads, variabilities)
def test_busy_is_what_the_requests_take_of_the_worker_by_littles_law(
    size: int, first_ms: float, share: float, load: float, scv: float
) -> None:
    batch_ms = line(size, first_ms, share)
    rate = at_load(load, batch_ms)
    found = bulk_wait(rate, batch_ms, scv)

    assert found is not None
    taken = [
        (1 - found.busy) * first + found.busy * other
        for first, other in zip(found.firsts, found.others, strict=True)
    ]
    work_ms = sum(part * batch_ms[n] / (n + 1) for n, part in enumerate(taken))
    assert found.busy == pytest.approx(rate / 1000 * work_ms, rel=1e-6)


@settings(max_examples=60)
@given(sizes, shares, st.floats(0.05, 0.9), variabilities, st.integers(1, 6))
def test_more_requests_wait_longer(
    size: int, share: float, load: float, scv: float, workers: int
) -> None:
    batch_ms = line(size, 10.0, share)
    less, more = (
        batch_queue(at_load(each, batch_ms, workers), batch_ms, [1.0] * workers, scv)
        for each in (load, load * 1.05)
    )

    assert less is not None
    assert more is not None
    assert less.mean_wait_ms <= more.mean_wait_ms * (1 + 1e-9) + 1e-9
    assert less.utilisation <= more.utilisation + 1e-9


@given(st.integers(2, 16), st.floats(0.0, 0.7), st.floats(0.05, 0.95), variabilities)
def test_batches_that_take_clearly_less_than_one_by_one_wait_less(
    size: int, share: float, load: float, scv: float
) -> None:
    rate = at_load(load, [10.0])
    batched = batch_queue(rate, line(size, 10.0, share), NOTHING_SLOWS, scv)
    one_by_one = queue_of(rate, [10.0], scv)

    assert batched is not None
    assert one_by_one is not None
    assert batched.mean_wait_ms <= one_by_one.mean_wait_ms * (1 + 1e-6)
    assert 0 <= batched.utilisation <= 1


@given(sizes, shares, st.floats(1.0, 5.0), variabilities)
def test_what_cannot_be_answered_only_grows(
    size: int, share: float, load: float, scv: float
) -> None:
    batch_ms = line(size, 10.0, share)

    assert bulk_wait(at_load(load, batch_ms) * (1 + 1e-9), batch_ms, scv) is None


def test_a_request_that_is_alone_waits_for_the_delay() -> None:
    found = batch_queue(0.1, line(8, 3.0, 0.3), NOTHING_SLOWS, 0.1, filling_ms=5.0)

    assert found is not None
    assert found.mean_wait_ms + found.filling_ms == pytest.approx(5.0, rel=1e-2)


def test_a_large_batch_has_its_equations_solved() -> None:
    batch_ms = line(MOST_TAKEN, 10.0, 0.2)
    found = bulk_wait(at_load(0.5, batch_ms), batch_ms, 0.1)

    assert found is not None
    assert found.mean_wait_ms == pytest.approx(
        played(at_load(0.5, batch_ms), batch_ms, 0.1, 1)[0], rel=0.1
    )


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
@pytest.mark.parametrize(("size", "delay_ms"), [(2, 0.0), (8, 0.0), (8, 1.0), (8, 20.0)])
def test_one_worker_is_what_a_queue_played_through_shows(
    size: int, delay_ms: float, load: float
) -> None:
    batch_ms = line(size, 3.0, 0.4)
    rate = at_load(load, batch_ms)
    found = batch_queue(rate, batch_ms, NOTHING_SLOWS, 0.1, filling_ms=delay_ms)

    assert found is not None
    wait_ms, work_ms = played(rate, batch_ms, 0.1, 1, delay_ms)
    assert found.mean_wait_ms + found.filling_ms == pytest.approx(wait_ms, rel=0.1)
    assert found.offered == pytest.approx(rate / 1000 * work_ms, rel=0.02)


@pytest.mark.parametrize("load", [0.4, 0.6, 0.8])
@pytest.mark.parametrize("workers", [2, 4])
@pytest.mark.parametrize("size", [2, 8])
def test_several_workers_are_near_it(size: int, workers: int, load: float) -> None:
    batch_ms = line(size, 3.0, 0.4)
    rate = at_load(load, batch_ms, workers)
    found = batch_queue(rate, batch_ms, [1.0] * workers, 0.1)

    assert found is not None
    wait_ms, work_ms = played(rate, batch_ms, 0.1, workers)
    assert found.mean_wait_ms == pytest.approx(wait_ms, rel=0.2)
    assert found.offered == pytest.approx(rate / 1000 * work_ms, rel=0.02)
