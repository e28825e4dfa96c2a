"""Events that the monitor notices, on the fake server."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.fake import FakeTorchServe, Loading
from tsmon.config.schema import EVENT_KINDS
from tsmon.telemetry.events import BURST, TOKEN_SOON, Event, EventKind, EventLog, between
from tsmon.telemetry.health.verdicts import WorkerHealth, WorkerVerdict
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.logs.causes import Cause
from tsmon.telemetry.logs.known_exceptions import CauseKind
from tsmon.telemetry.logs.request_report import RequestReport
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.snapshot import ModelKey, ModelStatus, Snapshot
from tsmon.torchserve.tokens import KeyKind


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


async def test_the_events_about_a_version_are_its_own_and_those_of_its_server(
    monitor: Monitor, server: FakeTorchServe
) -> None:
    server.load("mnist", "1.0.1")
    server.load("cifar")
    await monitor.tick()
    start = monitor.latest.at
    server.crash("mnist", "1.0")
    await monitor.tick()
    server.kill()
    await monitor.tick()

    key, end = ModelKey("mnist", "1.0"), monitor.latest.at
    everything = monitor.events.about(key, 60.0, end)
    assert [event.kind for event in everything] == [
        EventKind.WORKER_DIED,
        EventKind.SERVER_AWAY,
    ]
    assert monitor.events.about(key, 0.0, end) == everything[1:]
    assert monitor.events.about(key, 60.0, start) == []


async def test_the_log_is_bounded(monitor: Monitor, server: FakeTorchServe) -> None:
    log = EventLog(capacity=2)
    log.observe(monitor.latest)
    server.load_many(5)
    await monitor.tick()

    log.observe(monitor.latest)

    assert len(log.events) == 2


async def test_an_archive_put_in_the_place_of_another(
    monitor: Monitor, server: FakeTorchServe
) -> None:
    before = monitor.latest
    (model,) = before.models
    after = with_model(
        before, replace(model, described=dataclasses.replace(model.described, url="new.mar"))
    )

    (event,) = between(before, after)

    assert (event.kind, event.subject) == (EventKind.MODEL_REPLACED, "mnist 1.0")
    assert event.text.endswith("→ new.mar")


async def test_another_number_of_workers_is_wanted(
    monitor: Monitor, server: FakeTorchServe
) -> None:
    server.registry.models["mnist"].versions["1.0"].min_workers = 3

    assert (EventKind.WORKERS_CHANGED, "mnist 1.0") in await noticed(monitor)


@pytest.mark.parametrize(
    ("health", "kind"),
    [
        (WorkerHealth.STUCK, EventKind.WORKER_STUCK),
        (WorkerHealth.GIVEN_UP, EventKind.WORKER_GIVEN_UP),
    ],
)
async def test_a_worker_that_is_lost_is_told_once_with_its_evidence(
    monitor: Monitor, health: WorkerHealth, kind: EventKind
) -> None:
    before = monitor.latest
    (model,) = before.models
    (worker,) = model.workers
    lost = replace(worker, verdict=replace(worker.verdict, health=health, evidence="because"))
    after = with_model(before, replace(model, workers=(lost,)))

    assert told(before, after) == [(kind, "mnist 1.0 worker 9000", "because")]
    assert told(after, after) == []


async def test_a_worker_that_dies_at_load_is_told_so_and_its_next_attempt_is_no_restart(
    monitor: Monitor, server: FakeTorchServe
) -> None:
    server.load("speech", loading=Loading.DIES)
    await monitor.tick()
    await monitor.tick()  # whether its first process was loading when it was first seen is unknown

    died = [(EventKind.WORKER_DIED_AT_LOAD, "speech 1.0 worker 9001")]
    assert await noticed(monitor) == died
    assert await noticed(monitor) == died


@pytest.mark.parametrize("cause", [None, "FileNotFoundError: speech.pt"])
async def test_the_last_death_at_load_comes_before_giving_up(
    monitor: Monitor, cause: str | None
) -> None:
    (model,) = monitor.latest.models
    (worker,) = model.workers
    dying = WorkerVerdict(WorkerHealth.RETRYING, "died 2 times", 2, failed_load=True)
    given_up = WorkerVerdict(WorkerHealth.GIVEN_UP, "died 3 times", 3, failed_load=True)
    old = replace(model, workers=(replace(worker, verdict=dying),))
    process = replace(worker.worker, pid=4711, status="UNLOADING")
    lost = (replace(worker, worker=process, verdict=given_up),)
    why = cause_of(worker.worker.id, cause) if cause else None

    events = told(
        with_model(monitor.latest, old),
        with_model(monitor.latest, replace(model, workers=lost, cause=why)),
    )

    subject = "mnist 1.0 worker 9000"
    assert events == [
        (EventKind.WORKER_DIED_AT_LOAD, subject, cause or "died 3 times"),
        (EventKind.WORKER_GIVEN_UP, subject, "died 3 times"),
    ]


async def test_deaths_that_the_log_only_now_shows_are_no_events(monitor: Monitor) -> None:
    (model,) = monitor.latest.models
    (worker,) = model.workers
    unsure = WorkerVerdict(WorkerHealth.RETRYING, "not ready", inferred=True)
    sure = WorkerVerdict(WorkerHealth.RETRYING, "died 12 times", 12, failed_load=True)
    before, after = (
        with_model(monitor.latest, replace(model, workers=(replace(worker, verdict=each),)))
        for each in (unsure, sure)
    )

    assert told(before, after) == []


def cause_of(worker_id: str, message: str) -> Cause:
    at = datetime(2026, 11, 22, 14, 3)
    return Cause(CauseKind.UNKNOWN, message, (), "", worker_id, "mnist", "1.0", at)


async def test_a_burst_of_server_errors_is_told_once_and_a_single_one_is_not(
    monitor: Monitor,
) -> None:
    #         quiet, a few, a burst that goes on, its end, another one long after
    counts = [(0, 3), (1, 7), (2, 7 + BURST), (3, 20), (9, 90), (30, 90), (31, 99)]

    events = bursts(monitor.latest, counts)

    assert [(event.subject, event.text) for event in events] == [
        ("mnist 1.0", f"{BURST} requests failed within one tick"),
        ("mnist 1.0", "9 requests failed within one tick"),
    ]
    assert [event.at.since(monitor.latest.at) for event in events] == [2, 31]


async def test_failures_from_before_the_monitor_was_opened_are_no_burst(monitor: Monitor) -> None:
    assert bursts(monitor.latest, [(0, 500), (1, 500), (2, 400)]) == []


async def test_a_refused_token_and_the_one_that_takes_its_place(tmp_path: Path) -> None:
    server = FakeTorchServe(key_file=tmp_path / "key_file.json")
    async with server.client() as client:
        monitor = Monitor(LiveSource(client))
        await monitor.tick()

        server.keys.expire("management")
        assert await noticed(monitor) == [(EventKind.TOKEN_REFUSED, "127.0.0.1:8081")]

        server.keys.renew("management")
        assert (EventKind.TOKEN_REFRESHED, "management token") in await noticed(monitor)
        assert await noticed(monitor) == []


async def test_a_token_that_ends_is_told_five_minutes_before_and_when_it_does(
    monitor: Monitor,
) -> None:
    ends = monitor.latest.at.wall + timedelta(hours=1)
    start = replace(monitor.latest, token_ends={KeyKind.MANAGEMENT: ends})
    moments = [start, at_wall(start, ends - TOKEN_SOON), at_wall(start, ends), at_wall(start, ends)]

    log = EventLog()
    for moment in moments:
        log.observe(moment)

    assert [event.kind for event in log.events] == [
        EventKind.TOKEN_EXPIRES_SOON,
        EventKind.TOKEN_EXPIRED,
    ]
    assert "tsmon token refresh" in log.events[0].text
    assert all(event.kind.is_bad for event in log.events)


async def test_a_key_file_that_is_read_for_the_first_time_is_no_refresh(monitor: Monitor) -> None:
    ends = monitor.latest.at.wall + timedelta(hours=1)

    assert told(monitor.latest, replace(monitor.latest, token_ends={KeyKind.INFERENCE: ends})) == []


def told(before: Snapshot, after: Snapshot) -> list[tuple[EventKind, str, str]]:
    return [(event.kind, event.subject, event.text) for event in between(before, after)]


def with_model(snapshot: Snapshot, model: ModelStatus) -> Snapshot:
    return replace(snapshot, models=(model,))


def bursts(snapshot: Snapshot, counts: Sequence[tuple[float, int]]) -> list[Event]:
    """The events if by these seconds so many requests of five minutes had ended with 500."""
    (model,) = snapshot.models
    log = EventLog()
    for second, failed in counts:
        at = Instant(snapshot.at.monotonic + second, snapshot.at.wall + timedelta(seconds=second))
        report = RequestReport({}, {}, {200: 1000, 500: failed})
        log.observe(replace(with_model(snapshot, replace(model, requests=report)), at=at))
    return list(log.events)


def at_wall(snapshot: Snapshot, wall: datetime) -> Snapshot:
    return replace(snapshot, at=Instant(snapshot.at.monotonic, wall))


def test_the_configuration_knows_every_kind() -> None:
    assert set(EVENT_KINDS) == {kind.value for kind in EventKind} - {EventKind.NOTE.value}
