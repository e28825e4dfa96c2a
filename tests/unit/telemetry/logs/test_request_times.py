"""Percentiles of single requests over windows, and the counters of log mode."""

from __future__ import annotations

import math
import random
from array import array
from collections import Counter
from collections.abc import Iterable
from random import Random
from statistics import fmean, pvariance

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.telemetry.logs.percentiles import Percentiles, nearest_rank
from tsmon.telemetry.logs.request_report import (
    KEPT_S,
    LastReading,
    RequestPhase,
    Samples,
    TimesKey,
    WorkerShare,
)
from tsmon.telemetry.logs.request_times import OLDER_S, RequestTimes
from tsmon.telemetry.logs.server_log_follower import LoggedCounters
from tsmon.telemetry.logs.time_buckets import add_counts, count_times, pack_counts, unpack_counts
from tsmon.telemetry.scrape import Counters, SeriesKey

KEY = TimesKey("mnist", "1.0")


def answered(milliseconds: Iterable[float], **statuses: int) -> dict[TimesKey, Samples]:
    """Requests that took so long, and how many had which status, as in `_503=1`."""
    counts = Counter({int(name[1:]): number for name, number in statuses.items()})
    return {KEY: Samples(total=array("d", milliseconds), statuses=counts)}


@given(st.lists(st.floats(0, 1e6), min_size=1), st.integers(1, 100))
def test_a_percentile_is_the_smallest_sample_that_enough_samples_do_not_exceed(
    samples: list[float], percent: int
) -> None:
    value = sorted(samples)[nearest_rank(percent, len(samples)) - 1]

    enough = len(samples) * percent
    assert sum(sample <= value for sample in samples) * 100 >= enough
    assert sum(sample < value for sample in samples) * 100 < enough


def test_percentiles_of_known_samples() -> None:
    assert Percentiles.of([range(1, 101)]) == Percentiles(100, 50, 90, 95, 99)
    assert Percentiles.of(
        [range(1_000_000, 4_000_000, 1_000_000)], per_ms=1_000_000
    ) == Percentiles(3, 2, 3, 3, 3)
    assert Percentiles.of([[], []]) is None


@given(
    st.lists(st.integers(0, 3000), max_size=20),
    st.sampled_from([1, 3, 1000, 10**9]),
    st.randoms(use_true_random=True),
)
def test_percentiles_of_many_runs_are_those_of_all_samples_in_one(
    sizes: list[int], values: int, rng: random.Random
) -> None:
    runs = [sorted(rng.choices(range(values), k=size)) for size in sizes]

    everything = sorted(sample for run in runs for sample in run)

    ranks = [math.ceil(len(everything) * tenths / 100) - 1 for tenths in (50, 90, 95, 99)]
    expected = Percentiles(len(everything), *(everything[r] for r in ranks)) if everything else None
    assert Percentiles.of(runs) == expected


@given(st.lists(st.lists(st.integers(0, 500), max_size=20), max_size=120))
def test_readings_together_give_what_all_samples_give_at_once(readings: list[list[int]]) -> None:
    times = RequestTimes()
    for second, samples in enumerate(readings):
        times.add(answered(samples), at=float(second))

    profile = times.profile([KEY], since=-1.0)

    everything = sorted(sample for samples in readings for sample in samples)
    assert profile.get(RequestPhase.TOTAL) == Percentiles.of([everything])


def test_inference_is_queue_and_backend_of_each_request() -> None:
    times = RequestTimes()
    queue, backend = array("d", [1_500_000, 0]), array("d", [500_000, 9_000_000])
    times.add({KEY: Samples(queue=queue, backend=backend)}, at=1.0)

    profile = times.profile([KEY], since=0.0)

    assert profile[RequestPhase.QUEUE] == Percentiles(2, 0, 1.5, 1.5, 1.5)
    assert profile[RequestPhase.BACKEND] == Percentiles(2, 0.5, 9, 9, 9)
    assert profile[RequestPhase.INFERENCE] == Percentiles(2, 2, 9, 9, 9)


