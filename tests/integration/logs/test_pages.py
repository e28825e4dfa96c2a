"""The pages of logs and requests on the logs of a real TorchServe."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.integration.logs.archives import FAILING, write_archive
from tests.integration.logs.conftest import PATIENCE_S, Server, until
from tests.tui.seat import Seat, seated
from tsmon.telemetry.snapshot import ModelKey
from tsmon.tui.app.app import TsmonApp
from tsmon.tui.state.session import LiveSession
from tsmon.tui.widgets.log_lines import LogLines
from tsmon.tui.widgets.models_pane import ModelsPane

pytestmark = pytest.mark.integration

PAGED = ModelKey("paged", "1.0")
DYING = ModelKey("paged_dying", "1.0")


@asynccontextmanager
async def monitored(server: Server, key: ModelKey) -> AsyncIterator[Seat]:
    app = TsmonApp(LiveSession(server.client()))
    async with seated(app, size=(160, 45), patience_s=PATIENCE_S) as seat:
        await seat.sees(key.name)
        seat.monitor.query_one(ModelsPane).select(key)
        await seat.until(lambda: seat.monitor.selected == key)
        yield seat


def logged_times_of_the_slowest(server: Server) -> tuple[float, float, float]:
    """Milliseconds in all, in the queue and in the backend of the slowest answer to PAGED."""
    log = (server.logs / "ts_log.log").read_text()
    totals = re.findall(r'"POST /predictions/paged HTTP/1.1" 200 (\d+)$', log, re.MULTILINE)
    times = re.findall(r"-paged_1.0 .* Waiting time ns: (\d+), Backend time ns: (\d+)$", log, re.M)
    queue_ns, backend_ns = max(times, key=lambda each: int(each[1]))
    return max(map(float, totals)), int(queue_ns) / 1e6, int(backend_ns) / 1e6


@pytest.mark.since("0.8.0", "handler times in the log")
async def test_a_slow_and_a_failed_request_are_seen_with_their_times_and_lines(
    server: Server,
) -> None:
    server.register(write_archive(server.folder, PAGED.name, PAGED.version))
    async with monitored(server, PAGED) as seat:
        assert server.predict(PAGED.name, b"quick") == 200
        assert server.predict(PAGED.name, b"x" * 400) == 200
        assert server.predict(PAGED.name, b"raise") == 503
        await seat.press("Q", "w")
        await seat.sees("✗ 503", "handler 40", "+ backend 4")
        slowest = next(line for line in seat.text.splitlines() if "✓ 200" in line)
        numbers = [float(word) for word in slowest.split() if word.replace(".", "").isdigit()]
        _, total, queue, backend, handler = numbers[:5]
        assert 400 <= handler <= backend
        assert (total, queue, backend) == pytest.approx(
            logged_times_of_the_slowest(server), abs=0.5
        )
        await seat.press("v")
        await seat.sees("✗ failed only")
        await seat.press("enter")
        await seat.sees("POST /predictions/paged", "✗ 503 failed", "queue", "backend")
        await seat.press("l")
        await seat.sees("Logs  ts_log.log  paged 1.0  worker", "▸ ValueError: the handler raised")


@pytest.mark.since("0.10.0", "workers that come back after they were killed")
async def test_the_traceback_of_a_worker_that_dies_is_folded_followed_and_found(
    server: Server,
) -> None:
    server.register(write_archive(server.folder, DYING.name, DYING.version, FAILING), wait=False)
    until(lambda: server.versions(DYING.name), bool)
    async with monitored(server, DYING) as seat:
        await seat.press("l")
        await seat.sees("paged_dying 1.0", "following", "▸ FileNotFoundError: the vocabulary is")
        lines = seat.find(LogLines)
        await seat.press("v", "v", "v")
        await seat.sees("from ERROR on")
        before = len(lines.view.rows)
        await seat.until(lambda: len(lines.view.rows) > before)  # it is tried again
        assert all(line.is_head for line in lines.view.rows)
        await seat.press("slash")
        await seat.write("raise FileNotFoundError")
        await seat.press("enter")
        await seat.sees("▾ Traceback", "raise FileNotFoundError")
