"""Rates and milliseconds per request from sums that only grow within a server's life."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import astuple, replace

from tests.unit.telemetry.scrapes import MNIST, scraped
from tsmon.telemetry.scrape import Counters, Scrape, SeriesKey
from tsmon.telemetry.traffic import (
    Missing,
    Traffic,
    TrafficMeter,
    Usage,
    UsageOrMissing,
    add_readings,
)

OTHER = SeriesKey("mnist", "1.0")

# Whole numbers, so that sums are exact.
steps = st.builds(Counters, st.integers(0, 100), st.integers(0, 10**6), st.integers(0, 10**6))
lives = st.lists(steps, min_size=2, max_size=20)


def test_requests_cost_the_growth_of_latency_shared_out_over_them() -> None:
    meter = TrafficMeter()
    meter.observe(scraped(10, {MNIST: Counters(100, 1e6, 1e5)}))
    usage = _usage(meter.observe(scraped(12, {MNIST: Counters(110, 1_080_000, 103_000)}))[MNIST])
    assert (usage.per_second, usage.inference_ms, usage.queue_ms) == (5.0, 8.0, 0.3)


def test_first_scrape_has_sums_but_no_rates() -> None:
    traffic = TrafficMeter().observe(scraped(0, {MNIST: Counters(10, 20_000, 5_000)}))[MNIST]
    assert (traffic.interval, traffic.window) == (Missing.FIRST_SAMPLE, Missing.FIRST_SAMPLE)
    assert isinstance(traffic.since_start, Usage)
    assert (traffic.since_start.arrived, traffic.since_start.inference_ms) == (10, 2.0)


def test_no_requests_are_a_rate_of_0_at_no_known_cost() -> None:
    meter = TrafficMeter()
    meter.observe(scraped(0, {MNIST: Counters(5, 100, 10)}))
    usage = _usage(meter.observe(scraped(1, {MNIST: Counters(5, 100, 10)}))[MNIST])
    assert (usage.per_second, usage.inference_ms, usage.queue_ms) == (
        0.0,
        Missing.NO_TRAFFIC,
        Missing.NO_TRAFFIC,
    )


def test_queue_time_of_0_is_a_measured_0() -> None:
    meter = TrafficMeter()
    meter.observe(scraped(0, {}))
    usage = _usage(meter.observe(scraped(1, {MNIST: Counters(1, 5_000, 0)}))[MNIST])
    assert usage.queue_ms == 0.0


def test_unanswered_requests_are_carried_to_the_interval_of_their_answer() -> None:
    meter = TrafficMeter()
    meter.observe(scraped(0, {MNIST: Counters()}))
    waiting = _usage(meter.observe(scraped(1, {MNIST: Counters(3, 0, 0)}))[MNIST])
    assert (waiting.per_second, waiting.inference_ms) == (3.0, Missing.UNANSWERED)
    still = _usage(meter.observe(scraped(2, {MNIST: Counters(3, 0, 0)}))[MNIST])
    assert (still.per_second, still.inference_ms) == (0.0, Missing.UNANSWERED)
    answered = _usage(meter.observe(scraped(3, {MNIST: Counters(4, 40_000, 4_000)}))[MNIST])
    assert (answered.per_second, answered.inference_ms, answered.queue_ms) == (1.0, 10.0, 1.0)
    later = _usage(meter.observe(scraped(4, {MNIST: Counters(5, 50_000, 4_000)}))[MNIST])
    assert later.inference_ms == 10.0  # nothing is carried twice


def test_refused_requests_are_not_carried_as_if_they_were_still_waiting() -> None:
    meter = TrafficMeter()
    meter.observe(scraped(0, {MNIST: Counters()}))
    meter.observe(scraped(1, {MNIST: Counters(1000, 0, 0)}), in_flight={"mnist": 1.0})
    answered = _usage(meter.observe(scraped(2, {MNIST: Counters(1001, 10_000, 0)}))[MNIST])
    assert answered.inference_ms == 5.0  # one was in flight, one came


@given(lives)
def test_window_is_the_difference_of_its_ends_and_the_sum_of_its_intervals(
    life: list[Counters],
) -> None:
    meter = TrafficMeter(window_s=1000)
    seen = [meter.observe(scrape)[MNIST] for scrape in _scrapes(life)]
    intervals = [_usage(traffic) for traffic in seen[1:]]
    window = seen[-1].window
    assert isinstance(window, Usage)
    for field in ("seconds", "arrived", "inference_us", "queue_us"):
        assert getattr(window, field) == sum(getattr(usage, field) for usage in intervals)
    grown = _total(life) - life[0]
    assert (window.arrived, window.inference_us) == (grown.requests, grown.inference_us)


@given(lives, st.integers(1, 10))
def test_window_is_not_longer_than_asked_for(life: list[Counters], window_s: int) -> None:
    meter = TrafficMeter(window_s)
    scrapes = _scrapes(life)
    for index, scrape in enumerate(scrapes):
        window = meter.observe(scrape)[MNIST].window
        if isinstance(window, Usage):
            assert window.seconds == min(index, window_s)
            first = scrapes[index - min(index, window_s)].series[MNIST]
            assert window.arrived == (scrape.series[MNIST] - first).requests


def test_both_windows_end_now_and_the_long_one_begins_earlier() -> None:
    meter = TrafficMeter(window_s=60, long_window_s=300)
    for second in range(0, 400, 10):
        traffic = meter.observe(scraped(second, {MNIST: Counters(second, second * 10, 0)}))[MNIST]
    assert isinstance(traffic.window, Usage)
    assert isinstance(traffic.long_window, Usage)
    assert (traffic.window.seconds, traffic.long_window.seconds) == (60, 300)
    assert (traffic.window.arrived, traffic.long_window.arrived) == (60, 300)


def test_scrapes_further_apart_than_the_window_still_give_one() -> None:
    meter = TrafficMeter(window_s=1)
    for seconds in (0, 60):
        traffic = meter.observe(scraped(seconds, {MNIST: Counters(seconds, 1, 1)}))[MNIST]
    assert isinstance(traffic.window, Usage)
    assert (traffic.window.seconds, traffic.window.arrived) == (60, 60)


@given(lives, lives)
def test_restart_gives_neither_negative_numbers_nor_a_spike(
    before: list[Counters], after: list[Counters]
) -> None:
    meter = TrafficMeter(window_s=1000)
    for scrape in _scrapes(before):
        meter.observe(scrape)
    sums = after[0]
    for seconds, grown in enumerate(after, start=len(before)):
        sums = grown if seconds == len(before) else sums + grown
        for reading in astuple(meter.observe(scraped(seconds, {MNIST: sums}))[MNIST]):
            assert isinstance(reading, str) or min(astuple(reading)) >= 0
        # What the new life counted is the most that can have arrived in it.
        if meter.life:
            window = meter.observe(scraped(seconds + 0.5, {MNIST: sums}))[MNIST].window
            assert isinstance(window, Usage)
            assert window.arrived <= sums.requests


@pytest.mark.parametrize(
    "after",
    [
        {MNIST: Counters(9, 100, 10)},
        {MNIST: Counters(10, 99, 10)},
        {MNIST: Counters(10, 100, 9)},
        {OTHER: Counters(10, 100, 10)},
    ],
    ids=["fewer requests", "less inference", "less queue", "series gone"],
)
def test_sum_that_fell_or_series_that_is_gone_is_a_restart(
    after: dict[SeriesKey, Counters],
) -> None:
    meter = TrafficMeter()
    meter.observe(scraped(0, {MNIST: Counters(10, 100, 10)}))
    readings = meter.observe(scraped(1, after))
    assert meter.life == 1
    assert [traffic.interval for traffic in readings.values()] == [Missing.RESTARTED]
    assert [traffic.window for traffic in readings.values()] == [Missing.RESTARTED]


def test_all_series_gone_is_a_restart() -> None:
    meter = TrafficMeter()
    meter.observe(scraped(0, {MNIST: Counters(1)}))
    assert (meter.observe(scraped(1, {})), meter.life) == ({}, 1)


def test_requests_unanswered_at_a_restart_are_not_carried_over_it() -> None:
    meter = TrafficMeter()
    meter.observe(scraped(0, {MNIST: Counters(0)}))
    meter.observe(scraped(1, {MNIST: Counters(1000)}))
    meter.observe(scraped(2, {MNIST: Counters(0)}))
    usage = _usage(meter.observe(scraped(3, {MNIST: Counters(1, 5_000, 0)}))[MNIST])
    assert usage.inference_ms == 5.0


def test_series_that_appears_later_stood_at_0_before() -> None:
    meter = TrafficMeter()
    meter.observe(scraped(0, {MNIST: Counters(5, 1, 1)}))
    meter.observe(scraped(1, {MNIST: Counters(5, 1, 1)}))
    traffic = meter.observe(scraped(2, {MNIST: Counters(5, 1, 1), OTHER: Counters(4, 8_000, 0)}))
    assert _usage(traffic[OTHER]).per_second == 4.0
    window = traffic[OTHER].window
    assert isinstance(window, Usage)
    assert (window.per_second, window.inference_ms) == (2.0, 2.0)


def test_a_scrape_soon_after_another_tells_the_same_rate_and_loses_no_request() -> None:
    meter = _settled({MNIST: Counters()})
    full = meter.observe(scraped(1, {MNIST: Counters(70, 700_000, 0)}))[MNIST]
    poked = meter.observe(scraped(1.1, {MNIST: Counters(90, 900_000, 0)}))[MNIST]
    assert (poked.interval, poked.window) == (full.interval, full.window)
    assert isinstance(poked.since_start, Usage)
    assert poked.since_start.arrived == 90
    after = meter.observe(scraped(2.1, {MNIST: Counters(147, 1_470_000, 0)}))[MNIST]
    assert _usage(after) == Usage(2.1 - 1, 77, 77, 770_000, 0)
    assert isinstance(after.window, Usage)
    assert after.window.arrived == 147


def test_a_series_first_seen_soon_after_a_scrape_is_told_with_the_next_interval() -> None:
    meter = _settled({})
    meter.observe(scraped(1, {}))
    assert meter.observe(scraped(1.1, {MNIST: Counters(1)}))[MNIST].interval is Missing.FIRST_SAMPLE
    assert _usage(meter.observe(scraped(2, {MNIST: Counters(4)}))[MNIST]).arrived == 4


def test_soon_after_a_restart_there_is_no_rate_yet() -> None:
    meter = _settled({MNIST: Counters(100)})
    meter.observe(scraped(1, {MNIST: Counters(1)}))
    soon = meter.observe(scraped(1.1, {MNIST: Counters(5)}))[MNIST]
    assert (soon.interval, soon.window) == (Missing.RESTARTED, Missing.RESTARTED)
    assert _usage(meter.observe(scraped(2, {MNIST: Counters(9)}))[MNIST]).arrived == 8


def test_a_restart_right_after_a_scrape_is_seen_against_the_newest_sums() -> None:
    meter = _settled({MNIST: Counters()})
    for seconds, requests in ((1, 5), (1.1, 50), (2, 20)):
        meter.observe(scraped(seconds, {MNIST: Counters(requests)}))
    assert meter.life == 1


def test_a_shorter_period_is_followed_within_seconds() -> None:
    meter = TrafficMeter()
    for seconds in (0, 30, 60, 90):
        meter.observe(scraped(seconds, {MNIST: Counters(seconds)}))
    seen = [
        _usage(meter.observe(scraped(90 + tick, {MNIST: Counters(90 + tick)}))[MNIST])
        for tick in range(1, 20)
    ]
    assert {usage.seconds for usage in seen[-5:]} == {1}


@given(
    st.lists(st.floats(0.001, 3) | st.just(1.0), min_size=2, max_size=60),
    st.floats(0, 500),
)
def test_whenever_it_ticks_no_request_is_lost_or_counted_twice_and_no_rate_is_too_high(
    pauses: list[float], true_rate: float
) -> None:
    meter = TrafficMeter(window_s=10)
    meter.observe(scraped(0, {MNIST: Counters()}))
    seconds, intervals, told = 0.0, [Usage(0, 0, 0, 0, 0)], 0.0
    for pause in pauses:
        seconds += pause
        sums = Counters(int(seconds * true_rate))
        traffic = meter.observe(scraped(seconds, {MNIST: sums}))[MNIST]
        if not isinstance(traffic.interval, Usage):
            continue
        if traffic.interval is not intervals[-1]:
            intervals.append(traffic.interval)
            told = sums.requests
        assert sum(usage.arrived for usage in intervals) == told
        for usage in (traffic.interval, traffic.window):
            assert isinstance(usage, Usage)
            # A count is a whole number, so one request more may fall into a stretch of time.
            assert abs(usage.arrived - true_rate * usage.seconds) <= 1 + 1e-6
            assert usage.per_second <= true_rate + (1 + 1e-6) / usage.seconds


def test_series_of_one_model_together_share_their_seconds() -> None:
    one = Usage(2.0, 4, 4, 8_000, 400)
    assert one + one == Usage(2.0, 8, 8, 16_000, 800)
    assert (one + one).inference_ms == one.inference_ms


@pytest.mark.parametrize(
    ("readings", "together"),
    [
        ([], Missing.NO_COUNTERS),
        ([Missing.RESTARTED, Missing.FIRST_SAMPLE], Missing.RESTARTED),
        ([Missing.RESTARTED, Usage(1, 1, 1, 1, 1)], Usage(1, 1, 1, 1, 1)),
    ],
)
def test_reason_for_absence_holds_only_without_any_usage(
    readings: list[UsageOrMissing], together: UsageOrMissing
) -> None:
    assert add_readings(readings) == together


def _settled(series: dict[SeriesKey, Counters]) -> TrafficMeter:
    """A meter that was scraped every second up to second 0, without traffic."""
    meter = TrafficMeter()
    for seconds in range(-3, 1):
        meter.observe(scraped(seconds, series))
    return meter


def _scrapes(life: list[Counters]) -> list[Scrape]:
    """One scrape a second; each step is what the sums have grown by."""
    scrapes, sums = [], Counters()
    for seconds, grown in enumerate(life):
        sums = sums + grown
        scrapes.append(scraped(seconds, {MNIST: sums}))
    return scrapes


def _total(life: list[Counters]) -> Counters:
    return _scrapes(life)[-1].series[MNIST]


def test_a_line_that_was_lost_is_a_gap_of_its_series_and_no_restart() -> None:
    """Nothing is lost: what came in the gap is in the windows, and no interval has it twice."""
    meter = TrafficMeter()
    both = {MNIST: Counters(10, 1e6, 0), OTHER: Counters(10, 1e6, 0)}
    meter.observe(scraped(0, both))
    meter.observe(scraped(1, both))
    grown = Counters(12, 2e6, 0)
    during = meter.observe(replace(scraped(2, {OTHER: grown}), lost_lines=1))
    assert meter.life == 0
    assert during[MNIST].interval is Missing.UNREAD
    assert _usage(during[OTHER]).arrived == 2
    after = meter.observe(scraped(3, {MNIST: Counters(20, 3e6, 0), OTHER: grown}))
    assert after[MNIST].interval is Missing.UNREAD
    window = after[MNIST].window
    assert isinstance(window, Usage)
    assert window.arrived == 10
    later = meter.observe(scraped(4, {MNIST: Counters(21, 4e6, 0), OTHER: grown}))
    assert _usage(later[MNIST]).arrived == 1


def test_a_restart_beside_a_lost_line_is_seen_at_the_next_whole_scrape() -> None:
    meter = TrafficMeter()
    meter.observe(scraped(0, {MNIST: Counters(10, 1e6, 0)}))
    meter.observe(replace(scraped(1, {}), lost_lines=1))
    meter.observe(scraped(2, {MNIST: Counters(1, 1e5, 0)}))
    assert meter.life == 1


def _usage(traffic: Traffic) -> Usage:
    assert isinstance(traffic.interval, Usage)
    return traffic.interval
