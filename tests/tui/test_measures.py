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
from tsmon.telemetry.logs.request_report import LastReading, RequestReport
from tsmon.telemetry.snapshot import (
    MetricsStatus,
    ModelStatus,
    ServerState,
    ServerStatus,
    Snapshot,
    WorkerStatus,
)
from tsmon.telemetry.traffic import Missing, Traffic
from tsmon.torchserve.records import JobQueue, ModelVersion, Worker
from tsmon.tui.text.measures import (
    ERRORS,
    INFERENCE,
    MEASURES,
    MEMORY,
    NOT_IN_PROMETHEUS,
    WAITING,
    Measure,
)
from tsmon.tui.text.numbers import compose_numbers, format_now
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


def numbers(measure: Measure, snapshot: Snapshot, model: ModelStatus = MODEL) -> list[str]:
    points = [HistoryPoint(at(1), waiting=14), HistoryPoint(at(2), waiting=3)]
    text = compose_numbers(measure, snapshot, model, points, with_percentiles=False).plain
    return [" ".join(line.split()) for line in text.splitlines()]


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


def test_memory_is_told_in_all_and_of_each_worker() -> None:
    assert numbers(MEMORY, UP) == ["memory 1.2 GiB 2 workers", "9000 500 MiB", "9001 700 MiB"]


def test_the_queue_is_told_with_its_places_and_the_most_on_the_chart() -> None:
    assert numbers(WAITING, UP) == ["waiting 12 of 100", "most 14 on chart"]


def test_errors_are_told_by_their_status() -> None:
    last = LastReading(2.0, requests=8, failed=1)
    report = RequestReport({}, {}, {200: 7, 404: 1, 503: 2}, last=last)
    assert numbers(ERRORS, LOGGED, replace(MODEL, requests=report)) == [
        "errors/s 0.5/s 1 of 8",
        "5 min 3 404: 1 503: 2",
    ]
    assert numbers(ERRORS, LOGGED) == ["errors/s 0/s", "5 min 0"]


def test_what_is_not_known_is_a_dash_and_the_chart_says_why() -> None:
    bare = replace(MODEL, described=ModelVersion("m", "1.0"), workers=())
    assert numbers(ERRORS, UP) == ["errors/s –"]
    assert numbers(MEMORY, UP, bare) == ["memory – 0 workers"]
    assert ERRORS.absence(UP, MODEL) == "from the log files: --logs DIR"
    assert ERRORS.absence(LOGGED, MODEL) == ""
    assert WAITING.absence(UP, bare) == NOT_IN_PROMETHEUS
    assert MEMORY.absence(UP, bare) == "no workers"
    assert MEMORY.absence(UP, MODEL) == ""


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
