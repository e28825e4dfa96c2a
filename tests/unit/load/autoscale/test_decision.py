"""When more or fewer workers are started: never outside the limits, never up and down in turn."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import chain, pairwise, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tsmon.load.autoscale.decision import (
    BARRED_S,
    GAP_S,
    HEADROOM,
    Autoscaler,
    Decision,
    Gap,
    Kind,
    Policy,
    Reading,
    Unknown,
)
from tsmon.torchserve.errors import InvalidArgument

POLICY = Policy(most=8, up_after_s=5, down_after_s=30)
PER_WORKER = 10.0
"""Requests per second that a worker is enough for."""
AWAY = Unknown(Gap.SERVER, "connection refused")
NOISE = (math.sqrt(HEADROOM) - 1) * 0.99
"""A rate that is off by this share is still within the dead band."""


def enough(rate: float) -> int:
    return max(1, math.ceil(rate / PER_WORKER))


def reading(at: float, rate: float, workers: int, **fields: object) -> Reading:
    """What is seen where the advice knows all it needs."""
    return Reading(
        at=at,
        workers=workers,
        need=enough(rate),
        roomy=enough(rate * HEADROOM),
        rate=rate,
        **{"measured": 1000, **fields},  # type: ignore[arg-type]
    )


def run(
    scaler: Autoscaler, rates: Iterable[float], workers: int, *, start: float = 0.0
) -> Iterator[tuple[int, Decision]]:
    """A reading each second, whose decisions are carried out at once."""
    for second, rate in enumerate(rates):
        decision = scaler.decide(reading(start + second, rate, workers))
        workers = decision.target or workers
        yield workers, decision


def changes(ran: Iterable[tuple[int, Decision]]) -> list[int]:
    """The numbers that it was scaled to."""
    return [workers for workers, decision in ran if decision.target is not None]


readings = st.builds(
    Reading,
    at=st.just(0.0),
    workers=st.integers(0, 12) | st.none(),
    unknown=st.none() | st.sampled_from([Unknown(gap, "") for gap in Gap]),
    need=st.integers(1, 20),
    roomy=st.integers(1, 20) | st.none(),
    measured=st.integers(0, 12),
    met=st.booleans(),
)
noise = st.lists(st.floats(1 - NOISE, 1 + NOISE), min_size=200, max_size=200)


@given(
    st.lists(st.tuples(readings, st.floats(0.1, 20)), max_size=60),
    st.integers(1, 8).flatmap(lambda least: st.tuples(st.just(least), st.integers(least, 8))),
    st.floats(0, 3),
)
def test_it_never_leaves_its_limits(
    seen: list[tuple[Reading, float]], limits: tuple[int, int], held: float
) -> None:
    scaler = Autoscaler(Policy(least=limits[0], most=limits[1], up_after_s=held, down_after_s=held))
    at = 0.0
    for each, later in seen:
        at += later
        decision = scaler.decide(replace(each, at=at))
        if decision.target is not None:
            assert limits[0] <= decision.target <= limits[1]
            assert decision.target != each.workers
            assert decision.kind is (
                Kind.UP if decision.target > (each.workers or 0) else Kind.DOWN
            )


@given(noise, st.floats(0, 90), st.integers(1, 8))
def test_a_constant_load_with_noise_is_never_followed_up_and_down(
    noise: list[float], rate: float, workers: int
) -> None:
    numbers = [
        workers,
        *changes(run(Autoscaler(POLICY), (rate * each for each in noise), workers)),
    ]
    directions = {later > earlier for earlier, later in pairwise(numbers)}
    assert len(directions) <= 1, numbers


@given(
    st.lists(st.floats(1 - NOISE, 1 + NOISE), min_size=20, max_size=20),
    st.floats(0, 70),
    st.integers(1, 8),
)
def test_it_settles_where_the_load_is_met(noise: list[float], rate: float, workers: int) -> None:
    rates = [rate * each for each in noise] * 10
    ran = list(run(Autoscaler(POLICY), rates, workers))
    end = [after for after, _ in ran[-100:]]
    assert end == [end[0]] * 100
    # More than that for a second is not followed, and with room to spare there are no more.
    held = [min(rates[n : n + 6]) for n in range(len(rates) - 6)]
    assert enough(max(held)) <= end[0] <= max(enough(max(rates) * HEADROOM), 1)


@given(noise, st.floats(1, 20), st.floats(2, 4))
def test_it_comes_back_after_a_step(noise: list[float], low: float, factor: float) -> None:
    steps = [*repeat(low, 60), *repeat(low * factor, 60), *repeat(low, 80)]
    rates = [rate * each for rate, each in zip(steps, noise, strict=True)]
    ran = list(run(Autoscaler(POLICY), rates, enough(low)))
    before, high, after = (ran[at][0] for at in (59, 119, 199))
    assert high >= min(enough(low * factor * (1 - NOISE)), POLICY.most)
    assert after <= enough(low * (1 + NOISE) * HEADROOM)
    assert after <= max(before, enough(low * (1 + NOISE) * HEADROOM))


def test_more_are_started_once_they_were_needed_for_a_while() -> None:
    ran = list(run(Autoscaler(POLICY), chain(repeat(8.0, 10), repeat(35.0, 10)), 1))
    (at,) = [n for n, (_, decision) in enumerate(ran) if decision.target is not None]
    assert (at, ran[at][1].target) == (15, 4)
    assert ran[14][1].kind is Kind.PENDING


def test_a_peak_that_is_shorter_is_not_followed() -> None:
    assert not changes(run(Autoscaler(POLICY), chain(*([*[8.0] * 4, *[35.0] * 4] * 9,)), 1))


def test_fewer_are_kept_only_after_a_while_without_a_need_for_more() -> None:
    rates = [*[35.0] * 3, *[8.0] * 20, 25.0, *[8.0] * 31]
    ran = list(run(Autoscaler(POLICY), rates, 4))
    (at,) = [n for n, (_, decision) in enumerate(ran) if decision.target is not None]
    # The peak of one second, with its room to spare, is what it goes down to.
    assert (at, ran[at][1].target) == (33, 3)


def test_a_moment_at_which_all_were_needed_begins_it_again() -> None:
    rates = [*[8.0] * 20, 35.0, *[8.0] * 31]
    ran = list(run(Autoscaler(POLICY), rates, 4))
    (at,) = [n for n, (_, decision) in enumerate(ran) if decision.target is not None]
    assert (at, ran[at][1].target) == (51, 1)


def test_fewer_are_not_kept_while_the_target_is_missed() -> None:
    scaler = Autoscaler(POLICY)
    for second in range(100):
        missed = reading(float(second), 8.0, 4, met=False)
        assert scaler.decide(missed).target is None


@pytest.mark.parametrize("unknown", [Unknown(gap, "why") for gap in Gap])
def test_what_is_not_known_changes_nothing_and_begins_again(unknown: Unknown) -> None:
    scaler = Autoscaler(POLICY)
    assert not changes(run(scaler, repeat(8.0, 29), 4))
    held = scaler.decide(replace(reading(29, 8.0, 4), unknown=unknown, need=0))
    assert (held.kind, held.target, held.why) == (Kind.UNKNOWN, None, "why")
    assert not changes(run(scaler, repeat(8.0, 30), 4, start=30))
    assert changes(run(scaler, repeat(8.0, 1), 4, start=60)) == [1]


def test_what_was_not_read_did_not_hold() -> None:
    scaler = Autoscaler(POLICY)
    assert not changes(run(scaler, repeat(8.0, 29), 4))
    assert not changes(run(scaler, repeat(8.0, 30), 4, start=29 + GAP_S))


def test_after_a_change_by_someone_else_it_begins_again() -> None:
    scaler = Autoscaler(POLICY)
    assert not changes(run(scaler, repeat(8.0, 29), 4))
    assert not changes(run(scaler, repeat(8.0, 30), 5, start=29))


@pytest.mark.parametrize(("workers", "target"), [(0, 2), (1, 2), (9, 8)])
def test_outside_its_limits_it_goes_back_at_once(workers: int, target: int) -> None:
    policy = Policy(least=2, most=8)
    assert Autoscaler(policy).decide(reading(0, 25.0, workers)).target == target
    unasked = replace(reading(0, 0, workers), unknown=Unknown(Gap.ADVICE, "no worker is ready"))
    assert Autoscaler(policy).decide(unasked).target == target
    away = replace(reading(0, 0, workers), unknown=AWAY)
    assert Autoscaler(policy).decide(away).target is None


def test_more_are_started_one_by_one_where_service_times_were_not_measured() -> None:
    scaler, workers = Autoscaler(POLICY), 1
    for second in range(20):
        decision = scaler.decide(reading(float(second), 75.0, workers, measured=workers))
        if decision.target is not None:
            assert decision.target == workers + 1
            assert "8 are advised, one more at a time" in decision.why
        workers = decision.target or workers
    assert workers == 4


def test_none_are_started_until_those_that_are_there_were_measured() -> None:
    scaler = Autoscaler(POLICY)
    kinds = {
        scaler.decide(reading(float(second), 75.0, 2, measured=1)).kind for second in range(20)
    }
    assert kinds == {Kind.UNMEASURED}


def test_what_did_not_become_ready_is_not_tried_again_for_a_while() -> None:
    scaler = Autoscaler(POLICY)
    scaler.bar(3, 0.0)
    assert changes(run(scaler, repeat(75.0, 20), 1)) == [2]
    barred = scaler.decide(reading(20, 75.0, 2))
    assert (barred.kind, barred.target) == (Kind.BARRED, None)
    assert "3 workers did not become ready before" in barred.why
    assert changes(run(scaler, repeat(75.0, 20), 2, start=BARRED_S)) == [8]


def test_at_its_max_it_says_what_is_advised() -> None:
    scaler = Autoscaler(Policy(most=3))
    ran = list(run(scaler, repeat(75.0, 20), 1))
    (up,) = [decision for _, decision in ran if decision.target is not None]
    assert up.target == 3
    assert "8 are advised, --max is 3" in up.why
    assert ran[-1][1].kind is Kind.AT_MOST


@pytest.mark.parametrize(("least", "most"), [(0, 3), (4, 3), (1, 1001)])
def test_limits_without_a_number_between_are_refused(least: int, most: int) -> None:
    with pytest.raises(InvalidArgument):
        Policy(least=least, most=most)
