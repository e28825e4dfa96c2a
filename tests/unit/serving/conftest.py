from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tsmon.serving import processes

StartProcess = Callable[..., subprocess.Popen[bytes]]

_SLEEP = "import signal, sys, time; print(flush=True); time.sleep(60)"
_SLEEP_ON = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {_SLEEP}"


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_POLL_SECONDS", 0.01)
    monkeypatch.setattr(processes, "_WORKER_SECONDS", 0.1)


@pytest.fixture
def start_process() -> Iterator[StartProcess]:
    """Starts real processes that only sleep; a `stubborn` one ignores SIGTERM."""
    with ExitStack() as stack:

        def start(*arguments: str, stubborn: bool = False) -> subprocess.Popen[bytes]:
            code = _SLEEP_ON if stubborn else _SLEEP
            process = subprocess.Popen(
                [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE
            )
            stack.enter_context(process)
            stack.callback(process.send_signal, signal.SIGKILL)
            assert process.stdout is not None
            process.stdout.readline()  # from here on it sleeps
            return process

        yield start


@pytest.fixture
def temp_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "tsmon-unit"
    folder.mkdir()
    return folder


@pytest.fixture
def start_server(start_process: StartProcess, temp_dir: Path) -> StartProcess:
    """Starts a process that looks like the Java process of a server with `temp_dir`."""

    def start(*, stubborn: bool = False) -> subprocess.Popen[bytes]:
        return start_process(f"-Djava.io.tmpdir={temp_dir}", stubborn=stubborn)

    return start


@pytest.fixture
def start_worker(start_process: StartProcess, temp_dir: Path) -> StartProcess:
    """Starts a process that looks like a worker of that server."""

    def start(*, stubborn: bool = False) -> subprocess.Popen[bytes]:
        return start_process("--sock-name", f"{temp_dir}/.ts.sock.9000", stubborn=stubborn)

    return start
