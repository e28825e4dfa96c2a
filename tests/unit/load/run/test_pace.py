"""When requests are due: evenly, as a Poisson process, or closed loop."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from statistics import mean, stdev

from hypothesis import given
from hypothesis import strategies as st

from tsmon.digits.images import DigitImage
from tsmon.load.run.pace import ClosedPace, OpenPace, planned_starts
from tsmon.load.run.plan import RunPlan

IMAGES = (DigitImage(Path("7.png"), "7"),)

open_plans = st.builds(
    RunPlan,
    model=st.just("mnist"),
    payloads=st.just(IMAGES),
    rate=st.floats(0.1, 1000),
    poisson=st.booleans(),
    seed=st.integers(0, 2**32),
    count=st.integers(1, 300),
    duration_s=st.floats(0.01, 100),
)
moments = st.lists(st.floats(0, 100), min_size=1, max_size=50).map(sorted)


@given(open_plans)
def test_starts_ascend_within_count_and_duration_and_begin_at_once(plan: RunPlan) -> None:
    starts = list(planned_starts(plan))

    assert starts[0] == 0
    assert starts == sorted(starts)
    assert len(starts) <= plan.count
    assert starts[-1] < plan.duration_s


@given(st.floats(0.1, 1000), st.floats(0.01, 100))
def test_even_starts_are_the_nth_part_of_a_second_apart_without_drift(
    rate: float, duration_s: float
) -> None:
    plan = RunPlan(model="m", payloads=IMAGES, rate=rate, count=500, duration_s=duration_s)

    starts = list(planned_starts(plan))

    assert all(start == n / rate for n, start in enumerate(starts))
    assert len(starts) == min(500, next(n for n in range(10**6) if n / rate >= duration_s))


def test_random_starts_have_the_mean_and_the_spread_of_a_poisson_process() -> None:
    plan = RunPlan(
        model="m", payloads=IMAGES, rate=50, poisson=True, seed=1, count=20_000, duration_s=1e4
    )

    gaps = [later - earlier for earlier, later in pairwise(planned_starts(plan))]

    assert math.isclose(mean(gaps), 1 / 50, rel_tol=0.03)
    assert math.isclose(stdev(gaps), mean(gaps), rel_tol=0.05)  # as of an exponential distribution


@given(open_plans)
def test_the_same_seed_plans_the_same_starts(plan: RunPlan) -> None:
    assert list(planned_starts(plan)) == list(planned_starts(plan))


@given(open_plans, moments)
def test_each_start_is_taken_once_in_order_and_never_before_its_time(
    plan: RunPlan, times: list[float]
) -> None:
    pace = OpenPace(plan)
    taken: list[float] = []

    for now in times:
        while (start := pace.take(now)) is not None:
            assert start <= now
            taken.append(start)

    due = [start for start in planned_starts(plan) if start <= times[-1]]
    assert taken == due
    assert pace.planned == len(due)


@given(open_plans, st.floats(0, 100))
def test_starts_that_were_not_taken_wait_and_count_as_planned(plan: RunPlan, now: float) -> None:
    pace = OpenPace(plan)

    pace.advance(now)

    assert pace.planned == sum(start <= now for start in planned_starts(plan))
    assert pace.take(now) == 0.0
    following = pace.next_start()
    assert following is None or following > now


def test_closed_loop_is_due_at_once_until_its_count() -> None:
    pace = ClosedPace(RunPlan(model="m", payloads=IMAGES, count=2))

    assert [pace.take(now) for now in (0.5, 0.7, 0.9)] == [0.5, 0.7, None]
    assert pace.exhausted
    assert pace.planned == 2
