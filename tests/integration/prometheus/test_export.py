"""What `tsmon export prometheus` writes, on real programs: TorchServe, exporter, Prometheus.

An alert reaches a real Alertmanager, and every query of the exported dashboard returns data.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
import yaml

from tests.integration.prometheus.archives import write_archives
from tests.integration.prometheus.load import Load
from tests.unit.export.queries import queries_of
from tsmon.export.companions import Companion, running, usual_or_free
from tsmon.export.grafana import dashboard
from tsmon.serving.local_server import LocalServer
from tsmon.serving.plan import ServerPlan
from tsmon.serving.ports import LOOPBACK, free_ports
from tsmon.serving.record import ServerRecord
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.management import Registration
from tsmon.torchserve.tokens import KeyRing

MODEL = "quick"
TSMON = (sys.executable, "-m", "tsmon")
TEMPLATES = Path("/usr/share/prometheus/alertmanager")
WAIT_S, POLL_S = 90.0, 0.2


@dataclass
class Notified:
    """What an Alertmanager sent."""

    url: str
    alerts: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def webhook() -> Iterator[Notified]:
    """A receiver of an Alertmanager's notifications."""

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            notified.alerts += json.loads(body)["alerts"]
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer((LOOPBACK, 0), Receiver)
    notified = Notified(f"http://{LOOPBACK}:{server.server_port}/")
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield notified
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def binary(name: str) -> str:
    """A program that is installed, or a reason to skip the test."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"no `{name}` on PATH; Debian and Ubuntu: apt-get install {name}")
    return found


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ts", ignore_cleanup_errors=True) as name:
        yield Path(name)


@pytest.fixture
def server(folder: Path, request: pytest.FixtureRequest) -> Iterator[ServerRecord]:
    """A TorchServe whose model does next to nothing; its metrics_mode may be a parameter."""
    mode = getattr(request, "param", "prometheus")
    (folder / "store").mkdir()
    write_archives(folder / "store")
    local = LocalServer(folder / "home")
    plan = ServerPlan(model_store=folder / "store", ports=free_ports(), metrics_mode=mode)
    record = local.start(plan)
    try:
        yield record
    finally:
        local.stop()


@asynccontextmanager
async def served(record: ServerRecord) -> AsyncIterator[TorchServe]:
    """A client for it, with a model that has a worker."""
    addresses = Addresses(record.inference, record.management, record.metrics)
    async with TorchServe(addresses, KeyRing(record.key_file)) as client:
        registration = Registration(f"{MODEL}.mar", initial_workers=1)
        await client.management.register(registration, synchronous=True)
        yield client


def alertmanager(program: str, folder: Path, receiver: str) -> Companion:
    """Of Debian's, which needs the templates of its package in their place."""
    if program != "/usr/bin/prometheus-alertmanager" and not TEMPLATES.exists():
        pytest.skip(f"{program} is only unpacked, and there is no {TEMPLATES}")
    route = {"receiver": "test", "group_by": ["alertname"], "group_wait": "1s"}
    receivers = [{"name": "test", "webhook_configs": [{"url": receiver}]}]
    config = folder / "alertmanager.yml"
    config.write_text(yaml.safe_dump({"route": route, "receivers": receivers}))
    listen = f"{LOOPBACK}:{usual_or_free(9093)}"
    words = [program, f"--config.file={config}", f"--storage.path={folder / 'am'}"]
    words += [f"--web.listen-address={listen}", "--cluster.listen-address="]
    return Companion("Alertmanager", words, f"http://{listen}/-/ready", folder / "am.log")


def exporter(record: ServerRecord, folder: Path) -> Companion:
    port = str(usual_or_free(10082))
    words = [*TSMON, "exporter", "--port", port, "--interval", "1"]
    words += ["--home", str(folder / "home"), "--management-url", record.management]
    words += ["--inference-url", record.inference, "--metrics-url", record.metrics]
    return Companion(
        "exporter", words, f"http://{LOOPBACK}:{port}/metrics", folder / "exporter.log"
    )


