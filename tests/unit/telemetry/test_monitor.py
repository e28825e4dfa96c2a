"""The monitor's loop and what it makes of a server that comes, goes and changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from tests.fake import FakeTorchServe
from tests.fake.archives import Loading
from tests.unit.telemetry.scrapes import at
from tsmon.telemetry.health.verdicts import ModelHealth
from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.monitor import LONGEST_BACKOFF_S, Monitor
from tsmon.telemetry.scrape import MetricsMode
from tsmon.telemetry.snapshot import ModelKey, ServerState, Snapshot
from tsmon.telemetry.source import Observation
from tsmon.telemetry.traffic import Missing, Usage
from tsmon.torchserve.errors import Unreachable

MNIST = ModelKey("mnist", "1.0")


@pytest.fixture
def server() -> FakeTorchServe:
    return FakeTorchServe()


@pytest.fixture
async def monitor(server: FakeTorchServe) -> AsyncIterator[Monitor]:
    async with server.client() as client:
        yield Monitor(LiveSource(client))


class ManualSource:
    """Observes nothing, when the test lets it."""

    label = "manual"

    def __init__(self) -> None:
        self.begun: asyncio.Queue[None] = asyncio.Queue()
        self.let_end = asyncio.Semaphore(0)
        self.under_way = 0
        self.most_under_way = 0

    async def observe(self, focus: ModelKey | None) -> Observation:
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        self.begun.put_nowait(None)
        await self.let_end.acquire()
        self.under_way -= 1
        away = Unreachable("away")
        return Observation(at(0), None, away, away)


async def test_model_that_the_server_gave_up_is_so_at_the_first_tick(
    server: FakeTorchServe, monitor: Monitor
) -> None:
    server.load("mnist")
    server.load("held", loading=Loading.HELD)
    server.ping = "Unhealthy"
    snapshot = await monitor.tick()
    held, mnist = (model.verdict for model in snapshot.models)
    assert (held.health, held.inferred) == (ModelHealth.GIVEN_UP, True)
    assert mnist.health is ModelHealth.READY


async def test_tick_joins_models_workers_and_traffic(
    server: FakeTorchServe, monitor: Monitor
) -> None:
    server.load("mnist", workers=2)
    await monitor.tick()
    server.serve("mnist", n=10, inference_ms=8.0, queue_ms=0.5)
    snapshot = await monitor.tick()
    model = snapshot.model(MNIST)
    assert model is not None
    assert (model.ready, model.wanted, model.gone) == (2, 2, None)
    assert isinstance(model.traffic.interval, Usage)
    assert (model.traffic.interval.arrived, model.traffic.interval.inference_ms) == (10, 8.0)
    assert (snapshot.server.state, snapshot.server.version) == (ServerState.UP, "0.12.0")
    assert (snapshot.server.model_api, snapshot.metrics.mode) == (True, MetricsMode.PROMETHEUS)
    assert not snapshot.stale
    assert monitor.latest is snapshot


async def test_before_the_first_answer_it_is_connecting(monitor: Monitor) -> None:
    assert monitor.latest.server.state is ServerState.CONNECTING
    assert monitor.latest.server.label == "127.0.0.1:8081"


async def test_empty_metrics_are_mode_log_and_no_counters() -> None:
    server = FakeTorchServe(metrics_mode="log")
    server.load("mnist")
    async with _monitor(server) as monitor:
        snapshot = await monitor.tick()
    assert snapshot.metrics.mode is MetricsMode.LOG
    assert snapshot.models[0].traffic.interval is Missing.NO_COUNTERS


async def test_while_the_server_is_away_the_last_models_and_times_are_kept(
    server: FakeTorchServe, monitor: Monitor
) -> None:
    server.load("mnist")
    up = await monitor.tick()
    server.kill()
    away = await monitor.tick()
    assert (away.server.state, away.stale) == (ServerState.AWAY, True)
    assert isinstance(away.server.problem, Unreachable)
    assert [model.key for model in away.models] == [MNIST]
    assert (away.server.last_answer, away.server.version) == (up.at, "0.12.0")
    assert away.metrics.last_scrape == up.metrics.last_scrape
    assert away.metrics.mode is MetricsMode.PROMETHEUS
    assert away.at.since(up.at) > 0


async def test_models_a_restarted_server_forgot_are_gone_and_others_are_not(
    server: FakeTorchServe, monitor: Monitor
) -> None:
    server.load("mnist")
    server.load("kept", at_start=True)
    await monitor.tick()
    server.kill()
    await monitor.tick()
    server.start()
    snapshot = await monitor.tick()
    assert [(model.key.name, bool(model.gone)) for model in snapshot.models] == [
        ("kept", False),
        ("mnist", True),
    ]


async def test_restart_between_two_ticks_is_seen_by_its_counters(
    server: FakeTorchServe, monitor: Monitor
) -> None:
    server.load("mnist")
    server.serve("mnist", n=1000)
    await monitor.tick()
    server.restart()
    server.load("other")
    server.serve("other", n=1)
    snapshot = await monitor.tick()
    assert snapshot.server.lives == 1
    assert [(model.key.name, bool(model.gone)) for model in snapshot.models] == [
        ("mnist", True),
        ("other", False),
    ]
    assert snapshot.models[1].traffic.interval is Missing.RESTARTED


async def test_dismissed_model_leaves_with_its_history(
    server: FakeTorchServe, monitor: Monitor
) -> None:
    server.load("mnist")
    await monitor.tick()
    server.kill()
    await monitor.tick()
    monitor.dismiss(MNIST)
    server.start()
    assert (await monitor.tick()).models == ()
    assert monitor.history.points(MNIST, 60, monitor.latest.at) == []


async def test_failed_scrape_is_a_gap_in_the_history(
    server: FakeTorchServe, monitor: Monitor
) -> None:
    server.load("mnist")
    await monitor.tick()
    server.serve("mnist")
    await monitor.tick()
    server.fail("/metrics", httpx.ReadTimeout, times=1)
    snapshot = await monitor.tick()
    assert snapshot.metrics.problem is not None
    await monitor.tick()
    points = monitor.history.points(MNIST, 60, monitor.latest.at)
    assert [point.per_second is None for point in points] == [False, False, True, False]


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        (httpx.ConnectError, ServerState.AWAY),
        (httpx.ReadTimeout, ServerState.SLOW),
        (httpx.Response(200, text="<html>"), ServerState.STRANGE),
        (httpx.Response(500, json={"code": 500, "message": "boom"}), ServerState.FAILING),
    ],
    ids=["away", "slow", "strange", "failing"],
)
async def test_state_says_how_the_server_does_not_answer(
    server: FakeTorchServe,
    monitor: Monitor,
    fault: httpx.Response | type[httpx.TransportError],
    state: ServerState,
) -> None:
    server.fail("/", fault)
    assert (await monitor.tick()).server.state is state


async def test_expired_key_is_a_state_of_its_own_that_ends_with_a_new_key(tmp_path: Path) -> None:
    server = FakeTorchServe(key_file=tmp_path / "key_file.json")
    async with _monitor(server) as monitor:
        assert (await monitor.tick()).server.state is ServerState.UP
        server.keys.expire("management")
        assert (await monitor.tick()).server.state is ServerState.TOKEN_REFUSED
        server.keys.renew("management")
        assert (await monitor.tick()).server.state is ServerState.UP


async def test_pause_grows_while_the_server_is_away_up_to_a_limit_and_then_is_the_period(
    server: FakeTorchServe, monitor: Monitor
) -> None:
    server.kill()
    pauses = [(await monitor.tick()).next_poll_s for _ in range(12)]
    assert pauses[0] == monitor.period_s
    assert all(later > earlier for earlier, later in pairwise(pauses[:4]))
    assert all(0.8 * LONGEST_BACKOFF_S <= pause <= LONGEST_BACKOFF_S for pause in pauses[5:])
    server.start()
    assert (await monitor.tick()).next_poll_s == monitor.period_s


async def test_pause_is_never_shorter_than_the_period(server: FakeTorchServe) -> None:
    server.kill()
    async with server.client() as client:
        monitor = Monitor(LiveSource(client), period_s=60)
        pauses = [(await monitor.tick()).next_poll_s for _ in range(3)]
    assert pauses == [60, 60, 60]


async def test_tick_begins_only_when_the_one_before_has_ended() -> None:
    source = ManualSource()
    async with _running(Monitor(source, period_s=0)) as published:
        for _ in range(3):
            await source.begun.get()
            source.let_end.release()
            await published.get()
        assert source.most_under_way == 1


async def test_each_poke_brings_one_tick_at_once() -> None:
    source = ManualSource()
    monitor = Monitor(source, period_s=10_000)
    async with _running(monitor) as published:
        for _ in range(3):
            await source.begun.get()
            source.let_end.release()
            await published.get()
            await _let_others_run()
            assert source.begun.empty()
            monitor.poke()


async def test_poke_during_a_tick_is_not_lost() -> None:
    source = ManualSource()
    monitor = Monitor(source, period_s=10_000)
    async with _running(monitor) as published:
        await source.begun.get()
        monitor.poke()
        source.let_end.release()
        await published.get()
        await source.begun.get()


async def _let_others_run() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


@asynccontextmanager
async def _monitor(server: FakeTorchServe) -> AsyncIterator[Monitor]:
    async with server.client() as client:
        yield Monitor(LiveSource(client))


@asynccontextmanager
async def _running(monitor: Monitor) -> AsyncIterator[asyncio.Queue[Snapshot]]:
    """The monitor's loop under way, and what it publishes; a test that hangs fails instead."""
    published: asyncio.Queue[Snapshot] = asyncio.Queue()
    loop = asyncio.create_task(monitor.run(published.put_nowait))
    try:
        async with asyncio.timeout(10):
            yield published
    finally:
        loop.cancel()


async def test_ticks_between_which_nothing_changed_hold_the_same_answer_once(
    server: FakeTorchServe, monitor: Monitor
) -> None:
    server.load("mnist")
    first = (await monitor.tick()).models[0].described
    same = (await monitor.tick()).models[0].described
    server.registry.scale(server.version("mnist"), 2, 2)
    other = (await monitor.tick()).models[0].described

    assert same is first
    assert other is not first
    assert len(other.workers) == 2


async def test_an_error_is_kept_without_what_its_traceback_holds(
    server: FakeTorchServe, monitor: Monitor
) -> None:
    server.kill()
    snapshot = await monitor.tick()

    for problem in (snapshot.server.problem, snapshot.metrics.problem):
        assert isinstance(problem, Unreachable)
        assert problem.__traceback__ is None
        assert problem.__cause__ is problem.__context__ is None
