"""Workers in this machine's process table."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tsmon.telemetry.processes import ProcessTable
from tsmon.torchserve.records import WORKER_SCRIPT


@pytest.fixture
def worker() -> Iterator[subprocess.Popen[bytes]]:
    """A process that looks like a worker; it ends with its standard input."""
    command = [sys.executable, "-S", "-c", "import sys; sys.stdin.read()", f"/ts/{WORKER_SCRIPT}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        yield process


def test_workers_memory_and_cpu_are_read(worker: subprocess.Popen[bytes]) -> None:
    usage = ProcessTable().read([worker.pid])[worker.pid]
    assert usage.memory_bytes > 0
    assert usage.cpu_percent >= 0
    assert usage.started > 0


def test_pid_that_is_no_worker_here_is_left_out(worker: subprocess.Popen[bytes]) -> None:
    assert ProcessTable().read([os.getpid(), worker.pid]).keys() == {worker.pid}


def test_worker_that_ended_is_left_out(worker: subprocess.Popen[bytes]) -> None:
    table = ProcessTable()
    table.read([worker.pid])
    worker.communicate()
    assert table.read([worker.pid]) == {}
