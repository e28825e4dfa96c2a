"""The recent past of each model: bounded, with gaps as gaps."""

from __future__ import annotations

import gc
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.telemetry.scrapes import at
from tsmon.telemetry.health.verdicts import (
    ModelHealth,
    ModelVerdict,
    WorkerHealth,
    WorkerVerdict,
)
from tsmon.telemetry.history import (
    HISTORY_BYTES,
    STEP_S,
    STEPS,
    Figure,
    HistoryPoint,
    KeptHistory,
)
from tsmon.telemetry.logs.percentiles import Percentiles
from tsmon.telemetry.logs.request_report import LastReading, RequestPhase, RequestReport
from tsmon.telemetry.logs.time_buckets import pack_counts
from tsmon.telemetry.snapshot import (
    Gone,
    MetricsStatus,
    ModelKey,
    ModelStatus,
    ServerState,
    ServerStatus,
    Snapshot,
    WorkerStatus,
)
from tsmon.telemetry.traffic import Missing, Traffic, Usage, UsageOrMissing
from tsmon.torchserve.records import JobQueue, ModelVersion, Worker

MNIST = ModelKey("mnist", "1.0")
BUSY = Usage(seconds=2.0, arrived=4, counted=4, inference_us=8_000, queue_us=500)
QUIET = Usage(seconds=2.0, arrived=0, counted=0, inference_us=0, queue_us=0)

FINE = ModelVerdict(ModelHealth.READY, "1 of 1 ready")


def test_interval_becomes_a_point() -> None:
    history = KeptHistory()
    history.record(_snapshot(1, BUSY), scraped=True)
    assert history.points(MNIST, 60, at(1)) == [HistoryPoint(at(1), 2.0, 2.0, 0.125)]


def test_quiet_interval_is_a_rate_of_0_without_costs() -> None:
    history = KeptHistory()
    history.record(_snapshot(1, QUIET), scraped=True)
    assert history.points(MNIST, 60, at(1)) == [HistoryPoint(at(1), 0.0, None, None)]


def test_tick_without_a_scrape_an_unknown_interval_or_a_gone_model_is_a_gap() -> None:
    history = KeptHistory()
    history.record(_snapshot(0, BUSY), scraped=True)
    history.record(_snapshot(1, BUSY), scraped=False)
    history.record(_snapshot(2, Missing.RESTARTED), scraped=True)
    history.record(_snapshot(3, BUSY, gone=Gone.FORGOTTEN), scraped=True)
    history.record(_snapshot(4), scraped=True)
    gaps = [HistoryPoint(at(seconds)) for seconds in (1, 2, 3, 4)]
    assert history.points(MNIST, 60, at(4)) == [_point(0), *gaps]


@given(st.integers(1, 30_000), st.integers(0, 60))
def test_only_the_last_points_are_kept(budget: int, ticks: int) -> None:
    history = KeptHistory(budget)
    for tick in range(ticks):
        history.record(_snapshot(tick, BUSY), scraped=True)
    points = history.points(MNIST, 1000, at(ticks))
    assert points == [_point(tick) for tick in range(ticks)][ticks - len(points) :]
    assert history.size <= budget or len(points) == 1