def prometheus(program: str, exported: Path, folder: Path) -> Companion:
    listen = f"{LOOPBACK}:{usual_or_free(9090)}"
    words = [program, f"--config.file={exported / 'prometheus.yml'}"]
    words += [f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address={listen}"]
    return Companion("Prometheus", words, f"http://{listen}/-/ready", folder / "prometheus.log")


def address(companion: Companion) -> str:
    return httpx.URL(companion.ready).netloc.decode()


async def export(record: ServerRecord, folder: Path, *words: str) -> Path:
    """Run the export command for a server, which a configuration names."""
    urls = f'url = "{record.management}"\nmetrics_url = "{record.metrics}"\n'
    (folder / "config.toml").write_text(f"[servers.real]\n{urls}")
    process = await asyncio.create_subprocess_exec(
        *TSMON,
        *("export", "prometheus", str(folder / "exported"), "--interval", "1", *words),
        env={**os.environ, "TSMON_CONFIG": str(folder / "config.toml")},
        stdout=asyncio.subprocess.DEVNULL,
    )
    assert await process.wait() == 0
    return folder / "exported"


async def until(ready: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not await ready():  # noqa: ASYNC110 (what is waited for is in another process)
            await asyncio.sleep(POLL_S)


@contextmanager
def scraping(folder: Path, exported: Path) -> Iterator[httpx.AsyncClient]:
    """A client for a Prometheus with what was exported."""
    companion = prometheus(binary("prometheus"), exported, folder)
    with running(companion):
        yield httpx.AsyncClient(base_url=f"http://{address(companion)}", trust_env=False)


async def _ask(prom: httpx.AsyncClient, query: str) -> list[Any]:
    answer = (await prom.get("/api/v1/query", params={"query": query})).json()
    assert answer["status"] == "success", answer
    result: list[Any] = answer["data"]["result"]
    return result


@pytest.mark.integration
async def test_every_query_of_the_dashboard_returns_data(
    server: ServerRecord, folder: Path
) -> None:
    binary("prometheus")
    beside = exporter(server, folder)
    async with served(server) as client:
        with running(beside):
            exported = await export(server, folder, "--exporter", address(beside))
            with scraping(folder, exported) as prom:
                async with prom:
                    await _all_have_data(client, prom)
                    (answered,) = await _ask(prom, "sum(increase(tsmon_requests_total[2m]))")
    assert float(answered["value"][1]) > 0


async def _all_have_data(client: TorchServe, prom: httpx.AsyncClient) -> None:
    """Send requests until they do."""
    empty = list(queries_of(dashboard(), "15s"))
    load = Load(client)
    load.change({MODEL: 2})

    async def all_have_data() -> bool:
        nonlocal empty
        empty = [(title, query) for title, query in empty if not await _ask(prom, query)]
        return not empty

    try:
        await until(all_have_data)
    except TimeoutError:
        pytest.fail(f"no data: {empty}")
    finally:
        await load.stop()


@pytest.mark.integration
async def test_a_lost_worker_reaches_an_alertmanager(server: ServerRecord, folder: Path) -> None:
    binary("prometheus")
    with webhook() as notified:
        notifier = alertmanager(binary("prometheus-alertmanager"), folder, notified.url)
        async with served(server) as client:
            with running(notifier):
                exported = await export(server, folder, "--alertmanager", address(notifier))
                with scraping(folder, exported) as prom:
                    async with prom:
                        await _lose_worker(client, prom, notified)

    (lost, *_) = [alert for alert in notified.alerts if _is_lost(alert)]
    assert lost["labels"]["WorkerName"].startswith("W-")
    assert lost["labels"]["WorkerName"] in lost["annotations"]["summary"]


async def _lose_worker(client: TorchServe, prom: httpx.AsyncClient, notified: Notified) -> None:
    async def was_scraped() -> bool:
        return bool(await _ask(prom, "WorkerLoadTime"))

    async def came() -> bool:
        return any(map(_is_lost, notified.alerts))

    await until(was_scraped)
    pid = (await client.management.describe(MODEL)).workers[0].pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await until(came)


def _is_lost(alert: dict[str, Any]) -> bool:
    return bool(alert["labels"]["alertname"] == "TorchServeWorkerLost")


@pytest.mark.integration
@pytest.mark.parametrize(
    ("server", "raised"), [("log", True), ("prometheus", False)], indirect=["server"]
)
async def test_a_server_that_publishes_nothing_is_found(
    server: ServerRecord, folder: Path, raised: bool
) -> None:
    with scraping(folder, await export(server, folder)) as prom:
        async with prom:

            async def was_scraped() -> bool:
                return bool(await _ask(prom, 'count_over_time(up{job="torchserve"}[1m]) > 3'))

            async def names() -> set[str]:
                alerts = (await prom.get("/api/v1/alerts")).json()["data"]["alerts"]
                return {alert["labels"]["alertname"] for alert in alerts}

            async def is_settled() -> bool:
                return not raised or bool(await names() & {"TorchServeWithoutMetrics"})

            await until(was_scraped)
            await until(is_settled)
            assert ("TorchServeWithoutMetrics" in await names()) is raised
