"""A command that waits says what for, and ends by Ctrl-C; overdue ticks are said to be stale."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from tests.fake.slow_server import SlowServer, silent, slow_server
from tests.unit.telemetry.scrapes import at
from tsmon.cli import coroutines, watch
from tsmon.cli.coroutines import run_async
from tsmon.cli.outcome import Exit
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.scrape import MetricsMode, Scrape
from tsmon.telemetry.snapshot import ModelKey, ServerState
from tsmon.telemetry.source import Observation
from tsmon.torchserve.waiting import Wait, longest_wait, under_way


def test_a_long_wait_is_said_once_with_what_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    monkeypatch.setattr(coroutines, "say", heard.append)
    monkeypatch.setattr(coroutines, "LOOK_S", 0.01)
    looked = asyncio.Queue[None]()
    wait = Wait("PUT /models/mnist", "http://box:8081", since=Instant.now().monotonic - 3)

    def longest() -> Wait:
        looked.put_nowait(None)
        return wait

    async def work() -> None:
        for _ in range(5):
            await looked.get()

    monkeypatch.setattr(coroutines, "longest_wait", longest)
    run_async(work())
    assert heard == [
        "waiting for PUT /models/mnist at box:8081 … 3 s (Ctrl-C stops waiting; the server goes on)"
    ]


def test_a_short_wait_is_not_said(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    monkeypatch.setattr(coroutines, "say", heard.append)
    monkeypatch.setattr(coroutines, "LOOK_S", 0.001)

    async def work() -> None:
        with under_way("GET /models", "http://box:8081"):
            assert longest_wait() is None
            await asyncio.sleep(0.05)

    run_async(work())
    assert heard == []


def test_reading_changes_nothing_on_the_server_and_says_so_by_silence() -> None:
    words = coroutines.words(Wait("GET /models", "http://box:8081"))
    assert words.endswith("(Ctrl-C stops waiting)")


async def test_a_change_at_a_server_that_hangs_is_told_within_seconds_and_ctrl_c_ends_it() -> None:
    async with slow_server(silent) as server:
        command = await _scale(server)
        assert command.stderr is not None
        async with asyncio.timeout(30):
            told = (await command.stderr.readline()).decode()
            assert "waiting for PUT /models/mnist" in told
            command.send_signal(signal.SIGINT)
            await command.wait()
    assert command.returncode == Exit.INTERRUPTED


async def _scale(server: SlowServer) -> asyncio.subprocess.Process:
    urls = [f"--{api}-url={server.url}" for api in ("management", "inference", "metrics")]
    line = [sys.executable, "-m", "tsmon", *urls, "scale", "mnist", "2"]
    return await asyncio.create_subprocess_exec(
        *line,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "COLUMNS": "200", "PYTHONUNBUFFERED": "1"},
    )


class HangingSource:
    """Answers once, and then no more."""

    label = "hangs"

    def __init__(self) -> None:
        self.asked = 0

    async def observe(self, focus: ModelKey | None) -> Observation:
        self.asked += 1
        if self.asked > 1:
            await asyncio.Event().wait()
        return Observation(Instant.now(), None, (), Scrape(at(0), MetricsMode.PROMETHEUS, {}))


async def test_a_tick_that_does_not_come_is_told_as_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "patience_s", lambda _: 0.1)
    monitor = Monitor(HangingSource(), period_s=0.1)
    states = []
    async with asyncio.timeout(10):
        async for snapshot in watch.followed(monitor):
            states.append(snapshot.server.state)
            if len(states) == 3:
                break
    assert states == [ServerState.UP, ServerState.STALE, ServerState.STALE]
