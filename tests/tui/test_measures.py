"""How the past of a measure becomes what its chart draws, and what stands beside it."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from tests.unit.telemetry.scrapes import at
from tsmon.telemetry.health.verdicts import (
    ModelHealth,
    ModelVerdict,
    WorkerHealth,
    WorkerVerdict,
)
from tsmon.telemetry.history import HistoryPoint
from tsmon.telemetry.logs.percentiles import Percentiles
from tsmon.telemetry.logs.request_report import LastReading, RequestPhase, RequestReport
from tsmon.telemetry.snapshot import (
    MetricsStatus,
    ModelStatus,
    ServerState,
    ServerStatus,
    Snapshot,
    WorkerStatus,
)
from tsmon.telemetry.traffic import Missing, Traffic, Usage
from tsmon.torchserve.records import JobQueue, ModelVersion, Worker
from tsmon.tui.text.measures import (
    ERRORS,
    INFERENCE,
    MEASURES,
    MEMORY,
    NOT_IN_PROMETHEUS,
    RATE,
    WAITING,
    Measure,
)
from tsmon.tui.text.numbers import (
    STATISTICS_WIDTH,
    compose_heading,
    compose_statistics,
    fit_heading,
    format_now,
)
from tsmon.tui.text.symbols import TimedValue
from tsmon.units import MIB

TIMES = Percentiles(40, 8.0, 11.0, 12.0, 18.0)
VERDICT = WorkerVerdict(WorkerHealth.READY, "ready")
MODEL = ModelStatus(
    ModelVersion("m", "1.0", queue=JobQueue(pending=12, remaining=88)),
    True,
    Traffic.missing(Missing.NO_COUNTERS),
    tuple(
        WorkerStatus(Worker(id_, "READY", 1, size * MIB, ""), VERDICT)
        for id_, size in (("9000", 500), ("9001", 700))
    ),
    ModelVerdict(ModelHealth.READY, "2 of 2 ready"),
)
UP = Snapshot(at(9), ServerStatus("local", ServerState.UP))
LOGGED = replace(UP, metrics=MetricsStatus(log_folder=Path("logs")))


def heading(
    measure: Measure, snapshot: Snapshot, model: ModelStatus = MODEL, width: int = 120
) -> str:
    points = [HistoryPoint(at(1), waiting=14), HistoryPoint(at(2), waiting=3)]
    spans = fit_heading(compose_heading(measure, snapshot, model, points), width)
    return " ".join("".join(text for text, _ in spans).split())


def test_without_percentiles_the_mean_is_drawn() -> None:
    points = [HistoryPoint(at(1), inference_ms=9.0), HistoryPoint(at(2))]
    assert INFERENCE.samples(points, at(3)) == [TimedValue(2.0, 9.0), TimedValue(1.0, None)]
    assert not INFERENCE.is_banded(points)


def test_percentiles_are_drawn_as_a_band_and_never_mixed_with_means() -> None:
    points = [
        HistoryPoint(at(1), inference_ms=9.0),
        HistoryPoint(at(2), inference_ms=9.0, inference=TIMES),
    ]
    assert INFERENCE.samples(points, at(3)) == [
        TimedValue(2.0, None),
        TimedValue(1.0, 8.0, (11.0, 18.0)),
    ]


def test_memory_is_a_band_from_the_smallest_worker_to_the_largest() -> None:
    points = [
        HistoryPoint(at(1), memory=(("9000", 500 * MIB), ("9001", 700 * MIB))),
        HistoryPoint(at(2)),
    ]
    assert MEMORY.samples(points, at(2)) == [
        TimedValue(1.0, 500.0, (700.0, 700.0)),
        TimedValue(0.0, None),
    ]
    assert MEMORY.write(800.0) == "800 MiB"


def test_the_heading_shows_the_number_and_what_most_requests_did_not_exceed() -> None:
    used = Usage(seconds=2.0, arrived=8, counted=8, inference_us=80_000, queue_us=500)
    idle = Usage(seconds=2.0, arrived=0, counted=0, inference_us=0, queue_us=0)
    busy = replace(MODEL, traffic=Traffic(used, used, used, used))
    assert heading(RATE, UP, busy) == "requests/s 4.0/s 1 min 4.0/s 8 since start"
    assert heading(INFERENCE, UP, busy) == "inference 10.0 ms 1 min 10.0 ms"
    slow = replace(TIMES, p99=12_500.0)
    logged = replace(busy, requests=RequestReport({RequestPhase.INFERENCE: slow}, {}, {}))
    assert heading(INFERENCE, UP, logged) == "inference 10.0 ms p50 8.0 ms p95 12.0 ms p99 12.5 s"
    assert heading(INFERENCE, UP, logged, 44) == "inference 10.0 ms p50 8.0 ms p95 12.0 ms"
    quiet = replace(MODEL, traffic=Traffic(idle, idle, used, used))
    assert heading(INFERENCE, UP, quiet) == "inference – no requests"


def test_memory_is_told_in_all_and_of_each_worker() -> None:
    assert heading(MEMORY, UP) == "memory 1.2 GiB 9000 500 MiB 9001 700 MiB"
    assert heading(MEMORY, UP, replace(MODEL, workers=MODEL.workers[:1])).endswith("1 worker")


def test_the_queue_is_told_with_its_places_and_the_most_on_the_chart() -> None:
    assert heading(WAITING, UP) == "queued 12 of 100 at most 14"


def test_errors_are_told_by_their_status() -> None:
    last = LastReading(2.0, requests=8, failed=1)
    report = RequestReport({}, {}, {200: 7, 404: 1, 503: 2}, last=last)
    failing = replace(MODEL, requests=report)
    assert heading(ERRORS, LOGGED, failing) == "errors/s 0.5/s 1 of 8 5 min 404: 1 503: 2"
    assert heading(ERRORS, LOGGED) == "errors/s 0/s"


def test_what_is_not_known_is_a_dash_and_it_is_said_why() -> None:
    bare = replace(MODEL, described=ModelVersion("m", "1.0"), workers=())
    assert heading(ERRORS, UP) == "errors/s – from the log files: --logs DIR"
    assert heading(MEMORY, UP, bare) == "memory – no workers"
    assert heading(WAITING, UP, bare) == f"queued – {NOT_IN_PROMETHEUS}"
    assert ERRORS.absence(LOGGED, MODEL) == ""
    assert MEMORY.absence(UP, MODEL) == ""


def test_the_statistics_are_one_table() -> None:
    used = Usage(seconds=60.0, arrived=240, counted=228, inference_us=2_280_000, queue_us=0)
    first = Missing.FIRST_SAMPLE
    report = RequestReport(
        {}, {}, {200: 300, 503: 56}, last=LastReading(2.0, 8, 1), minute_statuses={503: 12}
    )
    model = replace(MODEL, traffic=Traffic(first, used, used, used), requests=report)
    lines = compose_statistics(UP, model).plain.splitlines()
    assert [line.split() for line in lines] == [
        ["now", "1", "min", "5", "min", "start"],
        ["requests/s", "–", "4.0/s", "4.0/s"],
        ["inference", "–", *["10.0", "ms"] * 3],
        ["queue", "–", *["0", "ms"] * 3],
        ["requests", "–", "228", "228", "228"],
        ["failed", "1", "12", "56"],
    ]
    assert {len(line) for line in (lines[0], lines[2], lines[4])} == {STATISTICS_WIDTH}
    without = compose_statistics(UP, replace(model, requests=None)).plain.splitlines()[-1]
    assert without.split() == ["failed", "–", "–", "–"]


def test_what_prometheus_does_not_have_is_told() -> None:
    seen = replace(MODEL, verdict=ModelVerdict(ModelHealth.UNKNOWN, "only metrics"))
    assert {measure.absence(UP, seen) for measure in (ERRORS, MEMORY)} == {NOT_IN_PROMETHEUS}


def test_a_recording_from_before_errors_were_recorded_says_so() -> None:
    old = replace(MODEL, requests=RequestReport({}, {}, {200: 7}))
    assert ERRORS.absence(LOGGED, old) == "not in this recording"


def test_each_measure_has_one_number_to_copy() -> None:
    report = RequestReport({}, {}, {}, last=LastReading(2.0, requests=8, failed=1))
    model = replace(MODEL, requests=report)
    words = {measure.id: format_now(measure, UP, model) for measure in MEASURES}
    assert words == {
        "rate": "–",
        "inference": "–",
        "queue": "–",
        "errors": "0.5/s",
        "waiting": "12",
        "memory": "1.2 GiB",
    }
