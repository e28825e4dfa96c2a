"""Events that the monitor notices, on the fake server."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.fake import FakeTorchServe
from tsmon.telemetry.events import EventKind, EventLog
from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.monitor import Monitor


@pytest.fixture
async def monitor(server: FakeTorchServe) -> AsyncIterator[Monitor]:
    async with server.client() as client:
        monitor = Monitor(LiveSource(client))
        await monitor.tick()
        yield monitor


@pytest.fixture
def server() -> FakeTorchServe:
    """A server with one model and one worker."""
    fake = FakeTorchServe()
    fake.load("mnist", "1.0")
    return fake


async def noticed(monitor: Monitor) -> list[tuple[EventKind, str]]:
    """What one more tick brings."""
    before = len(monitor.events.events)
    await monitor.tick()
    return [(event.kind, event.subject) for event in monitor.events.events[before:]]


async def test_nothing_happens_on_a_quiet_server(monitor: Monitor) -> None:
    assert await noticed(monitor) == []


async def test_a_model_of_somebody_else_is_added_and_removed(
    monitor: Monitor, server: FakeTorchServe
) -> None:
    version = server.load("cifar", "2.1")
    assert await noticed(monitor) == [(EventKind.MODEL_ADDED, "cifar 2.1")]

    server.registry.remove(version)
    assert await noticed(monitor) == [(EventKind.MODEL_REMOVED, "cifar 2.1")]


async def test_another_default_version(monitor: Monitor, server: FakeTorchServe) -> None:
    server.load("mnist", "2.0")
    await monitor.tick()

    server.registry.models["mnist"].default = "2.0"

    assert await noticed(monitor) == [(EventKind.DEFAULT_CHANGED, "mnist 2.0")]


async def test_a_worker_that_dies_and_comes_back(monitor: Monitor, server: FakeTorchServe) -> None:
    server.crash("mnist")
    assert await noticed(monitor) == [(EventKind.WORKER_DIED, "mnist 1.0 worker 9000")]

    server.release("mnist")
    assert await noticed(monitor) == [
        (EventKind.WORKER_RESTARTED, "mnist 1.0 worker 9000"),
        (EventKind.WORKER_READY, "mnist 1.0 worker 9000"),
    ]


async def test_a_server_that_goes_away_and_comes_back_with_counters_at_zero(
    monitor: Monitor, server: FakeTorchServe
) -> None:
    server.serve("mnist", n=3)
    await monitor.tick()

    server.kill()
    assert await noticed(monitor) == [(EventKind.SERVER_AWAY, "127.0.0.1:8081")]
    assert await noticed(monitor) == []

    server.start()
    assert await noticed(monitor) == [
        (EventKind.SERVER_BACK, "127.0.0.1:8081"),
        (EventKind.COUNTERS_RESET, "127.0.0.1:8081"),
        (EventKind.MODEL_REMOVED, "mnist 1.0"),
    ]


async def test_later_events_are_told_from_those_already_seen(
    monitor: Monitor, server: FakeTorchServe
) -> None:
    server.load("a")
    await monitor.tick()
    seen = monitor.events.after(None)
    server.load("b")
    await monitor.tick()

    assert [event.subject for event in seen] == ["a 1.0"]
    assert [event.subject for event in monitor.events.after(seen[-1])] == ["b 1.0"]


async def test_the_log_is_bounded(monitor: Monitor, server: FakeTorchServe) -> None:
    log = EventLog(capacity=2)
    log.observe(monitor.latest)
    server.load_many(5)
    await monitor.tick()

    log.observe(monitor.latest)

    assert len(log.events) == 2
