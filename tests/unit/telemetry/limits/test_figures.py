"""The numbers that limits are about, and that what a tick does not show is not known."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.unit.telemetry.limits.ticks import model, tick
from tsmon.conditions import OF_MODEL, parse_condition
from tsmon.telemetry.limits.figures import figure_of
from tsmon.telemetry.limits.watch import LimitWatch
from tsmon.telemetry.logs.percentiles import Percentiles
from tsmon.telemetry.logs.request_report import (
    LastReading,
    RequestPhase,
    RequestReport,
    WorkerShare,
)
from tsmon.telemetry.snapshot import Gone, MetricsStatus, ModelStatus, ServerState
from tsmon.telemetry.traffic import Usage

REPORT = RequestReport(
    minute={RequestPhase.TOTAL: Percentiles(100, 5.0, 9.0, 12.0, 40.0)},
    five_minutes={RequestPhase.TOTAL: Percentiles(500, 4.0, 8.0, 11.0, 30.0)},
    statuses={200: 480, 404: 10, 503: 10},
    minute_statuses={200: 94, 400: 2, 500: 4},
    last=LastReading(2.0, 10, 1, workers={"9000": WorkerShare(10, 500.0)}),
)
BUSY = model(
    7,
    usage=Usage(60.0, 120.0, 120.0, 1_200_000.0, 240_000.0),
    requests=REPORT,
    restarts=(0, 0),
    memory=1024**3,
)
LOGS = MetricsStatus(log_folder=Path("logs"))


def figure(text: str, found: ModelStatus, metrics: MetricsStatus = LOGS) -> float | None:
    return figure_of(replace(tick(0, found), metrics=metrics), found, parse_condition(text))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("p50 > 1 ms", 5.0),
        ("p95 > 1 ms", 12.0),
        ("p99 > 1 ms in 5 min", 30.0),
        ("mean > 1 ms", 10.0),
        ("queue-time > 1 ms", 2.0),
        ("rate < 1/s", 2.0),
        ("errors > 1 %", 0.06),
        ("errors > 1 % in 5 min", 0.04),
        ("errors > 1/s", 0.1),
        ("5xx > 5 in 1 min", 4.0),
        ("5xx > 5 in 5 min", 10.0),
        ("queue > 20", 7.0),
        ("ready < 2", 2.0),
        ("memory > 1 GiB", 2.0 * 1024**3),
        ("busy > 90 %", 0.125),
    ],
)
def test_the_number_of_each_quantity(text: str, value: float) -> None:
    assert figure(text, BUSY) == pytest.approx(value)


def test_every_quantity_has_one() -> None:
    counted = {"restarts"}
    units = {"share": "1 %", "rate": "1/s", "time": "1 ms", "size": "1 B", "count": "1"}
    for name in OF_MODEL.keys() - counted:
        found = f"{name} > {units[OF_MODEL[name].dimensions[0].value]}"
        assert figure(found, BUSY) is not None, name


@pytest.mark.parametrize(
    "text", ["p95 > 0 ms", "mean > 0 ms", "rate < 1/s", "errors > 0 %", "queue > 0", "busy > 0 %"]
)
def test_what_a_tick_does_not_show_is_not_known(text: str) -> None:
    assert figure(text, model(), MetricsStatus()) is None


def test_without_requests_a_count_is_0_where_logs_are_read_and_a_share_is_not_known() -> None:
    assert figure("errors > 0 in 1 min", model(0)) == 0
    assert figure("errors > 0/s", model(0)) == 0
    assert figure("busy > 0 %", model(0)) == 0
    assert figure("errors > 0 %", model(0)) is None
    assert figure("p95 > 0 ms", model(0)) is None


def test_an_older_recording_does_not_know_the_last_minute() -> None:
    older = replace(REPORT, minute_statuses={}, last=None)
    assert figure("5xx > 5 in 1 min", replace(BUSY, requests=older)) is None
    assert figure("5xx > 5 in 5 min", replace(BUSY, requests=older)) == 10


def test_of_a_model_that_is_gone_or_a_server_that_is_away_nothing_is_known() -> None:
    queue, ready = parse_condition("queue > 0"), parse_condition("ready < 1")
    away = tick(0, BUSY, state=ServerState.AWAY)
    gone = replace(BUSY, gone=Gone.FORGOTTEN)
    for condition in (queue, ready):
        assert figure_of(away, BUSY, condition) is None
        assert figure_of(tick(0, gone), gone, condition) is None


def test_without_limits_a_snapshot_stays_the_very_same() -> None:
    snapshot = tick(0, BUSY)
    assert LimitWatch().judge(snapshot) is snapshot