@given(st.lists(st.lists(st.floats(0.01, 500), max_size=20), min_size=1, max_size=20))
def test_moments_of_readings_together_are_those_of_all_samples(
    readings: list[list[float]],
) -> None:
    times = RequestTimes()
    for second, samples in enumerate(readings):
        nanoseconds = array("d", [each * 1_000_000 for each in samples])
        times.add({KEY: Samples(queue=nanoseconds, backend=nanoseconds)}, at=float(second))
    everything = [sample for samples in readings for sample in samples]

    moments = times.backend([KEY], since=-1.0)

    if not everything:
        assert moments is None
        return
    assert moments is not None
    assert moments.count == len(everything)
    assert moments.mean == pytest.approx(fmean(everything))
    expected = pvariance(everything) / fmean(everything) ** 2
    assert moments.scv == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_a_window_leaves_out_what_was_read_before_it() -> None:
    times = RequestTimes()
    times.add(answered([500]), at=10.0)
    times.add(answered([5]), at=70.0)

    total = times.profile([KEY], since=10.0)[RequestPhase.TOTAL]

    assert (total.count, total.p99) == (1, 5)


def test_the_last_reading_is_told_alone() -> None:
    times = RequestTimes()
    queue, backend = array("d", [1_000_000]), array("d", [4_000_000])
    older = Samples(queue=queue, backend=array("d", [9_000_000]), workers={"9000": backend})
    newer = Samples(
        queue=queue,
        backend=backend,
        statuses=Counter({200: 1, 404: 1, 503: 2}),
        workers={"9001": backend},
    )
    times.add({KEY: older}, at=10.0)
    first = times.report([KEY], 10.0)
    times.add({KEY: newer}, at=12.0)
    report = times.report([KEY], 12.1)

    assert first is not None
    assert first.last is None
    assert report is not None
    assert report.last == LastReading(
        2.0,
        requests=4,
        failed=3,
        profile={
            RequestPhase.INFERENCE: Percentiles(1, 5, 5, 5, 5),
            RequestPhase.QUEUE: Percentiles(1, 1, 1, 1, 1),
        },
        workers={"9001": WorkerShare(1, 4.0)},
        times=pack_counts(count_times([[5.0]])),
    )


def test_the_times_of_readings_add_up_to_those_of_all_requests() -> None:
    """Also where a reading that comes soon after another is reported with it."""
    times = RequestTimes()
    rng = Random(4)
    seen, total = [], []
    for at in (9.0, 10.0, 11.0, 12.0, 12.1, 12.2, 13.0, 14.0):
        took = [rng.lognormvariate(2, 1) * 1e6 for _ in range(rng.randrange(9))]
        queue = array("d", [0.0] * len(took))
        times.add({KEY: Samples(queue=queue, backend=array("d", took))}, at=at)
        report = times.report([KEY], at)
        if report is not None and report.last is not None:
            seen.append(report.last.times)
        if at > 9.0:
            total += took
    found = unpack_counts(add_counts(seen))
    assert found == count_times([sorted(total)], 1_000_000)
    assert sum(found.values()) == len(total)


def test_a_reading_without_requests_has_none_of_those_before() -> None:
    times = RequestTimes()
    times.add(answered([5], _200=1), at=10.0)
    times.add({}, at=11.0)
    report = times.report([KEY], 11.0)

    assert report is not None
    assert report.last == LastReading(1.0, requests=0, failed=0)


def test_a_reading_soon_after_another_is_told_with_it() -> None:
    times = RequestTimes()
    backend = array("d", [4_000_000])
    for second in (9.0, 10.0, 11.0, 12.0):
        times.add({KEY: Samples(statuses=Counter({200: 9}), workers={"9000": backend})}, at=second)
    failed = Samples(statuses=Counter({503: 1}), workers={"9000": backend})
    times.add({KEY: failed}, at=12.1)
    soon = times.report([KEY], 12.1)
    times.add({}, at=13.1)
    after = times.report([KEY], 13.1)

    assert soon is not None
    assert soon.last is not None
    assert (soon.last.requests, soon.last.failed) == (10, 1)
    assert soon.last.seconds == pytest.approx(1.1)
    assert soon.last.workers == {"9000": WorkerShare(2, 8.0)}
    assert after is not None
    assert after.last is not None
    assert (after.last.requests, after.last.failed) == (1, 1)
    assert after.last.seconds == pytest.approx(1.1)


