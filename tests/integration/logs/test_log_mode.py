"""Rates and milliseconds of a real TorchServe that publishes no counters, or only three."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from tests.docker_stand_in import NAME, install
from tests.integration.commands import Shell
from tests.integration.logs.archives import write_archive
from tests.integration.logs.conftest import PATIENCE_S, Server, until
from tsmon.logs.places import Container, LogPlace
from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.logs.request_report import RequestPhase
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.scrape import MetricsMode
from tsmon.telemetry.snapshot import ModelKey, Snapshot
from tsmon.telemetry.traffic import Usage

pytestmark = pytest.mark.integration

MODEL = ModelKey("counted", "1.0")
REQUESTS = 12


@pytest.fixture(scope="module")
def counted(server: Server) -> Server:
    """The server in mode log, with a model that is ready."""
    return _with_model(server)


@pytest.fixture(scope="module")
def counted_legacy(legacy: Server) -> Server:
    """The one in mode legacy."""
    return _with_model(legacy)


def _with_model(server: Server) -> Server:
    server.register(write_archive(server.folder, MODEL.name, MODEL.version), wait=False)
    until(lambda: server.describe(MODEL.name), lambda model: model.ready_workers == 1)
    return server


@asynccontextmanager
async def monitoring(server: Server, logs: LogPlace | None = None) -> AsyncIterator[Monitor]:
    async with server.client() as client:
        with closing(LiveSource(client, logs)) as source:
            yield Monitor(source)


async def after_requests(server: Server, monitor: Monitor) -> Snapshot:
    """A tick, some requests, and the tick at which all that is told of them has come."""
    await monitor.tick()
    for _ in range(REQUESTS):
        assert await asyncio.to_thread(server.predict, MODEL.name, b"12345") == 200
    async with asyncio.timeout(PATIENCE_S):
        while not _has_all(snapshot := await monitor.tick()):
            pass
    return snapshot


def _has_all(snapshot: Snapshot) -> bool:
    model = snapshot.model(MODEL)
    if model is None or model.requests is None:
        return False
    window, minute = model.traffic.window, model.requests.minute
    logged = [minute[part].count if part in minute else 0 for part in RequestPhase]
    return isinstance(window, Usage) and min(window.arrived, *logged) >= REQUESTS


def check(snapshot: Snapshot) -> None:
    """The three numbers of the walkthrough are there, and so are percentiles."""
    model = snapshot.model(MODEL)
    assert model is not None
    window = model.traffic.window
    assert isinstance(window, Usage)
    assert window.arrived == REQUESTS
    assert window.per_second > 0
    assert isinstance(window.inference_ms, float)
    assert isinstance(window.queue_ms, float)
    assert 0 < window.queue_ms < window.inference_ms
    assert window.inference_ms > 5  # what the handler slept
    assert model.requests is not None
    assert model.requests.minute[RequestPhase.TOTAL].count == REQUESTS
    assert model.requests.minute[RequestPhase.HANDLER].p50 >= 5


@pytest.mark.since("0.8.0", "a choice of metrics_mode")
async def test_logs_of_a_server_in_mode_log_are_found_by_themselves(counted: Server) -> None:
    async with monitoring(counted) as monitor:
        snapshot = await after_requests(counted, monitor)
    assert (snapshot.metrics.mode, snapshot.metrics.logged) == (MetricsMode.LOG, True)
    assert snapshot.metrics.log_folder == counted.logs
    check(snapshot)


@pytest.mark.since("0.8.0", "a choice of metrics_mode")
async def test_logs_are_read_where_somebody_said(counted: Server, tmp_path: Path) -> None:
    elsewhere = tmp_path / "logs"
    elsewhere.symlink_to(counted.logs)
    async with monitoring(counted, elsewhere) as monitor:
        snapshot = await after_requests(counted, monitor)
    assert snapshot.metrics.log_folder == elsewhere
    check(snapshot)


@pytest.mark.since("0.8.0", "a choice of metrics_mode")
async def test_logs_of_a_container_give_the_same(
    counted: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "engine", monkeypatch).run(counted.folder)
    async with monitoring(counted, Container(NAME)) as monitor:
        snapshot = await after_requests(counted, monitor)
    assert snapshot.metrics.log_folder != counted.logs
    check(snapshot)


@pytest.mark.since("0.10.0", "metrics_mode legacy")
async def test_mode_legacy_has_them_from_its_counters(counted_legacy: Server) -> None:
    async with monitoring(counted_legacy) as monitor:
        snapshot = await after_requests(counted_legacy, monitor)
    assert (snapshot.metrics.mode, snapshot.metrics.logged) == (MetricsMode.LEGACY, False)
    check(snapshot)


@pytest.mark.since("0.8.0", "handler times in the log")
def test_percentiles_are_in_the_records_of_watch(counted: Server, tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        watching = pool.submit(
            Shell(tmp_path).tsmon,
            *(*counted.options, "metrics", "--watch", "--json", "--count", "5"),
        )
        while not watching.done():
            counted.predict(MODEL.name, b"12345")

    ended = watching.result()
    records = [json.loads(line) for line in ended.stdout.splitlines()]
    last = [record for record in records if record["model"] == MODEL.name][-1]
    for window in ("last_minute", "last_five_minutes"):
        total = last["percentiles"][window]["total"]
        assert total["count"] > 0
        assert 5 <= total["p50"] <= total["p90"] <= total["p95"] <= total["p99"]
    assert set(last["percentiles"]["last_minute"]) == {part.value for part in RequestPhase}


@pytest.mark.since("0.8.0", "a choice of metrics_mode")
@pytest.mark.usefixtures("counted")
def test_without_logs_the_line_to_add_is_told(server: Server, tmp_path: Path) -> None:
    empty = tmp_path / "logs"
    empty.mkdir()
    shell = Shell(tmp_path)
    options = (*server.options, "--logs", str(empty))

    ended = shell.tsmon(*options, "metrics", "--watch", "--count", "2")

    assert ended.code == 0
    assert ended.stderr.count(f"neither ts_log.log nor access_log.log is in {empty}") == 1
    assert ended.stderr.count("set metrics_mode=prometheus in its config.properties") == 1
    assert "no counters" in ended.stdout
    shutil.copy(server.logs / "ts_log.log", empty)
    assert "metrics_mode=prometheus" in shell.tsmon(*options, "metrics").stderr
