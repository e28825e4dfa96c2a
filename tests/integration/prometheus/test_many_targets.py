"""The fleet on a real Prometheus that scrapes many targets, whose numbers are known."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator

import pytest

from benchmarks.scraped_servers import REQUESTS_PER_S, labels
from tests.integration.prometheus.server import JOB, WAIT_S, PrometheusServer, prometheus_server
from tsmon.fleet.prometheus_servers import PrometheusServers
from tsmon.telemetry.prometheus.client import Prometheus
from tsmon.telemetry.traffic import Missing

pytestmark = pytest.mark.integration

SERVERS, MODELS, SCRAPES = 24, 3, 8


@pytest.fixture(scope="module")
def many(prometheus_binary: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Prometheus that scraped stand-ins some times."""
    folder = tmp_path_factory.mktemp("many")
    targets = folder / "targets.json"
    command = [sys.executable, "-m", "benchmarks.scraped_servers", str(SERVERS)]
    command += ["--models", str(MODELS), "--targets", str(targets)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        with prometheus_server(prometheus_binary, folder, "", targets) as server:
            asyncio.run(_scraped(server))
            yield server.url
    finally:
        process.communicate("", WAIT_S)


async def _scraped(server: PrometheusServer) -> None:
    await server.scraped(SERVERS * SCRAPES)


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


async def test_the_same_pods_in_two_clusters_have_names_of_their_own(many: str) -> None:
    async with Prometheus(many) as client:
        servers = PrometheusServers(client, "", 1.0)
        await servers.read()

    names = [row.target.name for row in servers.rows]
    assert len(set(names)) == SERVERS
    assert "a/team-0/torchserve-0000" in names
    assert "b/team-0/torchserve-0000" in names
