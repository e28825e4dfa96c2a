"""Cores and torch threads of workers that run on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from tsmon.doctor.machine import usable_cores
from tsmon.load.capacity.machine import machine_of
from tsmon.load.capacity.situation import Machine
from tsmon.telemetry.health.verdicts import ModelHealth, ModelVerdict, WorkerHealth, WorkerVerdict
from tsmon.telemetry.snapshot import ModelStatus, ProcessUsage, WorkerStatus
from tsmon.telemetry.traffic import Missing, Traffic
from tsmon.torchserve.records import ModelVersion, Worker

Start = Callable[[dict[str, str]], int]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a process with these variables; gives its pid."""
    started: list[subprocess.Popen[bytes]] = []

    def run(variables: dict[str, str]) -> int:
        base = {key: value for key, value in os.environ.items() if key != "OMP_NUM_THREADS"}
        command = [sys.executable, "-c", "print(flush=True); input()"]
        process = subprocess.Popen(
            command, env=base | variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        started.append(process)
        assert process.stdout is not None
        process.stdout.readline()  # its environment can be read from now on
        return process.pid

    yield run
    for process in started:
        process.communicate()


def model(pid: int, *, here: bool = True) -> ModelStatus:
    worker = WorkerStatus(
        Worker("9000", "READY", pid, None, ""),
        WorkerVerdict(WorkerHealth.READY, ""),
        ProcessUsage(1, 1.0, 0.0) if here else None,
    )
    traffic = Traffic.missing(Missing.NO_TRAFFIC)
    verdict = ModelVerdict(ModelHealth.READY, "")
    return ModelStatus(ModelVersion("mnist", "1.0"), True, traffic, (worker,), verdict)


def test_a_worker_that_runs_here_tells_its_torch_threads(start: Start) -> None:
    pid = start({"OMP_NUM_THREADS": "3"})

    assert machine_of(model(pid)) == Machine(usable_cores(), 3)


def test_without_the_variable_torch_takes_every_core(start: Start) -> None:
    assert machine_of(model(start({}))) == Machine(usable_cores(), None)


def test_workers_elsewhere_show_nothing_of_this_machine(start: Start) -> None:
    assert machine_of(model(start({}), here=False)) is None
