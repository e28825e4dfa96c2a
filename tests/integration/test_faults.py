"""Faults of a real TorchServe in front of the monitor."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.faults.keyboard import Delays, try_keys, watched
from tests.faults.test_rows import LONGEST_S
from tests.integration.commands import Shell
from tests.tui.seat import Seat, seated
from tsmon.config.schema import ServerSettings
from tsmon.fleet.access import Access
from tsmon.serving.archive import build_archive, digit_archive_spec
from tsmon.serving.errors import NotRunning
from tsmon.serving.local_server import LocalServer
from tsmon.serving.plan import ServerPlan
from tsmon.serving.ports import free_ports
from tsmon.serving.record import ServerRecord
from tsmon.torchserve.records import WORKER_SCRIPT
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.state.session import LiveSession

PERIOD_S = 0.5
PATIENCE_S = 60.0


@dataclass
class Own:
    """A server that a test may kill, and a shell whose commands mean it."""

    server: LocalServer
    plan: ServerPlan
    shell: Shell
    record: ServerRecord

    def monitor(self) -> TsmonApp:
        settings = ServerSettings(
            url=self.record.management,
            inference_url=self.record.inference,
            metrics_url=self.record.metrics,
            key_file=self.record.key_file,
        )
        session = LiveSession(Access(settings, lambda: self.record).client(), PERIOD_S)
        options = MonitorOptions(period_s=PERIOD_S, server_home=self.shell.home)
        return TsmonApp(session, options)

    def register(self) -> None:
        ended = self.shell.tsmon("register", "mnist.mar", "--workers", "1")
        assert ended.code == 0, ended.stderr


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Own]:
    """A server that serves the digit model."""
    store = tmp_path / "store"
    store.mkdir()
    build_archive(digit_archive_spec(store))
    shell = Shell(tmp_path)
    server, plan = LocalServer(shell.home), ServerPlan(model_store=store, ports=free_ports())
    own = Own(server, plan, shell, server.start(plan))
    try:
        own.register()
        yield own
    finally:
        with suppress(NotRunning):
            server.stop()


async def _try_keys(seat: Seat, delays: Delays) -> None:
    delays.stall = 0.0
    await try_keys(seat, delays)
    assert delays.usual < LONGEST_S
    assert delays.stall < LONGEST_S


async def test_a_killed_server_is_away_and_up_again_when_it_is_started(own: Own) -> None:
    async with seated(own.monitor(), patience_s=PATIENCE_S) as seat, watched() as delays:
        await seat.sees("● up", "mnist", "● ready")
        assert own.record.pid is not None
        os.kill(own.record.pid, signal.SIGKILL)
        await seat.sees("✗ away", "connection refused", "mnist")
        await _try_keys(seat, delays)
        ended = await asyncio.to_thread(
            own.shell.tsmon, "models", "--server", own.record.management
        )
        assert ended.code == 3
        assert "connection refused" in ended.stderr
        await asyncio.to_thread(own.server.start, own.plan)
        await seat.sees("● up", "✗ gone")
        await asyncio.to_thread(own.register)
        await seat.sees("● up", "● ready")


async def test_a_killed_worker_is_no_ready_one_and_comes_back(own: Own) -> None:
    async with seated(own.monitor(), patience_s=PATIENCE_S) as seat, watched() as delays:
        await seat.sees("● up", "mnist", "● ready")
        assert own.record.pid is not None
        children = psutil.Process(own.record.pid).children(recursive=True)
        workers = [each for each in children if WORKER_SCRIPT in " ".join(each.cmdline())]
        assert workers
        for worker in workers:
            worker.kill()
        await seat.until(lambda: "● ready" not in seat.text)
        await _try_keys(seat, delays)
        await seat.sees("● up", "● ready")
