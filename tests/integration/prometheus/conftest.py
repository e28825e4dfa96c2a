"""One scenario with a real TorchServe and a real Prometheus, on which all is measured."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.prometheus.archives import write_archives
from tests.integration.prometheus.report import REPORT, Report
from tests.integration.prometheus.scenario import Play, Scenario
from tests.integration.prometheus.server import prometheus_server
from tsmon.serving.local_server import LocalServer
from tsmon.serving.plan import ServerPlan
from tsmon.serving.ports import LOOPBACK, free_ports

SCENARIO_S = 300.0
"""It takes 80 seconds on a machine that does nothing else."""


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    report = config.stash.get(REPORT, None)
    if report is not None and config.get_verbosity() > 0:
        terminalreporter.section("agreement with Prometheus: largest differences")
        for line in report.lines:
            terminalreporter.write_line(line)


@pytest.fixture
def report(pytestconfig: pytest.Config) -> Report:
    return pytestconfig.stash.setdefault(REPORT, Report())


@pytest.fixture(scope="session")
def prometheus_binary() -> str:
    binary = shutil.which("prometheus")
    if binary is None:
        pytest.skip(
            "no `prometheus` on PATH; Debian and Ubuntu: apt-get install prometheus, "
            "macOS: brew install prometheus, see docs/agreement.md"
        )
    return binary


@pytest.fixture(scope="session")
def scenario(prometheus_binary: str) -> Iterator[Scenario]:
    """Played once; Prometheus still answers, TorchServe is stopped."""
    with tempfile.TemporaryDirectory(prefix="ts", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "store").mkdir()
        write_archives(folder / "store")
        plan = ServerPlan(model_store=folder / "store", ports=free_ports())
        instance = f"{LOOPBACK}:{plan.ports.metrics}"
        with prometheus_server(prometheus_binary, folder, instance) as server:
            play = Play(LocalServer(folder / "home"), plan, server)
            yield asyncio.run(asyncio.wait_for(play.run(), SCENARIO_S))