@pytest.mark.parametrize("models", [10, 2000])
def test_many_models_share_the_bytes_that_there_may_be(models: int) -> None:
    budget = HISTORY_BYTES // 8
    history = KeptHistory(budget)
    for tick in range(100_000 // models):
        history.record(_of_many(tick, models), scraped=True)
        assert history.size <= budget
    kept = [history.points(ModelKey(str(n), "1.0"), 1e6, at(1e5)) for n in (0, models - 1)]
    assert kept[0] == kept[1]
    assert 1 < len(kept[0]) < 100_000 // models


def test_the_history_takes_no_more_memory_than_it_counts() -> None:
    history = KeptHistory()
    tracemalloc.start()
    try:
        for tick in range(50):
            history.record(_of_many(tick, 20), scraped=True)
        gc.collect()
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken <= history.size + 20_000


@given(st.integers(0, 20), st.integers(0, 25))
def test_points_are_those_of_the_last_seconds(ticks: int, seconds: int) -> None:
    history = KeptHistory()
    for tick in range(ticks):
        history.record(_snapshot(tick, BUSY), scraped=True)
    points = history.points(MNIST, seconds, at(ticks))
    assert points == [_point(tick) for tick in range(ticks) if ticks - tick <= seconds]


def test_a_model_that_left_has_gaps_until_it_comes_back() -> None:
    history = KeptHistory()
    for tick, interval in enumerate([None, BUSY, None, None, BUSY]):
        history.record(_snapshot(tick, interval), scraped=True)
    gaps = [HistoryPoint(at(2)), HistoryPoint(at(3))]
    assert history.points(MNIST, 60, at(4)) == [_point(1), *gaps, _point(4)]
    assert history.points(MNIST, 60, at(3)) == [_point(1), *gaps]
    assert history.points(MNIST, 1, at(3)) == []


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 45)), max_size=8))
def test_points_do_not_depend_on_those_read_before(questions: list[tuple[int, int]]) -> None:
    history, fresh = KeptHistory(10_000), KeptHistory(10_000)
    for tick in range(20):
        history.record(_snapshot(tick, BUSY), scraped=True)
        fresh.record(_snapshot(tick, BUSY), scraped=True)
    for number, (seconds, end) in enumerate(questions):
        history.record(_snapshot(20 + number, BUSY), scraped=True)
        fresh.record(_snapshot(20 + number, BUSY), scraped=True)
        found = history.points(MNIST, seconds, at(end))
        kept = fresh.points(MNIST, 1000, at(1000))
        assert found == [each for each in kept if end - seconds <= each.at.monotonic <= end]


