"""Workers in this machine's process table."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from tsmon.telemetry.processes import ProcessTable
from tsmon.torchserve.records import WORKER_SCRIPT


@pytest.fixture
def worker() -> Iterator[subprocess.Popen[bytes]]:
    """A process that looks like a worker; it ends with its standard input."""
    program = "import sys; print(flush=True); sys.stdin.read()"
    command = [sys.executable, "-S", "-c", program, f"/ts/{WORKER_SCRIPT}"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        process.stdout.readline()  # from then on the system knows its command line
        yield process


def test_workers_memory_and_cpu_are_read(worker: subprocess.Popen[bytes]) -> None:
    usage = ProcessTable().read([worker.pid])[worker.pid]
    assert usage.memory_bytes > 0
    assert usage.cpu_percent >= 0
    assert usage.started > 0
    assert usage.cpu_seconds is not None and usage.cpu_seconds >= 0


def test_soon_after_another_reading_cpu_use_stays_as_it_was(
    worker: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = iter((0.0, 1.0, 2.0, 3.0, 3.1, 4.1))
    use = iter((0.0, 10.0, 20.0, 30.0, 40.0))
    monkeypatch.setattr(psutil.Process, "cpu_percent", lambda _process: next(use))
    table = ProcessTable(clock=lambda: next(seconds))
    seen = [table.read([worker.pid])[worker.pid].cpu_percent for _ in range(6)]
    assert seen == [0.0, 10.0, 20.0, 30.0, 30.0, 40.0]


def test_pid_that_is_no_worker_here_is_left_out(worker: subprocess.Popen[bytes]) -> None:
    assert ProcessTable().read([os.getpid(), worker.pid]).keys() == {worker.pid}


def test_worker_that_ended_is_told_as_long_as_it_is_asked_for(
    worker: subprocess.Popen[bytes],
) -> None:
    table = ProcessTable()
    (seen,) = table.read([worker.pid]).values()
    worker.kill()  # a zombie, until its parent looks
    assert os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)
    (zombie,) = table.read([worker.pid]).values()
    worker.communicate()
    (gone,) = table.read([worker.pid]).values()
    assert not seen.ended
    assert zombie.ended
    assert gone.ended
    assert gone.started == seen.started
    assert table.read([]) == {}
    assert table.read([worker.pid]) == {}


def test_a_process_that_never_was_a_worker_here_has_not_ended(
    worker: subprocess.Popen[bytes],
) -> None:
    worker.communicate()
    assert ProcessTable().read([worker.pid]) == {}
