"""Runs against a real TorchServe: both loops, their ends, and the causes of a 503."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.contract.archives import write_real
from tests.contract.real import RealTorchServe, real_torchserve
from tsmon.cli.reports.counters import read_scrape
from tsmon.digits.images import DigitImage
from tsmon.load.readings import CounterReader
from tsmon.load.refusals import Failure
from tsmon.load.run.increment import StopReason
from tsmon.load.run.plan import RunPlan
from tsmon.load.run.run import complete_run, open_run
from tsmon.load.run.server_side import ServerSide
from tsmon.serving.local_server import LocalServer
from tsmon.serving.plan import ServerPlan
from tsmon.serving.ports import free_ports
from tsmon.telemetry.scrape import DEFAULT_VERSION_LABEL, SeriesKey
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.management import Registration
from tsmon.torchserve.tokens import KeyRing

pytestmark = pytest.mark.integration

QUEUE_SIZE = 2
MakeImage = Callable[[bytes, str], tuple[DigitImage, ...]]


@pytest.fixture(scope="module")
def real() -> Iterator[RealTorchServe]:
    """A server with tokens and a short queue."""
    if find_spec("ts") is None:
        pytest.skip("needs TorchServe: pip install -e '.[server,dev]'")
    settings = {"metrics_mode": "prometheus", "enable_model_api": "true"}
    with real_torchserve(settings | {"job_queue_size": str(QUEUE_SIZE)}) as server:
        yield server


@pytest.fixture
async def client(real: RealTorchServe) -> AsyncIterator[TorchServe]:
    """A client; what the test registered is gone in the end."""
    async with TorchServe(real.addresses, KeyRing(real.key_file)) as opened:
        yield opened
        real.release_file.touch()
        for model in await opened.management.models():
            await opened.management.unregister(model.name)


@pytest.fixture
def image(tmp_path: Path) -> MakeImage:
    """Makes a file with this content and label."""

    def make(content: bytes, label: str) -> tuple[DigitImage, ...]:
        path = tmp_path / f"image.{label}.png"
        path.write_bytes(content)
        return (DigitImage(path, label),)

    return make


async def _register(client: TorchServe, model: str, workers: int = 1) -> None:
    registration = Registration(f"{model}.mar", initial_workers=workers)
    await client.management.register(registration, synchronous=workers > 0)


async def _requests(client: TorchServe, model: str) -> float:
    counters = (await read_scrape(client)).series.get(SeriesKey(model, DEFAULT_VERSION_LABEL))
    return counters.requests if counters else 0


@pytest.mark.parametrize("rate", [None, 100.0])
async def test_every_request_is_answered_judged_and_counted_by_the_server_too(
    client: TorchServe,
    image: MakeImage,
    rate: float | None,
) -> None:
    await _register(client, "digit")
    before = await _requests(client, "digit")

    plan = RunPlan(
        model="digit",
        payloads=image(b"four", "4"),
        rate=rate,
        concurrency=2,
        count=40,
        duration_s=60,
    )
    report = await complete_run(client, plan)

    assert (report.planned, report.sent, report.answered, report.failed) == (40, 40, 40, 0)
    assert report.right == {"4": 40}
    assert await _requests(client, "digit") - before == 40


async def test_the_server_counts_and_times_the_same_requests(
    real: RealTorchServe, client: TorchServe, image: MakeImage
) -> None:
    await _register(client, "digit")
    version = (await client.management.describe("digit")).version
    images = image(b"four", "4")
    plan = RunPlan(model="digit", version=version, payloads=images, count=30, duration_s=60)
    reader = CounterReader(client, "digit", version, real.key_file.parent / "logs")

    await reader.begin([version])
    report = await complete_run(client, plan)
    side = ServerSide.of(await reader.end([version], report.answered), report)
    await reader.close()

    assert (side.counted, side.difference(report)) == (30, "")
    assert side.mean_ms is not None
    assert report.latency is not None
    assert 0 < side.mean_ms <= report.latency.mean
    assert side.times is not None
    assert side.times.count == 30
    assert side.times.p95 <= report.latency.p95


async def test_stopping_in_the_middle_loses_no_answer(
    real: RealTorchServe,
    client: TorchServe,
    image: MakeImage,
) -> None:
    await _register(client, "digit")
    before = await _requests(client, "digit")
    real.release_file.unlink(missing_ok=True)
    plan = RunPlan(model="digit", payloads=image(b"wait", "4"), concurrency=3, duration_s=60)

    async with open_run(client, plan) as run:
        async for progress in run.progress():
            run.stop()
            if progress.so_far.ending is not None:
                real.release_file.touch()

    assert run.report.ending is StopReason.STOPPED
    assert (run.report.sent, run.report.answered) == (3, 3)
    assert await _requests(client, "digit") - before == 3


async def test_the_causes_of_a_503_are_told_apart(
    real: RealTorchServe,
    client: TorchServe,
    image: MakeImage,
) -> None:
    await _register(client, "digit", workers=0)
    four = image(b"four", "4")
    report = await complete_run(client, RunPlan(model="digit", payloads=four, count=6))
    assert report.failures == {Failure.NO_WORKER: 6}

    await _register(client, "raising")
    report = await complete_run(client, RunPlan(model="raising", payloads=four, count=6))
    assert report.failures == {Failure.HANDLER: 6}

    await client.management.unregister("digit")
    await _register(client, "digit-2")
    real.release_file.unlink(missing_ok=True)
    waiting = image(b"wait", "4")
    plan = RunPlan(model="digit", version="2.0", payloads=waiting, count=40, concurrency=10)
    async with open_run(client, plan) as run:
        async for progress in run.progress():
            if progress.so_far.ending is not None:
                real.release_file.touch()
    assert run.report.failures.keys() == {Failure.QUEUE_FULL}
    assert run.report.answered >= QUEUE_SIZE
    assert run.report.answered + run.report.failed == 40


async def test_a_server_that_dies_in_the_middle_ends_the_run(
    image: MakeImage,
) -> None:
    with tempfile.TemporaryDirectory(prefix="ts") as name:
        store = Path(name) / "store"
        store.mkdir()
        write_real(store)
        server = LocalServer(Path(name) / "home")
        record = server.start(ServerPlan(model_store=store, ports=free_ports()))
        addresses = Addresses(record.inference, record.management, record.metrics)
        try:
            async with TorchServe(addresses, KeyRing(record.key_file)) as client:
                await _register(client, "digit")
                plan = RunPlan(
                    model="digit", payloads=image(b"four", "4"), concurrency=4, duration_s=60
                )
                async with open_run(client, plan) as run:
                    await anext(run.progress())
                    os.kill(record.pid or 0, signal.SIGKILL)
                    async for _ in run.progress():
                        pass
        finally:
            server.stop()

    assert run.report.ending is StopReason.SERVER_GONE
    assert run.report.answered > 0
    assert run.report.failures.keys() == {Failure.UNREACHABLE}
    assert run.report.answered + run.report.failed == run.report.sent