def test_statuses_are_counted_over_the_window() -> None:
    times = RequestTimes()
    times.add(answered([], _503=1), at=0.0)
    times.add(answered([2], _503=1, _200=1), at=1.0)

    assert times.statuses([KEY], since=0.0) == {503: 1, 200: 1}
    assert times.profile([KEY], since=0.0) == {RequestPhase.TOTAL: Percentiles(1, 2, 2, 2, 2)}


def test_the_minute_is_computed_at_each_report_and_the_longer_window_now_and_then() -> None:
    times = RequestTimes()
    times.add(answered([1] * 1000, _200=1000), at=0.0)
    times.report([KEY], now=100.0)
    times.add(answered([2], _200=1), at=101.0)

    soon, later = (times.report([KEY], now=100.0 + after) for after in (1.0, OLDER_S))

    assert soon
    assert later
    assert soon.minute[RequestPhase.TOTAL].count == later.minute[RequestPhase.TOTAL].count == 1
    assert soon.five_minutes[RequestPhase.TOTAL].count == 1000
    assert later.five_minutes[RequestPhase.TOTAL].count == 1001


def test_the_longer_window_never_rests_on_fewer_requests_than_the_shorter_one() -> None:
    times = RequestTimes()
    for second in range(120):
        times.add(answered([1] * 100, _200=100), at=float(second))
        report = times.report([KEY], now=float(second))
        assert report
        minute, five_minutes = (
            window[RequestPhase.TOTAL].count for window in (report.minute, report.five_minutes)
        )
        assert minute <= five_minutes
        assert second > 59 or minute == five_minutes
        assert five_minutes >= 0.98 * 100 * (second + 1)


def test_the_longer_window_has_what_is_between_its_length_and_a_little_more() -> None:
    times = RequestTimes()
    for second in range(1000):
        times.add(answered([second]), at=float(second))
        total = times.profile([KEY], since=second - KEPT_S)[RequestPhase.TOTAL]
        length = min(second + 1, KEPT_S)
        assert length <= total.count <= length + OLDER_S


def test_old_samples_are_let_go() -> None:
    times = RequestTimes()
    times.add(answered([1]), at=0.0)

    times.add({}, at=KEPT_S + 1)

    assert times.keys() == set()
    assert times.report([KEY], now=KEPT_S + 1) is None


def test_increments_of_log_mode_add_up_to_counters() -> None:
    counters = LoggedCounters()
    rng = random.Random(1)
    steps = [rng.uniform(1, 1e5) for _ in range(50)]
    stamp = b"2026-11-22T14:07:46,715 - "
    labels = b"|#model_name:mnist,model_version:default|#hostname:vm,timestamp:1795356466"
    for step in steps:
        counters.add(
            b"\n".join(
                [
                    stamp + b"ts_inference_requests_total.Count:1.0" + labels,
                    stamp + b"ts_inference_latency_microseconds.Microseconds:%f" % step + labels,
                    stamp + b"QueueTime.Milliseconds:3.0|#Level:Host|#hostname:vm,timestamp:1",
                    stamp + b"ts_queue_latency_microseconds.Microseconds:1.2.3" + labels,
                    stamp + b"ts_queue_latency_microseconds.Microseconds:1.5E7" + labels,
                ]
            )
        )

    total = counters.series[SeriesKey("mnist", "default")]

    assert total.requests == 50
    assert math.isclose(total.inference_us, sum(round(step, 6) for step in steps))
    assert total.queue_us == 50 * 1.5e7
    assert Counters() not in counters.series.values()
