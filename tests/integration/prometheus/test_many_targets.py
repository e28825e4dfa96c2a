"""The fleet on a real Prometheus that scrapes many targets, whose numbers are known."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from benchmarks.scraped_servers import REQUESTS_PER_S, labels
from tests.integration.prometheus.server import (
    JOB,
    POLL_S,
    WAIT_S,
    PrometheusServer,
    prometheus_server,
)
from tsmon.fleet.prometheus_servers import PrometheusServers
from tsmon.fleet.snapshot import ServerRow
from tsmon.serving.ports import LOOPBACK, free_ports
from tsmon.telemetry.prometheus.client import Prometheus
from tsmon.telemetry.traffic import Missing
from tsmon.torchserve.errors import TorchServeError
from tsmon.units import known

pytestmark = pytest.mark.integration

SERVERS, MODELS, SCRAPES = 24, 3, 8
VICTORIA_METRICS = "victoria-metrics"


@pytest.fixture(scope="module")
def targets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A file_sd file that names the stand-ins."""
    targets = tmp_path_factory.mktemp("many") / "targets.json"
    command = [sys.executable, "-m", "benchmarks.scraped_servers", str(SERVERS)]
    command += ["--models", str(MODELS), "--targets", str(targets)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield targets
    finally:
        process.communicate("", WAIT_S)


@pytest.fixture(scope="module")
def many(prometheus_binary: str, targets: Path) -> Iterator[str]:
    """The address of a Prometheus that scraped them some times."""
    with prometheus_server(prometheus_binary, targets.parent, "", targets) as server:
        asyncio.run(_scraped(server))
        yield server.url


async def _scraped(server: PrometheusServer) -> None:
    await server.scraped(SERVERS * SCRAPES)


@pytest.fixture
def victoria_metrics(targets: Path) -> Iterator[str]:
    """The address of a VictoriaMetrics that scrapes them."""
    binary = shutil.which(VICTORIA_METRICS)
    if binary is None:
        pytest.skip(f"no `{VICTORIA_METRICS}` on PATH; Debian: apt-get install {VICTORIA_METRICS}")
    folder = targets.parent
    scraping = folder / "victoria.yml"
    job = {"job_name": JOB, "file_sd_configs": [{"files": [str(targets)]}]}
    scraping.write_text(json.dumps({"global": {"scrape_interval": "1s"}, "scrape_configs": [job]}))
    address = f"{LOOPBACK}:{free_ports().metrics}"
    command = [binary, f"-storageDataPath={folder / 'victoria'}", f"-httpListenAddr={address}"]
    process = subprocess.Popen(
        [*command, f"-promscrape.config={scraping}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(WAIT_S)


async def test_each_target_has_its_own_numbers(many: str) -> None:
    async with Prometheus(many) as client:
        servers = PrometheusServers(client, JOB, 1.0)
        await servers.read()
        rows = servers.rows

    assert len(rows) == SERVERS
    assert all(row.is_up for row in rows)
    by_pod = {(row.target.labels["cluster"], row.target.labels["pod"]): row for row in rows}
    for number in range(SERVERS):
        own = labels(number)
        row = by_pod[own["cluster"], own["pod"]]
        assert row.target.labels.items() >= own.items()
        models = {model.key.name: model.figures for model in row.models}
        expected = REQUESTS_PER_S + number % 5
        assert models["model-0"].per_second == pytest.approx(expected, rel=0.1)
        assert models["model-1"].per_second == pytest.approx(expected + 1, rel=0.1)
        assert models["model-0"].inference_ms == pytest.approx(8 + number % 13 / 10, rel=1e-3)
        assert models["model-0"].queue_ms == pytest.approx(0.5, rel=1e-3)
        assert models["model-2"].per_second == 0.0, "no requests, but workers"
        assert models["model-2"].queue_ms is Missing.NO_TRAFFIC
        assert row.errors_per_second == pytest.approx(1.0 if number % 10 == 0 else 0.0, rel=0.1)
        assert {series.text.partition("{")[0] for series in row.series} == {
            "CPUUtilization",
            "DiskUtilization",
            "MemoryUtilization",
        }


async def test_victoria_metrics_has_the_same_numbers_half_a_minute_later(
    victoria_metrics: str,
) -> None:
    deadline = time.monotonic() + 3 * WAIT_S
    async with Prometheus(victoria_metrics) as client:
        servers = PrometheusServers(client, JOB, 1.0)
        while not _has_rates(servers.rows):
            assert time.monotonic() < deadline, servers.rows[:1]
            await asyncio.sleep(POLL_S)
            with suppress(TorchServeError):  # it is starting
                await servers.read()

    assert all(row.is_up for row in servers.rows)
    (row,) = [row for row in servers.rows if row.target.labels["pod"] == labels(5)["pod"]][1:]
    models = {model.key.name: model.figures for model in row.models}
    assert models["model-0"].queue_ms == pytest.approx(0.5, rel=1e-3)


def _has_rates(rows: Sequence[ServerRow]) -> bool:
    rates = [known(row.figures.per_second) for row in rows]
    return len(rows) == SERVERS and all(rates)


async def test_the_same_pods_in_two_clusters_have_names_of_their_own(many: str) -> None:
    async with Prometheus(many) as client:
        servers = PrometheusServers(client, "", 1.0)
        await servers.read()

    names = [row.target.name for row in servers.rows]
    assert len(set(names)) == SERVERS
    assert "a/team-0/torchserve-0000" in names
    assert "b/team-0/torchserve-0000" in names
