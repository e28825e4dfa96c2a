"""What snapshots tell the advice."""

from __future__ import annotations

import random
from datetime import datetime

import pytest
from msgspec.structs import replace

from tests.unit.telemetry.health.worlds import at
from tsmon.load.capacity.curve import ServicePoint
from tsmon.load.capacity.situation import (
    Machine,
    Situation,
    arrivals_of,
    situation_of,
    with_earlier,
)
from tsmon.telemetry.health.verdicts import (
    ModelHealth,
    ModelVerdict,
    WorkerHealth,
    WorkerVerdict,
)
from tsmon.telemetry.logs.duration_stats import DurationStats
from tsmon.telemetry.logs.earlier_requests import EarlierRequests
from tsmon.telemetry.logs.percentiles import Percentiles
from tsmon.telemetry.logs.request_report import RequestPhase, RequestReport
from tsmon.telemetry.snapshot import (
    ModelKey,
    ModelStatus,
    ProcessUsage,
    ServerStatus,
    Snapshot,
    WorkerStatus,
)
from tsmon.telemetry.traffic import Missing, Traffic, Usage
from tsmon.torchserve.records import ModelVersion, Worker

KEY = ModelKey("mnist", "1.0")
MINUTE = Usage(30.0, 1500, 1500, 1500 * 10_500, 1500 * 500)
"""50/s, 10.5 ms of inference, 0.5 of them in the queue."""
PROFILE = {
    RequestPhase.QUEUE: Percentiles(1500, 0.2, 1.0, 2.0, 4.0),
    RequestPhase.BACKEND: Percentiles(1500, 9.0, 12.0, 14.0, 20.0),
}


def status(
    *, workers: int = 2, cpu: float | None = 25.0, requests: RequestReport | None = None
) -> ModelStatus:
    process = None if cpu is None else ProcessUsage(700_000_000, cpu, 0.0)
    worker = Worker("9000", "READY", 100, 650_000_000, "")
    ready = WorkerStatus(worker, WorkerVerdict(WorkerHealth.READY, ""), process)
    return ModelStatus(
        ModelVersion("mnist", "1.0", batch_size=4, max_batch_delay_ms=0),
        True,
        Traffic(MINUTE, MINUTE, Missing.NO_TRAFFIC, MINUTE),
        (ready,) * workers,
        ModelVerdict(ModelHealth.READY, ""),
        requests,
    )


def seen(*statuses: ModelStatus) -> Situation:
    snapshots = [Snapshot(at(n), ServerStatus("x"), models=(s,)) for n, s in enumerate(statuses)]
    found = situation_of(snapshots, KEY, Machine(4, 2))
    assert found is not None
    return found


def test_the_counters_alone_show_rate_queue_and_service_time() -> None:
    found = seen(status())

    assert (found.rate, found.queue_ms, found.answered) == (50.0, 0.5, 1500)
    assert found.service == ServicePoint(2, 10.0, None, 700_000_000, 50.0)
    assert not found.from_logs
    assert (found.workers, found.batches.size, found.cores, found.demand) == (2, 4, 4, 2)
    assert found.floor_ms is None


def test_the_logs_show_the_service_time_its_variability_and_the_floor_of_the_queue() -> None:
    moments = DurationStats.of([6.0, 12.0])
    found = seen(status(requests=RequestReport(PROFILE, {}, {200: 97, 503: 3}, moments)))

    assert found.service == ServicePoint(2, 9.0, moments.scv, 700_000_000, 50.0)
    assert moments.scv == pytest.approx(1 / 9)
    assert found.from_logs
    assert found.floor_ms == 0.2
    assert found.failed == pytest.approx(0.03)


def test_a_recording_has_percentiles_alone_and_they_do() -> None:
    found = seen(status(requests=RequestReport(PROFILE, {}, {})))

    assert found.service is not None
    assert found.service.service_ms == 10.0
    assert found.service.scv == pytest.approx((5.0 / 2.302585 / 10.0) ** 2, rel=1e-4)


def test_where_most_requests_wait_the_median_is_no_floor() -> None:
    busy = replace(MINUTE, arrived=5700.0, counted=5700.0, inference_us=5700 * 10_500.0)
    model = status(requests=RequestReport(PROFILE, {}, {}))
    model = replace(model, traffic=replace(model.traffic, window=busy))

    assert seen(model).floor_ms is None


