"""Whether a model waits or works, and how busy a worker is."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tsmon.telemetry.activity import Activity, Doing, activity_of, activity_of_worker
from tsmon.telemetry.health.verdicts import (
    ModelHealth,
    ModelVerdict,
    WorkerHealth,
    WorkerVerdict,
)
from tsmon.telemetry.logs.request_report import LastReading, RequestReport, WorkerShare
from tsmon.telemetry.snapshot import Gone, ModelStatus, ProcessUsage, WorkerStatus
from tsmon.telemetry.traffic import Missing, Traffic, Usage, UsageOrMissing
from tsmon.torchserve.records import ModelVersion, Worker

WORKER = WorkerStatus(
    Worker("9000", "READY", 412, None, ""), WorkerVerdict(WorkerHealth.READY, "ready")
)


def model(
    interval: UsageOrMissing = Missing.NO_COUNTERS,
    *,
    last: LastReading | None = None,
    batch_size: int = 1,
) -> ModelStatus:
    return ModelStatus(
        ModelVersion("mnist", "1.0", batch_size=batch_size),
        True,
        Traffic(interval, interval, interval, interval),
        (WORKER,),
        ModelVerdict(ModelHealth.READY, "1 of 1 ready"),
        requests=RequestReport({}, {}, {}, last=last) if last else None,
    )


def usage(requests: float, inference_us: float, queue_us: float) -> Usage:
    return Usage(1.0, requests, requests, inference_us, queue_us)


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        (Missing.FIRST_SAMPLE, Activity(Doing.UNKNOWN)),
        (usage(0, 0, 0), Activity(Doing.IDLE)),
        (usage(3, 0, 0), Activity(Doing.UNANSWERED)),
        (usage(4, 8000, 2000), Activity(Doing.WORKS, 0.25)),
        (usage(4, 8000, 4000), Activity(Doing.WAITS, 0.5)),
        (usage(4, 8000, 9000), Activity(Doing.WAITS, 1.0)),
    ],
)
def test_a_model_waits_when_half_of_the_time_is_spent_in_the_queue(
    interval: UsageOrMissing, expected: Activity
) -> None:
    assert activity_of(model(interval)) == expected


@pytest.mark.parametrize(
    ("arrived", "last", "statuses", "doing"),
    [
        (3, LastReading(1.0, 3, 3), {503: 3}, Doing.FAILS),
        (3, LastReading(1.0, 0, 0), {503: 1}, Doing.UNANSWERED),
        (0, LastReading(1.0, 0, 0), {503: 3}, Doing.IDLE),
        (0, LastReading(1.0, 0, 0), {200: 9}, Doing.UNANSWERED),
    ],
)
def test_requests_that_failed_are_not_waited_for(
    arrived: float, last: LastReading, statuses: dict[int, int], doing: Doing
) -> None:
    interval, lately = Usage(1.0, arrived, 3, 0, 0), Usage(60.0, 3, 3, 0, 0)
    found = replace(
        model(interval),
        traffic=Traffic(interval, lately, lately, lately),
        requests=RequestReport({}, {}, statuses, last=last),
    )
    assert activity_of(found).doing is doing


def test_a_request_that_takes_longer_than_a_tick_is_work_while_others_are_answered() -> None:
    interval, minute = Usage(1.0, 1, 1, 0, 0), Usage(60.0, 9, 9, 8e6, 1e6)
    slow = Traffic(interval, minute, minute, minute)
    assert activity_of(replace(model(interval), traffic=slow)) == Activity(Doing.WORKS)


def test_what_came_more_than_five_minutes_ago_is_not_waited_for() -> None:
    carried = Usage(1.0, 0, 1, 0, 0)
    quiet = Traffic(carried, carried, Usage(300.0, 0, 1, 0, 0), carried)
    assert activity_of(replace(model(carried), traffic=quiet)).doing is Doing.IDLE


def test_nothing_is_known_of_a_model_that_is_gone() -> None:
    gone = replace(model(usage(4, 8000, 2000)), gone=Gone.FORGOTTEN)
    assert activity_of(gone).doing is Doing.UNKNOWN


@pytest.mark.parametrize(
    ("busy_ms", "batch_size", "share"), [(500, 1, 0.25), (4000, 4, 0.5), (9000, 1, 1.0)]
)
def test_a_worker_is_busy_for_the_backend_times_of_its_requests(
    busy_ms: float, batch_size: int, share: float
) -> None:
    last = LastReading(2.0, 4, 0, workers={"9000": WorkerShare(4, busy_ms)})
    found = activity_of_worker(model(last=last, batch_size=batch_size), WORKER)
    assert found == Activity(Doing.WORKS, share)


def test_a_worker_that_answered_nothing_is_judged_by_its_cpu_use() -> None:
    quiet = model(last=LastReading(2.0, 0, 0))
    computing = replace(WORKER, process=ProcessUsage(700, 80.0, 0.0))
    assert activity_of_worker(quiet, WORKER) == Activity(Doing.IDLE)
    assert activity_of_worker(quiet, computing) == Activity(Doing.WORKS)
    assert activity_of_worker(model(), WORKER) == Activity(Doing.UNKNOWN)


def test_a_worker_is_idle_without_a_log_only_where_the_counters_say_so() -> None:
    calm = replace(WORKER, process=ProcessUsage(700, 1.0, 0.0))
    served = Usage(1.0, 4.0, 4.0, 8e3, 0.0)
    assert activity_of_worker(model(Usage(1.0, 0.0, 0.0, 0.0, 0.0)), calm) == Activity(Doing.IDLE)
    assert activity_of_worker(model(served), calm) == Activity(Doing.UNKNOWN)
    assert activity_of_worker(model(Missing.NO_COUNTERS), calm) == Activity(Doing.UNKNOWN)
