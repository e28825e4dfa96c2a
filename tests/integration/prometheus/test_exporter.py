"""A real Prometheus scrapes `tsmon exporter` beside a real TorchServe."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import zipfile
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.integration.commands import Shell
from tests.integration.prometheus.server import PrometheusServer, prometheus_server
from tsmon.exporter.collector import PHASES
from tsmon.serving.home import Home
from tsmon.telemetry.logs.percentiles import Percentiles
from tsmon.telemetry.logs.request_report import RequestPhase, TimesKey
from tsmon.telemetry.logs.request_tally import BUCKETS_S
from tsmon.telemetry.logs.server_log_follower import ServerLogFollower

pytestmark = pytest.mark.integration

NAME = "exported"
MNIST = f'{{model_name="{NAME}",model_version="1.0"}}'
WAIT_S = 60.0
POLL_S = 0.2
LEAST_REQUESTS = 300
SAME = 1e-6
"""What is left is the rounding of rates."""


@dataclass(frozen=True)
class Exported:
    """An exporter that runs, and the Prometheus that scrapes it every second."""

    process: subprocess.Popen[str]
    url: str
    prometheus: PrometheusServer

    async def until(self, query: str, is_so: Callable[[float], bool]) -> float:
        """The first value of an instant query that is so."""
        value = None
        async with httpx.AsyncClient(base_url=self.prometheus.url, trust_env=False) as client:
            for _ in range(int(WAIT_S / POLL_S)):
                answer = (await client.get("/api/v1/query", params={"query": query})).json()
                found = answer["data"]["result"]
                value = float(found[0]["value"][1]) if len(found) == 1 else None
                if value is not None and is_so(value):
                    return value
                await asyncio.sleep(POLL_S)
        raise AssertionError(f"{query} stays {value}")


@pytest.fixture(scope="module")
def model(shell: Shell) -> Iterator[None]:
    """A model of its own on the shared server."""
    for words in (
        ("archive", "--model-name", NAME, "--force"),
        ("register", f"{NAME}.mar", "--workers", "1"),
    ):
        ended = shell.tsmon(*words)
        assert ended.code == 0, ended.stderr
    yield
    ended = shell.tsmon("unregister", NAME, "--yes")
    assert ended.code == 0, ended.stderr


@pytest.fixture(scope="module")
def exported(
    shell: Shell, model: None, prometheus_binary: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Exported]:
    variables = {key: each for key, each in os.environ.items() if not key.startswith("TSMON_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "tsmon", "exporter", "--port", "0", "--interval", "0.5"],
        cwd=shell.directory,
        env=variables | {"TSMON_HOME": str(shell.home), "TSMON_CONFIG": os.devnull},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        words = process.stderr.readline().split()
        url = next(word.rstrip(";") for word in words if "/metrics" in word)
        folder = tmp_path_factory.mktemp("prometheus")
        with prometheus_server(prometheus_binary, folder, urlsplit(url).netloc) as server:
            yield Exported(process, url, server)
    finally:
        process.kill()
        process.communicate()


async def test_percentiles_of_prometheus_are_within_a_bucket_of_ours(
    shell: Shell, exported: Exported
) -> None:
    key = TimesKey(NAME, "1.0")
    count = f"tsmon_request_backend_seconds_count{MNIST}"
    await exported.until(count, lambda value: value == 0)
    with closing(ServerLogFollower(Home.at(shell.home).logs)) as follower:
        follower.read(0.0)
        load = await asyncio.to_thread(
            shell.tsmon, "load", NAME, "--rate", "60", "--duration", "8", "--json"
        )
        assert load.code == 0, load.stderr
        follower.read(1.0)
        profile = follower.times.profile([key], since=0.5)
        statuses = follower.times.statuses([key], since=0.5)

    assert profile.keys() >= PHASES.keys()
    backend = profile[RequestPhase.BACKEND]
    assert backend.count > LEAST_REQUESTS
    await exported.until(count, lambda value: value == backend.count)
    ok = f'tsmon_requests_total{{model_name="{NAME}",code="200"}}'
    await exported.until(ok, lambda value: value == statuses[200])
    for phase, metric in PHASES.items():
        for quantile, ms in quantiles(profile[phase]):
            rate = f"rate({metric.name}_bucket{MNIST}[1m])"
            query = f"histogram_quantile({quantile}, {rate})"
            seconds = await exported.until(query, lambda value: value > 0)
            least, most = bucket(ms / 1000)
            assert least * (1 - SAME) <= seconds <= most * (1 + SAME), f"{query}: {ms} ms"


def quantiles(exact: Percentiles) -> list[tuple[float, float]]:
    """Quantiles and the milliseconds that tsmon shows for them."""
    return [(0.5, exact.p50), (0.9, exact.p90), (0.95, exact.p95), (0.99, exact.p99)]


def bucket(seconds: float) -> tuple[float, float]:
    """Where the bucket of a time begins and ends."""
    at = bisect_left(BUCKETS_S, round(seconds, 9))
    return (0.0, *BUCKETS_S)[at], BUCKETS_S[at]


async def test_a_worker_that_is_killed_is_counted_with_its_cause(
    shell: Shell, exported: Exported
) -> None:
    (version,) = shell.tsmon("describe", NAME, "--json").json
    await exported.until(f"tsmon_worker_restarts_total{MNIST}", lambda value: value == 0)
    os.kill(int(version["workers"][0]["pid"]), signal.SIGKILL)

    await exported.until(f"tsmon_worker_restarts_total{MNIST}", lambda value: value == 1)
    deaths = f'sum(tsmon_worker_deaths_total{{model_name="{NAME}"}})'
    await exported.until(deaths, lambda value: value == 1)
    ready = f'tsmon_model_workers{{model_name="{NAME}",state="ready"}}'
    await exported.until(ready, lambda value: value == 1)


async def test_a_model_that_cannot_be_loaded_has_its_cause(
    shell: Shell, exported: Exported, tmp_path: Path
) -> None:
    archive = tmp_path / "broken.mar"
    manifest = {"model": {"modelName": "broken", "handler": "handler.py", "modelVersion": "1.0"}}
    with zipfile.ZipFile(archive, "w") as mar:
        mar.writestr("handler.py", "# has neither a function nor a class\n")
        mar.writestr("MAR-INF/MANIFEST.json", json.dumps({"runtime": "python", **manifest}))
    registered = shell.tsmon("register", str(archive), "--workers", "1", "--no-wait")
    assert registered.code == 0, registered.stderr
    try:
        deaths = 'tsmon_worker_deaths_total{model_name="broken",cause="handler_not_usable"}'
        await exported.until(deaths, lambda value: value >= 1)
    finally:
        shell.tsmon("unregister", "broken", "--yes")


async def test_figures_of_the_workers_are_there(exported: Exported) -> None:
    labels = f'{{model_name="{NAME}"}}'
    await exported.until(f"tsmon_worker_resident_memory_bytes{labels}", lambda value: value > 1e7)
    await exported.until(f"tsmon_worker_cpu_seconds_total{labels}", lambda value: value > 0)
    await exported.until(f"tsmon_queue_capacity{labels}", lambda value: value > 0)
    await exported.until('tsmon_token_remaining_seconds{key="management"}', lambda value: value > 0)