def test_without_traffic_it_says_why() -> None:
    nothing = replace(status(), traffic=Traffic.missing(Missing.RESTARTED))

    found = seen(nothing)

    assert (found.rate, found.service, found.why_no_rate) == (None, None, "server restarted")


QUIET = Usage(30.0, 0.0, 0.0, 0.0, 0.0)
EARLIER = EarlierRequests(
    DurationStats.of([8.0, 12.0] * 130), 0.5, 26.0, datetime(2026, 11, 22, 14, 1)
)


def quiet() -> Situation:
    """No request while it was watched, and 260 before that."""
    before = Usage(0.0, 260, 260, 260 * 10_500, 260 * 500)
    return seen(replace(status(), traffic=Traffic(QUIET, QUIET, QUIET, before)))


def test_without_a_request_the_times_are_those_since_the_servers_start() -> None:
    found = quiet()

    assert found.service is not None
    assert found.service.service_ms == pytest.approx(10.0)
    assert (found.rate, found.answered) == (None, 260)
    assert found.earlier == "the 260 requests since the server's start"


def test_requests_that_the_log_has_of_before_show_rate_and_variability() -> None:
    found = with_earlier(quiet(), EARLIER)

    assert found.service == ServicePoint(2, 10.0, EARLIER.backend.scv, 700_000_000, 10.0)
    assert (found.rate, found.answered, found.queue_ms) == (10.0, 260, 0.5)
    assert found.earlier == "the 260 requests until 14:01:00 in ts_log"


def test_requests_of_before_do_not_count_beside_those_that_are_seen() -> None:
    found = seen(status())

    assert found.earlier == ""
    assert with_earlier(found, EARLIER) is found
    assert with_earlier(quiet(), None) == quiet()


def test_workers_that_use_little_of_a_core_while_busy_wait_for_something_else() -> None:
    idle, busy = seen(*[status(cpu=2.0)] * 3), seen(*[status(cpu=25.0)] * 3)

    assert idle.waits_elsewhere
    assert idle.demand == pytest.approx(0.08)  # 2 workers of 2 %, half a worker busy
    assert (busy.waits_elsewhere, busy.demand) == (False, 2)


def test_a_change_of_workers_meanwhile_is_noticed() -> None:
    assert seen(status(workers=1), status(workers=2)).workers_changed
    assert not seen(status(), status()).workers_changed


def test_more_than_a_minute_is_looked_at_as_a_whole() -> None:
    model = replace(
        status(), traffic=replace(status().traffic, long_window=MINUTE, window=Missing.NO_TRAFFIC)
    )
    snapshots = [Snapshot(at(s), ServerStatus("x"), models=(model,)) for s in (0, 90)]

    found = situation_of(snapshots, KEY, None)

    assert found is not None
    assert found.rate == 50.0
    assert found.cores is None


def test_a_version_that_is_not_there_has_no_situation() -> None:
    assert situation_of([], KEY, None) is None
    assert situation_of([Snapshot(at(0), ServerStatus("x"))], KEY, None) is None


def usages(counts: list[int]) -> list[Usage]:
    return [Usage(1.0, n, n, 1.0, 1.0) for n in counts]


def test_random_arrivals_are_no_bursts_and_bursts_are() -> None:
    chance = random.Random(7)
    random_counts = [sum(chance.random() < 0.05 for _ in range(1000)) for _ in range(60)]

    calm, even = arrivals_of(usages(random_counts)), arrivals_of(usages([50] * 60))
    bursts = arrivals_of(usages([0, 100] * 30))

    assert calm is not None
    assert not calm.bursty
    assert even is not None
    assert even.dispersion == 0.0
    assert bursts is not None
    assert bursts.bursty
    assert bursts.dispersion == pytest.approx(50 * 60 / 59)


def test_an_interval_that_two_ticks_show_counts_once() -> None:
    seen = usages([50, 40, 60] * 20)

    assert arrivals_of([each for usage in seen for each in (usage, usage)]) == arrivals_of(seen)


def test_few_intervals_or_arrivals_say_nothing() -> None:
    assert arrivals_of([Missing.FIRST_SAMPLE, *usages([50] * 10)]) is None
    assert arrivals_of(usages([1] * 30)) is None
