"""What is counted of all requests, in buckets that only grow."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tsmon.logs.files import TS_LOG
from tsmon.telemetry.logs.percentiles import Percentiles, nearest_rank
from tsmon.telemetry.logs.request_lines import keys_of
from tsmon.telemetry.logs.request_report import RequestPhase, Samples, TimesKey
from tsmon.telemetry.logs.request_tally import (
    BUCKETS_S,
    NOTHING,
    TALLIED,
    RequestTally,
    TimeCounts,
)
from tsmon.telemetry.logs.server_log_follower import ServerLogFollower

KEY = TimesKey("mnist", "1.0")
NANOSECONDS = st.lists(st.integers(0, 200 * 10**9), max_size=60)
PER_MS = RequestPhase.QUEUE.per_ms
EDGES_NS = [round(edge * 1e9) for edge in BUCKETS_S]
ANSWERED = (
    b"2026-11-22T13:45:34,211 [INFO ] W-9003-mnist_1.0 ACCESS_LOG - "
    b'/127.0.0.1:49344 "POST /predictions/mnist HTTP/1.1" 200 7\n'
)
WAITED = (
    b"2026-11-22T13:45:34,211 [DEBUG] W-9003-mnist_1.0 org.pytorch.serve.job.RestJob - "
    b"Waiting time ns: 1000000, Backend time ns: 5000000\n"
)


@given(NANOSECONDS)
def test_each_request_is_counted_once_and_buckets_never_fall_along(samples: list[int]) -> None:
    counted = TimeCounts.of(samples, PER_MS)

    assert counted.cumulative[-1] == len(samples)
    assert all(less <= more for less, more in pairwise(counted.cumulative))
    for edge, count in zip(EDGES_NS, counted.cumulative, strict=False):
        assert count == sum(sample <= edge for sample in samples)
    assert counted.units == sum(samples)


@given(NANOSECONDS, NANOSECONDS)
def test_what_is_counted_in_parts_is_what_is_counted_together(
    first: list[int], then: list[int]
) -> None:
    before, after = TimeCounts.of(first, PER_MS), TimeCounts.of(then, PER_MS)

    assert before + after == TimeCounts.of([*first, *then], PER_MS)
    grown = (before + after).cumulative
    assert all(now >= was for was, now in zip(before.cumulative, grown, strict=True))


@given(st.lists(st.integers(1, 90 * 10**9), min_size=1, max_size=300))
def test_percentiles_of_the_buckets_are_within_a_bucket_of_the_exact_ones(
    samples: list[int],
) -> None:
    exact = Percentiles.of([sorted(samples)], PER_MS)
    counted = TimeCounts.of(samples, PER_MS)

    assert exact is not None
    for percent, ms in ((50, exact.p50), (90, exact.p90), (95, exact.p95), (99, exact.p99)):
        bucket = bisect_left(counted.cumulative, nearest_rank(percent, len(samples)))
        assert bucket == bisect_left(EDGES_NS, round(ms * PER_MS))


@given(st.sampled_from(BUCKETS_S), st.sampled_from(TALLIED))
def test_a_time_at_an_edge_is_in_the_bucket_that_ends_there(
    edge: float, phase: RequestPhase
) -> None:
    counted = TimeCounts.of([round(edge * 1000 * phase.per_ms, 6)], phase.per_ms)

    assert counted.counts.index(1) == BUCKETS_S.index(edge)


def test_the_tally_is_taken_once() -> None:
    tally = RequestTally()
    samples = Samples(total=array("d", [12]), queue=array("d", [50_000]))
    samples.statuses[200] += 1

    tally.add({KEY: samples})
    tally.add({KEY: samples})
    taken = tally.take()

    assert taken[KEY].statuses == Counter({200: 2})
    assert taken[KEY].times[RequestPhase.TOTAL].units == 24
    assert taken[KEY].times[RequestPhase.BACKEND] == NOTHING.times[RequestPhase.BACKEND]
    assert tally.take() == {}
    assert NOTHING.statuses == Counter()


def test_a_follower_counts_what_is_written_after_its_first_reading(tmp_path: Path) -> None:
    log, tally = tmp_path / TS_LOG, RequestTally()
    log.write_bytes(ANSWERED)
    follower = ServerLogFollower(tmp_path, tally)
    follower.read(0.0)
    assert tally.take() == {}

    with log.open("ab") as more:
        more.write(ANSWERED + WAITED + WAITED)
    follower.read(1.0)

    taken = tally.take()[KEY]
    assert taken.statuses == Counter({200: 1})
    assert taken.times[RequestPhase.TOTAL].units == 7
    assert taken.times[RequestPhase.QUEUE].units == 1_000_000
    assert taken.times[RequestPhase.BACKEND].units == 5_000_000
    follower.close()


def test_requests_that_reached_no_worker_are_the_default_versions() -> None:
    keys = keys_of({("mnist", "1.0"): False, ("mnist", "2.0"): True})

    assert keys["mnist", "1.0"] == [TimesKey("mnist", "1.0")]
    assert keys["mnist", "2.0"] == [
        TimesKey("mnist", "2.0"),
        TimesKey("mnist", ""),
        TimesKey("", ""),
    ]
