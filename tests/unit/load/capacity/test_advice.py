"""How many workers are advised, and what is said where that is not known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.load.capacity.situations import MB, situation
from tsmon.load.capacity.advice import Advice, Confidence, advise
from tsmon.load.capacity.batch_queue import batch_queue
from tsmon.load.capacity.batching import BatchRule
from tsmon.load.capacity.curve import Basis, ServicePoint
from tsmon.load.capacity.doubts import DoubtKind
from tsmon.load.capacity.prediction import LatencyGoal
from tsmon.load.capacity.situation import Arrivals, Situation
from tsmon.torchserve.errors import InvalidArgument

ANY = LatencyGoal()


def kinds(advice: Advice) -> set[DoubtKind]:
    return {doubt.kind for doubt in advice.doubts}


def test_the_least_number_that_meets_the_target_is_advised_and_told_why() -> None:
    advice = advise(situation(), LatencyGoal(queue_ms=1.0))

    one, two = advice.predictions[:2]
    assert one.queue_ms == pytest.approx(10.0)  # M/M/1 at one half
    assert two.queue_ms == pytest.approx(10 / 15)  # M/M/2 at one quarter
    assert advice.workers == 2
    assert two.memory_bytes == 1400 * MB
    assert advice.reasons[:2] == (
        "2 workers: 25% busy, queue 0.67 ms: mean queue time is 1 ms at most",
        "1 worker: 50% busy, queue 10.0 ms, above 1 ms",
    )


def test_without_a_target_requests_wait_no_longer_than_they_are_worked_on() -> None:
    assert advise(situation(rate=49.0), ANY).workers == 1
    assert advise(situation(rate=51.0), ANY).workers == 2


def test_a_target_for_p95_counts_service_and_wait() -> None:
    advice = advise(situation(scv=0.0), LatencyGoal(p95_ms=11.0))

    row = advice.predictions[(advice.workers or 0) - 1]
    assert row.p95_ms is not None
    assert 10.0 <= row.p95_ms <= 11.0
    assert advice.workers == 3


@given(st.floats(1, 390), st.floats(0.2, 100), st.floats(0, 4))
def test_the_advice_meets_its_target_and_one_fewer_does_not(
    rate: float, queue_ms: float, scv: float
) -> None:
    target = LatencyGoal(queue_ms=queue_ms)
    advice = advise(situation(scv=scv), target, rate=rate)

    if advice.workers is None:
        assert not any(target.met_by(row) for row in advice.predictions[:4])
    else:
        assert target.met_by(advice.predictions[advice.workers - 1])
        assert not any(target.met_by(row) for row in advice.predictions[: advice.workers - 1])


def test_what_is_asked_for_counts_instead_of_what_is_seen() -> None:
    advice = advise(situation(rate=10.0), ANY, rate=190.0)

    assert advice.rate == 190.0
    assert advice.workers == 3


def test_the_present_number_is_measured_and_others_are_not() -> None:
    now, more = advise(situation(), ANY), advise(situation(), ANY, rate=190.0)

    assert now.confidence is Confidence.MEASURED
    assert more.confidence is Confidence.EXTRAPOLATED
    assert DoubtKind.EXTRAPOLATED in kinds(more) - kinds(now)


def test_a_measured_curve_tells_the_times_of_other_numbers_of_workers() -> None:
    measured = (ServicePoint(1, 20.0, 1.0), ServicePoint(3, 30.0, 1.0))
    advice = advise(situation(service_ms=None), ANY, rate=45.0, measured=measured)

    assert [row.service_ms for row in advice.predictions[:3]] == [20.0, 25.0, 30.0]
    assert advice.predictions[1].basis is Basis.BETWEEN
    assert advice.workers == 2
    assert advice.confidence is Confidence.BETWEEN


def test_for_the_present_workers_what_is_seen_counts_before_a_measured_curve() -> None:
    measured = (ServicePoint(1, 20.0, 1.0), ServicePoint(2, 25.0, 1.0))

    enough = advise(situation(), ANY, measured=measured)
    few = advise(replace(situation(), answered=12), ANY, measured=measured)

    assert [row.service_ms for row in enough.predictions[:2]] == [10.0, 25.0]
    assert [row.service_ms for row in few.predictions[:2]] == [20.0, 25.0]


def test_more_workers_than_cores_are_not_advised_even_for_a_shorter_queue() -> None:
    advice = advise(situation(cores=2), LatencyGoal(queue_ms=0.01), rate=150.0)

    assert advice.workers is None
    assert (
        "no worker count meets the target; 2 workers, the most that still help" in advice.reasons[0]
    )
    assert "2 cores, 1 torch thread per worker" in advice.reasons[1]


def test_torch_threads_take_cores() -> None:
    advice = advise(situation(cores=4, demand=4), ANY, rate=90.0)

    assert advice.workers is None
    assert "more than 1 worker slow each other" in advice.reasons[-1]


def test_workers_that_wait_for_something_else_may_be_more_than_the_cores() -> None:
    waiting = situation(cores=2, demand=0.02, waits_elsewhere=True)
    advice = advise(waiting, ANY, rate=500.0)

    assert advice.workers is not None
    assert advice.workers > 5
    assert "waits for something other" in advice.reasons[-1]


def test_measured_curves_may_show_that_workers_beyond_the_cores_help() -> None:
    measured = (ServicePoint(2, 10.0, 1.0), ServicePoint(4, 10.0, 1.0))
    advice = advise(situation(cores=2), ANY, rate=300.0, measured=measured)

    assert advice.workers == 4


def test_the_floor_of_the_queue_time_is_in_what_is_predicted() -> None:
    with_floor = advise(situation(floor_ms=0.3), ANY, rate=30.0)
    without = advise(situation(), ANY, rate=30.0)

    for a, b in zip(with_floor.predictions, without.predictions, strict=True):
        for name in ("queue_ms", "queue_p95_ms", "p95_ms"):
            assert getattr(a, name) == pytest.approx(getattr(b, name) + 0.3)


def batched(rule: BatchRule, more_ms: float | None) -> Situation:
    plain = situation(batches=rule)
    assert plain.service is not None
    largest = 1 if more_ms is None else 2
    service = replace(plain.service, scv=0.1, more_ms=more_ms, largest_batch=largest)
    return replace(plain, service=service)


def test_batches_without_a_delay_are_those_of_two() -> None:
    advice = advise(batched(BatchRule(8, 0.0), 3.0), ANY, rate=90.0)

    by_hand = batch_queue(90.0, [10.0, 13.0], [1.0], 0.1)
    assert by_hand is not None
    assert advice.predictions[0].queue_ms == pytest.approx(by_hand.mean_wait_ms)
    assert "TorchServe then hands a worker at most 2 requests at once" in advice.reasons[-1]
    assert DoubtKind.LARGER_BATCHES not in kinds(advice)


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (30.0, "1 worker would then answer 258/s at most, not 154/s, and p95 at 30.0/s would be"),
        (30.0, ": it does not pay"),
        (140.0, ": it pays"),
        (200.0, ": it pays"),
    ],
)
def test_whether_a_batch_delay_pays_depends_on_the_rate(rate: float, words: str) -> None:
    advice = advise(batched(BatchRule(8, 0.0), 3.0), ANY, rate=rate)
    assert words in advice.reasons[-1]


def test_where_no_batch_was_seen_nothing_is_said_of_what_a_delay_brings() -> None:
    reason = advise(batched(BatchRule(8, 0.0), None), ANY, rate=90.0).reasons[-1]
    assert reason.endswith("with 1 ms or more")


def test_batches_with_a_delay_wait_for_it_and_are_larger() -> None:
    advice = advise(batched(BatchRule(8, 2.0), 3.0), ANY, rate=150.0)

    sizes = [10.0 + 3.0 * further for further in range(8)]
    by_hand = batch_queue(150.0, sizes, [1.0], 0.1, filling_ms=2.0)
    assert by_hand is not None
    assert by_hand.filling_ms > 0
    assert advice.predictions[0].queue_ms == pytest.approx(
        by_hand.mean_wait_ms + by_hand.filling_ms
    )
    assert DoubtKind.LARGER_BATCHES in kinds(advice)


def test_how_several_workers_share_what_they_wait_long_for_is_not_known() -> None:
    advice = advise(batched(BatchRule(8, 50.0), 3.0), ANY, rate=150.0)

    one, two = advice.predictions[:2]
    assert one.queue_ms is not None
    assert two.queue_ms is None
    assert "several workers that each wait 50 ms" in two.unknown
    assert not two.grows


def test_where_no_batch_was_seen_requests_are_reckoned_one_by_one_which_is_said() -> None:
    advice = advise(batched(BatchRule(8, 0.0), None), ANY)
    plain = advise(batched(BatchRule(1), None), ANY)

    assert advice.predictions == plain.predictions
    assert DoubtKind.BATCHES in kinds(advice) - kinds(plain)


def test_from_four_fifths_of_the_cores_on_no_number_is_given() -> None:
    below, above = (advise(situation(cores=2), ANY, rate=rate) for rate in (159.0, 161.0))

    assert below.predictions[1].queue_ms is not None
    assert above.predictions[1].queue_ms is None
    assert (above.workers, above.predictions[1].grows) == (None, False)
    assert "the workers alone use 80% of the cores" in above.reasons[0]


def unstable() -> Situation:
    return situation(cores=2)


def test_a_rate_that_no_number_of_workers_answers_is_told_with_what_they_can() -> None:
    advice = advise(unstable(), ANY, rate=500.0)

    assert advice.workers is None
    assert advice.confidence is Confidence.UNKNOWN
    assert "no worker count can answer 500 requests/s here" in advice.reasons[0]
    assert "2 workers answer 200/s at most" in advice.reasons[0]
    assert all(row.queue_ms is None for row in advice.predictions)
    assert advice.predictions[0].utilisation == pytest.approx(5.0)


STOPS: list[tuple[Situation, DoubtKind, str]] = [
    (
        situation(rate=None, why_no_rate="no counters"),
        DoubtKind.NO_TRAFFIC,
        "no traffic was seen (no counters)",
    ),
    (situation(service_ms=None), DoubtKind.NO_SERVICE_TIME, "no request was answered"),
    (situation(service_ms=None, workers=0), DoubtKind.NO_WORKERS, "`tsmon scale mnist 1`"),
    (
        situation(batches=BatchRule(8, 50.0)),
        DoubtKind.BATCHES,
        "waits 50 ms for up to 8 requests, and the time of a batch is not known",
    ),
    (situation(batches=BatchRule(128, 1.0)), DoubtKind.BATCHES, "only those of up to 64"),
    (situation(failed=0.2), DoubtKind.FAILURES, "20% of the requests fail"),
]


@pytest.mark.parametrize(("unknown", "kind", "words"), STOPS, ids=[kind for _, kind, _ in STOPS])
def test_what_makes_an_advice_impossible_is_said(
    unknown: Situation, kind: DoubtKind, words: str
) -> None:
    advice = advise(unknown, ANY)

    assert (advice.workers, advice.confidence) == (None, Confidence.UNKNOWN)
    assert not advice.predictions
    assert advice.at(1) is None
    assert words in advice.reasons[0]
    assert kinds(advice) == {kind}


WEAKENS: list[tuple[Situation, DoubtKind, str]] = [
    (situation(rate=99.0), DoubtKind.SATURATED, "always busy"),
    (situation(arrivals=Arrivals(30, 4.0)), DoubtKind.BURSTS, "index of dispersion 4"),
    (situation(scv=None), DoubtKind.VARIABILITY, "assumed exponential"),
    (situation(cores=None), DoubtKind.CORES, "none of its workers is on this machine"),
    (situation(workers_changed=True), DoubtKind.CHANGED, "worker count changed"),
    (
        situation(queue_ms=45.0),
        DoubtKind.MISFIT,
        "predicts 10.0 ms queue time, measured are 45.0 ms",
    ),
]


@pytest.mark.parametrize(("weak", "kind", "words"), WEAKENS, ids=[kind for _, kind, _ in WEAKENS])
def test_what_makes_an_advice_weaker_is_said_beside_it(
    weak: Situation, kind: DoubtKind, words: str
) -> None:
    advice = advise(weak, ANY)

    assert advice.workers is not None
    told = {doubt.kind: doubt.words for doubt in advice.doubts}
    assert words in told[kind]
    assert set(told) <= {kind, DoubtKind.EXTRAPOLATED, DoubtKind.NEAR_LIMIT}


def test_a_fitting_model_with_the_logs_has_no_doubts() -> None:
    fitting = situation(rate=45.0, queue_ms=8.5, arrivals=Arrivals(30, 1.2))

    assert advise(fitting, ANY).doubts == ()


@pytest.mark.parametrize(
    ("rate", "words"), [(85.0, "would be 158 ms"), (95.0, "would keep growing")]
)
def test_near_the_limit_it_says_what_hangs_on_the_service_time(rate: float, words: str) -> None:
    advice = advise(situation(), LatencyGoal(queue_ms=500.0), rate=rate)

    assert advice.workers == 1
    told = {doubt.kind: doubt.words for doubt in advice.doubts}
    assert words in told[DoubtKind.NEAR_LIMIT]


def test_it_says_when_workers_leave_the_server_and_clients_few_of_the_cores() -> None:
    few, many = advise(situation(cores=1), ANY, rate=45.0), advise(situation(), ANY, rate=210.0)
    crowded = advise(situation(cores=2), ANY, rate=120.0)

    assert DoubtKind.CROWDED not in kinds(few)
    assert DoubtKind.CROWDED in kinds(many)
    assert "60% of the cores" in next(
        doubt.words for doubt in crowded.doubts if doubt.kind is DoubtKind.CROWDED
    )


def test_bursts_make_waits_longer() -> None:
    calm, bursts = situation(), situation(arrivals=Arrivals(30, 4.0))

    before, after = advise(calm, ANY).at(1), advise(bursts, ANY).at(1)
    assert before is not None
    assert after is not None
    assert (before.queue_ms, after.queue_ms) == pytest.approx((10.0, 25.0))


@pytest.mark.parametrize("values", [(1.0, 2.0), (0.0, None), (None, -3.0), (float("nan"), None)])
def test_a_target_that_is_none_is_refused(values: tuple[float | None, float | None]) -> None:
    with pytest.raises(InvalidArgument):
        LatencyGoal(*values)
