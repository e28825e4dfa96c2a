"""Quantiles of single requests over windows, and the counters of log mode."""

from __future__ import annotations

import math
import random
from statistics import fmean, pvariance

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.telemetry.logs.counting import LoggedCounters
from tsmon.telemetry.logs.lines import Answered, Waited, WorkerThread
from tsmon.telemetry.logs.quantiles import Quantiles, nearest_rank
from tsmon.telemetry.logs.times import KEPT_S, Part, RequestTimes, TimesKey
from tsmon.telemetry.scrape import Counters, SeriesKey

KEY = TimesKey("mnist", "1.0")


def answered(milliseconds: int, status: int = 200) -> Answered:
    return Answered("", "mnist", "1.0", None, status, milliseconds)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.1, 100))
def test_a_quantile_is_the_smallest_sample_that_enough_samples_do_not_exceed(
    samples: list[float], percent: float
) -> None:
    ordered = sorted(samples)

    value = nearest_rank(ordered, percent)

    needed = math.ceil(percent / 100 * len(samples))
    assert sum(sample <= value for sample in samples) >= needed
    assert sum(sample < value for sample in samples) < needed


def test_quantiles_of_known_samples() -> None:
    assert Quantiles.of(range(1, 101)) == Quantiles(100, 50, 90, 95, 99)
    assert Quantiles.of([]) is None


@given(st.lists(st.lists(st.integers(0, 500), max_size=20), max_size=20))
def test_readings_together_give_what_all_samples_give_at_once(readings: list[list[int]]) -> None:
    times = RequestTimes()
    for second, samples in enumerate(readings):
        times.add(map(answered, samples), at=float(second))

    profile = times.profile([KEY], since=-1.0)

    everything = sorted(sample for samples in readings for sample in samples)
    assert profile.get(Part.TOTAL) == Quantiles.of(everything)


@given(st.lists(st.lists(st.floats(0.01, 500), max_size=20), min_size=1, max_size=20))
def test_moments_of_readings_together_are_those_of_all_samples(
    readings: list[list[float]],
) -> None:
    times = RequestTimes()
    for second, samples in enumerate(readings):
        worker = WorkerThread("9000", "mnist", "1.0")
        times.add([Waited("", worker, 1.0, each, False) for each in samples], at=float(second))
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
    times.add([answered(500)], at=10.0)
    times.add([answered(5)], at=70.0)

    total = times.profile([KEY], since=10.0)[Part.TOTAL]

    assert (total.count, total.p99) == (1, 5)


def test_failed_requests_are_counted_by_status_and_kept_out_of_the_quantiles() -> None:
    times = RequestTimes()
    worker = WorkerThread("9000", "mnist", "1.0")
    times.add([answered(1, 503), answered(2), Waited("", worker, 9.0, 9.0, failed=True)], at=1.0)

    assert times.statuses([KEY], since=0.0) == {503: 1, 200: 1}
    assert times.profile([KEY], since=0.0) == {Part.TOTAL: Quantiles(1, 2, 2, 2, 2)}


def test_old_samples_are_let_go() -> None:
    times = RequestTimes()
    times.add([answered(1)], at=0.0)

    times.add([], at=KEPT_S + 1)

    assert times.keys() == set()


def test_increments_of_log_mode_add_up_to_counters() -> None:
    counters = LoggedCounters()
    rng = random.Random(1)
    steps = [rng.uniform(1, 1e5) for _ in range(50)]
    stamp = b"2026-11-22T14:07:46,715 - "
    labels = b"|#model_name:mnist,model_version:default|#hostname:vm,timestamp:1795356466"
    for step in steps:
        counters.add(
            [
                stamp + b"ts_inference_requests_total.Count:1.0" + labels,
                stamp + b"ts_inference_latency_microseconds.Microseconds:%f" % step + labels,
                stamp + b"QueueTime.Milliseconds:3.0|#Level:Host|#hostname:vm,timestamp:1",
            ]
        )

    total = counters.series[SeriesKey("mnist", "default")]

    assert total.requests == 50
    assert math.isclose(total.inference_us, sum(round(step, 6) for step in steps))
    assert total.queue_us == Counters().queue_us
