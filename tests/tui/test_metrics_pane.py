"""What the metrics pane says when there is something to explain."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from tests.fake import FakeTorchServe
from tests.tui.seat import watching
from tests.unit.telemetry.scrapes import at
from tsmon.telemetry.health.verdicts import ModelHealth, ModelVerdict
from tsmon.telemetry.history import HistoryPoint
from tsmon.telemetry.logs.percentiles import Percentiles
from tsmon.telemetry.logs.request_report import RequestPhase, RequestReport
from tsmon.telemetry.scrape import MetricsMode
from tsmon.telemetry.snapshot import (
    Gone,
    MetricsStatus,
    ModelStatus,
    ServerState,
    ServerStatus,
    Snapshot,
)
from tsmon.telemetry.traffic import Missing, Traffic
from tsmon.torchserve.errors import Unreachable
from tsmon.torchserve.records import ModelVersion
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.widgets.metrics_pane import why_no_charts, why_no_heat

UP = ServerStatus("here:8081", ServerState.UP, version="0.12.0")
MODEL = ModelStatus(
    ModelVersion("m", "1.0"),
    True,
    Traffic.missing(Missing.FIRST_SAMPLE),
    (),
    ModelVerdict(ModelHealth.READY, "1 of 1 ready"),
)


def words(metrics: MetricsStatus, model: ModelStatus | None = MODEL) -> str:
    notice = why_no_charts(UP, metrics, model)
    return notice.plain if notice else ""


def test_nothing_is_explained_while_all_is_well() -> None:
    assert words(MetricsStatus(MetricsMode.PROMETHEUS)) == ""


def test_counters_of_the_log_files_are_told_apart() -> None:
    assert "metrics_mode=prometheus" in words(MetricsStatus(MetricsMode.LOG))
    logged = words(MetricsStatus(MetricsMode.LOG, logged=True))
    assert logged.startswith("counted from the log files")


def test_logs_that_cannot_be_read_are_said_in_every_mode() -> None:
    problem = "the logs of container ts cannot be read: No such container: ts"
    log = words(MetricsStatus(MetricsMode.LOG, log_problem=problem))
    assert "metrics_mode=prometheus" in log
    assert problem in log
    legacy = words(MetricsStatus(MetricsMode.LEGACY, log_problem=problem))
    assert legacy == f"no percentiles: {problem}"


def test_a_scrape_that_failed_comes_with_its_hint() -> None:
    problem = Unreachable("connection refused", "is the metrics address right?")
    text = words(MetricsStatus(MetricsMode.PROMETHEUS, problem))
    assert text == "✗ connection refused\nis the metrics address right?"


def test_no_model_and_a_lost_one() -> None:
    prometheus = MetricsStatus(MetricsMode.PROMETHEUS)
    assert words(prometheus, None) == "no model is selected"
    assert "restarted without it" in words(prometheus, replace(MODEL, gone=Gone.FORGOTTEN))


def test_why_there_is_no_heatmap_is_said() -> None:
    unread = Snapshot(at(1), UP)
    read = replace(unread, metrics=MetricsStatus(log_folder=Path("logs")))
    old = HistoryPoint(at(1), inference=Percentiles(40, 7.9, 11.0, 12.0, 18.4))
    assert "--logs DIR" in why_no_heat(unread, [HistoryPoint(at(1))])
    assert "no request" in why_no_heat(read, [HistoryPoint(at(1))])
    assert "this recording" in why_no_heat(read, [HistoryPoint(at(0)), old])


async def test_the_first_sample_is_not_a_zero(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    fake.serve("mnist", n=12, inference_ms=8.0)
    async with watching(fake, replace(options, period_s=60)) as seat:
        await seat.sees("requests/s       –  1st sample", "12 since start")
        await seat.press("v")
        await seat.sees("8.0 ms", "requests          –        –        –       12")


async def test_percentiles_are_shown_where_there_is_room(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options, size=(140, 40)) as seat:
        await seat.sees("● 1/1")
        await seat.press("p")
        assert seat.monitor.snapshot is not None
        (model,) = seat.monitor.snapshot.models
        profile = {RequestPhase.INFERENCE: Percentiles(40, 7.9, 11.0, 12.0, 18.4)}
        report = RequestReport(profile, profile, {200: 40})
        seat.monitor.snapshot = replace(
            seat.monitor.snapshot, models=(replace(model, requests=report),)
        )
        await seat.sees("p50 7.9 ms  p95 12.0 ms  p99 18.4 ms")
