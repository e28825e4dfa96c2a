"""Launches TorchServe and waits until it answers on all its ports."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import psutil
from msgspec import Struct

from tsmon.serving.diagnosis import StartLogs
from tsmon.serving.environment import server_environment
from tsmon.serving.errors import StartFailed
from tsmon.serving.processes import find_server, has_ended
from tsmon.units import period
from tsmon.untrusted.http import Bounds, ask

if TYPE_CHECKING:
    from tsmon.serving.home import Home
    from tsmon.serving.java import Java
    from tsmon.serving.plan import ServerPlan

_POLL_SECONDS = 0.1
_ANSWER_SECONDS = 2.0
_BOUNDS = Bounds(timeout_s=_ANSWER_SECONDS, most_bytes=1 << 20)


class StartProgress(Struct, frozen=True):
    """What a start is doing.

    Attributes:
        phase: such as `starting Java 21`.
        elapsed: seconds since the start began.
        detail: how far the phase is, such as `3 of 12 layers`; may be empty.
    """

    phase: str
    elapsed: float
    detail: str = ""


ProgressCallback = Callable[[StartProgress], None]


class Launch:
    """One start of a server, from the launcher to the first answer."""

    def __init__(
        self, home: Home, plan: ServerPlan, java: Java, temp_dir: Path, report: ProgressCallback
    ) -> None:
        self._home = home
        self._plan = plan
        self._java = java
        self._temp_dir = temp_dir
        self._report = report
        self._logs = StartLogs(home)
        self._began = time.monotonic()

    def run(self) -> psutil.Process:
        """Start it and wait until it is ready; its Java process.

        Raises:
            StartFailed: it refused, ended or did not answer in time. What was started is left.
        """
        self._say(f"starting Java {self._java.version}")
        self._run_launcher()
        server = find_server(self._temp_dir)
        if server is None:
            raise self._failed("TorchServe ended at once")
        self._wait_until_ready(server)
        return server

    def _run_launcher(self) -> None:
        """Run torchserve's launcher, which leaves the Java process behind.

        In a session of its own: Ctrl-C in this terminal, or its end, is not meant for the server.
        """
        command: list[str | Path] = [sys.executable, "-P", "-m", "ts.model_server", "--start"]
        command += ["--ncs", "--ts-config", self._home.config]
        command += ["--model-store", self._plan.model_store.resolve()]
        environment = server_environment(
            self._home,
            self._java,
            self._temp_dir,
            self._plan.threads_per_worker,
            settings=self._plan.extra,
        )
        with self._home.console.open("ab") as console:
            result = subprocess.run(
                command,
                cwd=self._home.path,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                check=False,
            )
        if result.returncode:
            raise self._failed("TorchServe's launcher refused to start")

    def _wait_until_ready(self, server: psutil.Process) -> None:
        management = f"http://{self._plan.reached_at}:{self._plan.ports.management}"
        while not self._is_ready(management):
            self._say(f"waiting for {management}")
            if has_ended(server):
                raise self._failed("TorchServe ended during its start")
            if self._elapsed() > self._plan.start_seconds:
                raise self._failed(
                    f"TorchServe did not answer at {management}"
                    f" within {period(self._plan.start_seconds)}"
                )
            time.sleep(_POLL_SECONDS)

    def _is_ready(self, management: str) -> bool:
        """Whether all of it is up: the ports open one by one, those of gRPC last."""
        host = self._plan.reached_at
        if not all(_accepts(host, port) for port in self._plan.ports.bound):
            return False
        try:
            # The one question that needs no token and distinguishes TorchServe from other servers.
            return "TorchServe" in ask(f"{management}/api-description", _BOUNDS).text
        except httpx.HTTPError:
            return False

    def _failed(self, message: str) -> StartFailed:
        diagnosis = self._logs.diagnose()
        if diagnosis.cause:
            message += f": {diagnosis.cause}"
        return StartFailed(message, diagnosis.hint, diagnosis.log_lines)

    def _say(self, phase: str) -> None:
        self._report(StartProgress(phase, self._elapsed()))

    def _elapsed(self) -> float:
        return time.monotonic() - self._began


def _accepts(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(_ANSWER_SECONDS)
        return probe.connect_ex((host.strip("[]"), port)) == 0
