"""Percentiles, and the adding up of increments."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.digits.images import DigitImage
from tsmon.load.refusals import Cause, Failure
from tsmon.load.run.increment import Increment, RefusedAnswer, StopReason
from tsmon.load.run.plan import RunPlan
from tsmon.load.run.report import MOST_CAUSES, Latency, Tally

PLAN = RunPlan(model="mnist", payloads=(DigitImage(Path("7.png"), "7"),))
PERMILLE = {"p50": 500, "p90": 900, "p95": 950, "p99": 990, "p999": 999, "max": 1000}

times = st.lists(st.integers(0, 10**8), min_size=1, max_size=3000)
labels = st.dictionaries(st.sampled_from("0123456789"), st.integers(1, 50)).map(Counter)
causes = st.builds(
    Cause, st.sampled_from(Failure), st.none() | st.integers(400, 599), st.text(max_size=3)
)
increments = st.builds(
    Increment,
    at_s=st.floats(0, 100),
    planned=st.integers(0, 100),
    sent=st.integers(0, 100),
    under_way=st.integers(0, 100),
    times_us=st.lists(st.integers(0, 10**8), max_size=20),
    right=labels,
    wrong=labels,
    failed=st.dictionaries(causes, st.integers(1, 50)).map(Counter),
    no_connection=st.text(),
    ending=st.none() | st.sampled_from(StopReason),
    refused=st.none() | st.builds(RefusedAnswer, st.integers(400, 599), st.text(), st.text()),
    done=st.booleans(),
)


@given(times)
def test_a_percentile_is_the_least_time_that_so_many_do_not_exceed(values: list[int]) -> None:
    latency = Latency.of(sorted(values))

    assert latency is not None
    for name, permille in PERMILLE.items():
        percentile = round(getattr(latency, name) * 1000)
        assert percentile in values
        assert 1000 * sum(time <= percentile for time in values) >= permille * len(values)
        assert 1000 * sum(time < percentile for time in values) < permille * len(values)
    assert latency.count == len(values)
    assert latency.mean == pytest.approx(sum(values) / len(values) / 1000)


def test_the_last_of_a_thousand_is_above_the_percentile_of_999_in_a_thousand() -> None:
    latency = Latency.of(range(1000, 1_001_000, 1000))

    assert latency is not None
    assert (latency.p999, latency.max) == (999.0, 1000.0)


def test_without_answers_there_are_no_percentiles() -> None:
    assert Latency.of([]) is None
    report = Tally(PLAN).report()
    assert (report.latency, report.throughput, report.accuracy) == (None, None, None)


@given(increments)
def test_an_increment_arrives_as_it_was_sent(increment: Increment) -> None:
    assert Increment.from_line(increment.to_line()) == increment


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"3", b'{"speed": 1}', b'{"failed": {"x": 1}}'])
def test_what_is_no_increment_is_said_to_be_none(line: bytes) -> None:
    with pytest.raises(ValueError):
        Increment.from_line(line)


@given(st.lists(increments, min_size=1, max_size=8))
def test_a_report_holds_the_sum_of_its_increments(many: list[Increment]) -> None:
    tally = Tally(PLAN)
    for increment in many:
        tally.add(Increment.from_line(increment.to_line()))
    report = tally.report()

    everything = sorted(time for increment in many for time in increment.times_us)
    assert report.latency == Latency.of(everything)
    assert report.failed == sum(increment.failed.total() for increment in many)
    assert sum(report.right.values()) == sum(increment.right.total() for increment in many)
    assert sum(report.wrong.values()) == sum(increment.wrong.total() for increment in many)
    assert (report.sent, report.ending) == (many[-1].sent, many[-1].ending)


def test_progress_tells_the_last_interval_beside_the_whole() -> None:
    tally = Tally(PLAN)
    tally.add(Increment(at_s=1.0, times_us=[1000] * 10))
    tally.add(
        Increment(at_s=1.5, times_us=[4000] * 20, failed=Counter({Cause(Failure.HANDLER): 3}))
    )

    progress = tally.progress()

    assert (progress.answered, progress.failed, progress.throughput) == (20, 3, 40.0)
    assert progress.latency is not None
    assert progress.latency.p50 == 4.0
    assert (progress.so_far.answered, progress.so_far.throughput) == (30, 20.0)


def test_a_503_without_capacity_gets_its_cause_once_that_is_known() -> None:
    tally = Tally(PLAN)
    refused = Cause(Failure.NO_CAPACITY, 503, "no room")
    tally.add(Increment(failed=Counter({refused: 5})))
    tally.decide(Failure.QUEUE_FULL)
    tally.add(Increment(failed=Counter({refused: 2})))
    tally.decide(Failure.NO_WORKER)

    assert tally.report().failures == {Failure.QUEUE_FULL: 5, Failure.NO_WORKER: 2}
    assert tally.report().causes == {
        Cause(Failure.QUEUE_FULL, 503, "no room"): 5,
        Cause(Failure.NO_WORKER, 503, "no room"): 2,
    }


def test_causes_that_name_each_request_are_not_all_kept() -> None:
    tally = Tally(PLAN)
    many = Counter({Cause(Failure.HANDLER, 503, f"request {n}"): 1 for n in range(500)})
    tally.add(Increment(failed=many))
    causes = tally.report().causes
    assert sum(causes.values()) == 500
    assert len(causes) == MOST_CAUSES + 1
    assert causes[Cause(Failure.HANDLER, 503)] == 500 - MOST_CAUSES


@pytest.mark.parametrize(
    ("cause", "label", "message"),
    [
        (Cause(Failure.QUEUE_FULL, 503, "no room"), "503 queue full", "no room"),
        (Cause(Failure.UNREACHABLE, None, "connection refused"), "connection refused", ""),
        (Cause(Failure.TIMED_OUT, None, "within 3 s"), "timed out", "within 3 s"),
    ],
)
def test_a_cause_is_named_by_its_status_or_by_the_connection(
    cause: Cause, label: str, message: str
) -> None:
    assert (cause.label, cause.message) == (label, message)
