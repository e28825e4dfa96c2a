"""Verdicts and events of real workers that die, hang, fail to load, or are missing."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from tests.integration.commands import Shell
from tests.integration.logs.archives import FAILING, write_archive
from tests.integration.logs.conftest import QUEUE_SIZE, Server, until, until_model
from tsmon.telemetry.events import EventKind
from tsmon.telemetry.health.verdicts import ModelHealth, ModelVerdict, WorkerHealth
from tsmon.telemetry.health.watch import HealthWatch
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.snapshot import ModelKey, ModelStatus

pytestmark = pytest.mark.integration

RETRY_S = 2


@pytest.mark.since("0.10.0", "workers that come back after they were killed")
async def test_killed_worker_dies_and_comes_back_with_another_pid(
    server: Server, monitor: Monitor
) -> None:
    key = ModelKey("mortal", "1.0")
    server.register(write_archive(server.folder, key.name, key.version), wait=False)
    ready = await until_model(monitor, key, lambda model: model.ready == 1)
    (before,) = ready.described.workers
    assert before.pid is not None
    (*_, last) = monitor.events.after(None)

    os.kill(before.pid, signal.SIGKILL)
    # Its process is missed first; what TorchServe says of it follows.
    dead = await until_model(monitor, key, lambda m: "died once" in m.verdict.evidence)
    back = await until_model(monitor, key, lambda model: model.ready == 1)

    assert dead.verdict.health is ModelHealth.RETRYING
    assert "died once: its process ended" in dead.verdict.evidence
    (after,) = back.described.workers
    assert (after.id, after.pid != before.pid) == (before.id, True)
    assert back.verdict.restarts == 1
    kinds = [event.kind for event in monitor.events.after(last) if event.subject.startswith("m")]
    assert kinds.index(EventKind.WORKER_DIED) < kinds.index(EventKind.WORKER_RESTARTED)


@pytest.mark.since("0.10.0", "a limit of the time for retries")
async def test_model_that_cannot_be_loaded_is_retried_and_given_up(
    server: Server, monitor: Monitor, tmp_path: Path
) -> None:
    key = ModelKey("failing", "1.0")
    config = f"maxRetryTimeoutInSec: {RETRY_S}\n"
    server.register(
        write_archive(server.folder, key.name, key.version, FAILING, config), wait=False
    )

    def counts_down(model: ModelStatus) -> bool:
        return any(w.retry_in_s is not None for _, w in model.verdict.workers)

    retrying = await until_model(monitor, key, counts_down)
    given_up = await until_model(monitor, key, lambda m: m.verdict.health is ModelHealth.GIVEN_UP)

    ((_, worker),) = retrying.verdict.workers
    assert worker.health is WorkerHealth.RETRYING
    assert "next attempt in" in worker.evidence
    assert given_up.verdict.evidence.endswith("; TorchServe has given up")
    found = await until_model(monitor, key, lambda model: model.cause is not None)
    assert found.cause is not None
    assert "the vocabulary is missing" in found.cause.message
    told = Shell(tmp_path).tsmon(*server.options, "describe", key.name)
    assert told.code == 0
    assert "FileNotFoundError: the vocabulary is missing" in told.stdout


@pytest.mark.since("0.8.0", "the length of the queue in descriptions")
def test_blocked_handler_is_stuck_and_a_full_queue_overloaded(server: Server) -> None:
    name = "blocked"
    server.register(write_archive(server.folder, name, "1.0"))
    watch, begin = HealthWatch(), Instant.now()

    def judge(seconds: float = 0.0) -> ModelVerdict:
        """The verdict that is given if so much more time has passed."""
        later = timedelta(seconds=seconds)
        at = Instant(begin.monotonic + seconds, begin.wall + later)
        return watch.judge(at, [server.describe(name)])[name, "1.0"]

    with waiting(server, name, 1 + QUEUE_SIZE):
        taken = f"{QUEUE_SIZE} of {QUEUE_SIZE} queue places used"
        full = until(judge, lambda verdict: verdict.evidence == taken)
        assert full.health is ModelHealth.OVERLOADED
        verdicts = [judge(seconds) for seconds in range(0, 80, 10)]

    stuck = verdicts[-1]
    assert [verdict.health for verdict in verdicts[:6]] == [ModelHealth.OVERLOADED] * 6
    assert stuck.health is ModelHealth.STUCK
    assert stuck.evidence == f"{QUEUE_SIZE} requests queued, none answered for 70 s"
    assert stuck.workers[0][1].health is WorkerHealth.STUCK
    healthy = until(lambda: judge(90.0), lambda verdict: verdict.health is ModelHealth.READY)
    assert healthy.evidence == "1 of 1 ready"


async def test_model_without_workers_says_so(server: Server, monitor: Monitor) -> None:
    key = ModelKey("unstaffed", "1.0")
    server.register(write_archive(server.folder, key.name, key.version), workers=0)

    model = await until_model(monitor, key, lambda _: True)

    assert model.verdict.health is ModelHealth.NO_WORKERS
    assert model.verdict.evidence == "scaled to 0: requests are refused"


@contextmanager
def waiting(server: Server, name: str, count: int) -> Iterator[None]:
    """So many requests that are not answered for as long as the context lasts."""
    server.hold()
    with ThreadPoolExecutor(count) as pool:
        sent = [pool.submit(server.predict, name, b"wait") for _ in range(count)]
        try:
            yield
        finally:
            server.release()
    assert [each.result() for each in sent] == [200] * count