@given(st.lists(st.integers(0, 400), max_size=30, unique=True), st.lists(st.integers(0, 500)))
def test_a_trend_is_of_the_points_of_each_step_whenever_it_is_asked_for(
    ticks: list[int], questions: list[int]
) -> None:
    history = KeptHistory()
    for number, tick in enumerate(sorted(ticks)):
        history.record(_snapshot(tick, replace(BUSY, arrived=number)), scraped=True)
        history.trend(MNIST, Figure.RATE, at(tick))
    for end in questions:
        expected: list[float | None] = [None] * STEPS
        for point in history.points(MNIST, 1000, at(end)):
            step = int(point.at.monotonic // STEP_S) - int(end // STEP_S) + STEPS - 1
            if step >= 0 and point.per_second is not None:
                expected[step] = max(point.per_second, expected[step] or 0.0)
        assert list(history.trend(MNIST, Figure.RATE, at(end))) == expected


def test_the_trend_of_a_forgotten_model_begins_again() -> None:
    history = KeptHistory()
    for tick in (1, 2):
        history.record(_snapshot(tick, BUSY), scraped=True)
    history.trend(MNIST, Figure.RATE, at(40))
    history.forget(MNIST)
    assert set(history.trend(MNIST, Figure.RATE, at(40))) == {None}
    history.record(_snapshot(3, BUSY), scraped=True)
    assert [each for each in history.trend(MNIST, Figure.RATE, at(3)) if each] == [2.0]


def test_the_trend_of_p95_is_of_the_log_files_alone() -> None:
    history = KeptHistory()
    history.record(_snapshot(1, BUSY), scraped=True)
    assert set(history.trend(MNIST, Figure.P95, at(1))) == {None}


def test_forgotten_model_begins_anew() -> None:
    history = KeptHistory()
    history.record(_snapshot(1, BUSY), scraped=True)
    history.forget(MNIST)
    history.record(_snapshot(2, BUSY), scraped=True)
    assert history.points(MNIST, 60, at(2)) == [_point(2)]


def test_a_point_has_what_the_logs_the_queue_and_the_workers_tell() -> None:
    history = KeptHistory()
    queue = JobQueue(pending=4, remaining=96)
    worker = Worker("9000", "READY", 412, 700, "")
    last = LastReading(
        *(2.0, 5, 1),
        profile={RequestPhase.QUEUE: Percentiles(4, 1, 2, 2, 3)},
        times=pack_counts({40: 3, 41: 700}),
    )
    verdict = WorkerVerdict(WorkerHealth.READY, "ready")
    model = ModelStatus(
        ModelVersion("mnist", "1.0", queue=queue),
        True,
        Traffic.missing(Missing.NO_COUNTERS),
        (WorkerStatus(worker, verdict),),
        FINE,
        requests=RequestReport({}, {}, {}, last=last),
    )
    up = ServerStatus("local", ServerState.UP)
    history.record(Snapshot(at(0), up, models=(model,)), scraped=True)
    history.record(Snapshot(at(1), up, models=(model,)), scraped=True)

    first, second = history.points(MNIST, 60, at(1))
    assert first.errors_per_second == 0.5
    assert (first.inference, first.queue) == (None, Percentiles(4, 1, 2, 2, 3))
    assert first.waiting == 4
    assert first.memory == (("9000", 700),)
    assert first.times == last.times
    assert second.memory == first.memory


@given(st.lists(st.binary(max_size=12), min_size=1, max_size=5))
def test_each_model_has_its_own_times(each: list[bytes]) -> None:
    history = KeptHistory()
    models = tuple(
        replace(
            _snapshot(0, BUSY).models[0],
            described=ModelVersion(f"m{number}", "1.0"),
            requests=RequestReport({}, {}, {}, last=LastReading(1.0, 0, 0, times=times)),
        )
        for number, times in enumerate(each)
    )
    up = ServerStatus("local", ServerState.UP)
    history.record(Snapshot(at(0), up, models=models), scraped=True)
    for number, times in enumerate(each):
        (point,) = history.points(ModelKey(f"m{number}", "1.0"), 60, at(0))
        assert point.times == times


def test_nothing_is_known_of_queue_workers_and_errors_while_the_server_is_away() -> None:
    history = KeptHistory()
    queue = JobQueue(pending=4, remaining=96)
    model = ModelStatus(
        ModelVersion("mnist", "1.0", queue=queue), True, Traffic.missing(Missing.NO_COUNTERS),
        (), FINE,
    )  # fmt: skip
    history.record(Snapshot(at(0), ServerStatus("local"), models=(model,)), scraped=False)
    assert history.points(MNIST, 60, at(1)) == [HistoryPoint(at(0))]


def test_without_a_request_there_are_no_errors_if_the_logs_are_read() -> None:
    unread = replace(_snapshot(0, QUIET), server=ServerStatus("local", ServerState.UP))
    read = replace(unread, metrics=MetricsStatus(log_folder=Path("logs")))
    strange = MetricsStatus(log_folder=Path("logs"), log_problem="ts_log.log is not read")
    unknown = replace(unread, metrics=strange)
    assert unread.errors_per_second(unread.models[0]) is None
    assert unknown.errors_per_second(unknown.models[0]) is None
    assert read.errors_per_second(read.models[0]) == 0.0


def _point(seconds: float) -> HistoryPoint:
    return HistoryPoint(at(seconds), 2.0, 2.0, 0.125)


def _of_many(seconds: float, models: int) -> Snapshot:
    one = _snapshot(seconds, BUSY).models[0]
    each = (replace(one, described=ModelVersion(str(n), "1.0")) for n in range(models))
    return replace(_snapshot(seconds), models=tuple(each))


def _snapshot(
    seconds: float, interval: UsageOrMissing | None = None, *, gone: Gone | None = None
) -> Snapshot:
    """A snapshot with one model whose traffic this is, or without any."""
    server = ServerStatus("local")
    if interval is None:
        return Snapshot(at(seconds), server)
    traffic = Traffic(interval, interval, interval, interval)
    model = ModelStatus(ModelVersion("mnist", "1.0"), True, traffic, (), FINE, gone=gone)
    return Snapshot(at(seconds), server, models=(model,))
