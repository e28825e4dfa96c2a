"""Experiments on a real TorchServe: figures that are the server's own, and the model put back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.commands import Shell
from tsmon.digits.folders import find_images
from tsmon.load.experiment.experiment import Experiment
from tsmon.load.experiment.plan import ExperimentPlan, Load
from tsmon.load.experiment.steps import ExperimentStep, Stage
from tsmon.serving.assets import digit_assets
from tsmon.serving.record import ServerRecord
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.scrape import Counters, SeriesKey, parse_scrape
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.tokens import KeyRing

pytestmark = pytest.mark.integration

KEY = SeriesKey("mnist", "default")


@pytest.fixture(scope="module")
def registered(shell: Shell, archive: Path) -> Iterator[None]:
    """The digit model with two ready workers, as which each experiment leaves it."""
    ended = shell.tsmon("register", "mnist.mar", "--workers", "2")
    assert ended.code == 0, ended.stderr
    yield
    shell.tsmon("unregister", "mnist", "--yes")


def _client(shell: Shell) -> TorchServe:
    record = ServerRecord.load(shell.home / "server.json")
    assert record is not None
    addresses = Addresses(record.inference, record.management, record.metrics)
    return TorchServe(addresses, KeyRing(record.key_file))


async def _counters(client: TorchServe) -> Counters:
    scrape = parse_scrape(await client.metrics.scrape(), Instant.now())
    return scrape.series.get(KEY, Counters())


def _settings(shell: Shell) -> tuple[int, int, int, int]:
    (model,) = shell.tsmon("describe", "mnist", "--json").json
    ready = sum(worker["status"] == "READY" for worker in model["workers"])
    return ready, model["maxWorkers"], model["batchSize"], model["maxBatchDelay"]


async def test_the_figures_are_what_the_server_counted(shell: Shell, registered: None) -> None:
    plan = ExperimentPlan(
        model="mnist",
        payloads=find_images(digit_assets().samples),
        worker_counts=(1, 2),
        load=Load((3, 3)),
        warm_up=0,
        seed=1,
    )
    stages: list[Stage] = []

    def tell(step: ExperimentStep) -> None:
        stages.append(step.stage)

    async with _client(shell) as client:
        before = await _counters(client)
        result = await Experiment(client, plan).run(tell)
        grown = await _counters(client) - before

    assert set(stages) == set(Stage) - {Stage.WARMING_UP}
    assert [(each.workers, each.answered) for each in result.measurements] == [(1, 6), (2, 6)]
    assert grown.requests == 12
    inference_us = sum(6 * 1000 * (each.inference_ms or 0) for each in result.measurements)
    queue_us = sum(6 * 1000 * (each.queue_ms or 0) for each in result.measurements)
    assert inference_us == pytest.approx(grown.inference_us)
    assert queue_us == pytest.approx(grown.queue_us)
    for each in result.measurements:
        assert each.backend_ms == pytest.approx(each.inference_ms - each.queue_ms, rel=0.1)  # type: ignore[operator]
        assert each.backend_scv is not None
        assert each.memory_bytes is not None
        assert each.p50_ms is not None
        assert each.p99_ms is not None
        assert each.p50_ms <= each.p99_ms
        assert (each.foreign, each.missing) == (0, "")
    assert _settings(shell)[:2] == (2, 2)


def test_batch_size_and_delay_are_varied_and_put_back(shell: Shell, registered: None) -> None:
    before = _settings(shell)

    ended = shell.tsmon(
        *("experiment", "mnist", "--workers", "1", "--batches", "3", "--warm-up", "0", "--json"),
        *("--batch-sizes", "1,4", "--batch-delays", "5", "--yes"),
    )

    assert ended.code == 0, ended.stderr
    measured = [
        (each["batch_size"], each["max_batch_delay_ms"], each["answered"])
        for each in ended.json["measurements"]
    ]
    assert measured == [(1, 5, 3), (4, 5, 3)]
    assert _settings(shell) == before


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_middle_restores_the_workers(
    shell: Shell, registered: None, how: signal.Signals
) -> None:
    command = ["experiment", "mnist", "--workers", "1,3", "--batches", "3,3", "--json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "tsmon", *command],
        cwd=shell.directory,
        env=os.environ | {"TSMON_HOME": str(shell.home)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("1 of 2: 1 worker"):  # three workers come next
            process.send_signal(how)
            break
    stdout, rest = process.communicate(timeout=120)

    assert process.returncode == 130
    assert "mnist 1.0 is back to 2 workers" in rest
    assert [each["workers"] for each in json.loads(stdout)["measurements"]] == [1]
    assert _settings(shell)[:2] == (2, 2)
