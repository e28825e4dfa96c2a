"""Starting a server from the monitor."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fake import FakeTorchServe
from tests.tui.seat import Seat, watching
from tsmon.serving.errors import AlreadyRunning, PortTaken, ServingError, StartFailed
from tsmon.serving.launch import StartProgress
from tsmon.serving.local_server import LocalServer
from tsmon.serving.plan import ServerPlan
from tsmon.serving.record import ServerRecord
from tsmon.torchserve.client import TorchServe
from tsmon.tui.app import servers
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.screens import start_server
from tsmon.tui.screens.start_server import StartServerDialog, ports_around

Start = Callable[[LocalServer, ServerPlan, Callable[[StartProgress], None]], ServerRecord]


def record_of(plan: ServerPlan) -> ServerRecord:
    return ServerRecord(
        temp_dir=Path("/nowhere"),
        inference=f"http://127.0.0.1:{plan.ports.inference}",
        management=f"http://127.0.0.1:{plan.ports.management}",
        metrics=f"http://127.0.0.1:{plan.ports.metrics}",
        model_store=plan.model_store,
        key_file=None,
        started_at=0.0,
        version="0.12.0",
        ready=True,
    )


async def press_start(seat: Seat) -> None:
    await seat.press("S")
    await seat.until(lambda: isinstance(seat.app.screen, StartServerDialog))
    await seat.until(lambda: seat.app.focused is not None)
    await seat.press("enter")


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> Callable[[Start], None]:
    """Puts something else in place of the real start."""

    def put(start: Start) -> None:
        monkeypatch.setattr(LocalServer, "start", start)

    return put


async def test_a_started_server_is_watched(
    fake: FakeTorchServe,
    options: MonitorOptions,
    starts: Callable[[Start], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go_on = threading.Event()

    def start(
        server: LocalServer, plan: ServerPlan, on_progress: Callable[[StartProgress], None]
    ) -> ServerRecord:
        on_progress(StartProgress("starting Java 21", 1.2))
        go_on.wait(10)
        fake.start()
        fake.load("fresh")
        return record_of(plan)

    def connect(*_: object, read_only: bool) -> TorchServe:
        return fake.client(read_only=read_only)

    starts(start)
    monkeypatch.setattr(servers, "TorchServe", connect)
    fake.kill()
    async with watching(fake, options) as seat:
        await seat.sees("✗ away", "S starts one here")
        await press_start(seat)
        await seat.sees("◌ starting Java 21, 1.2 s")
        go_on.set()
        await seat.sees("● up", "fresh")
        assert seat.app.servers.started is not None
        assert seat.app.servers.started.management == fake.addresses.management


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PortTaken("127.0.0.1:8081", 42, "java"), "127.0.0.1:8081 is taken by java"),
        (StartFailed("it died", "read the log", ["last words"]), "last words"),
    ],
)
async def test_a_failed_start_is_told(
    fake: FakeTorchServe,
    options: MonitorOptions,
    starts: Callable[[Start], None],
    error: ServingError,
    words: str,
) -> None:
    def start(*_: object) -> ServerRecord:
        raise error

    starts(start)
    async with watching(fake, options) as seat:
        await press_start(seat)
        await seat.sees(words, error.hint[:30])
        await seat.press("escape")
        await seat.sees("● up")
        assert seat.app.servers.started is None


async def test_a_server_that_runs_already_is_watched_but_not_ours(
    fake: FakeTorchServe,
    options: MonitorOptions,
    starts: Callable[[Start], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plans: list[ServerPlan] = []

    def start(server: LocalServer, plan: ServerPlan, on_progress: object) -> ServerRecord:
        plans.append(plan)
        raise AlreadyRunning(42, "http://127.0.0.1:8081")

    starts(start)
    monkeypatch.setattr(start_server, "find_running", lambda home: record_of(plans[0]))
    monkeypatch.setattr(
        servers, "TorchServe", lambda *_, read_only: fake.client(read_only=read_only)
    )
    async with watching(fake, options) as seat:
        before = seat.app.session
        await press_start(seat)
        await seat.until(lambda: seat.app.session is not before)
        await seat.sees("● up")
        assert seat.app.servers.started is None


async def test_leaving_the_dialog_gives_the_start_up(
    fake: FakeTorchServe, options: MonitorOptions, starts: Callable[[Start], None]
) -> None:
    ended = threading.Event()

    def start(
        server: LocalServer, plan: ServerPlan, on_progress: Callable[[StartProgress], None]
    ) -> ServerRecord:
        try:
            while True:
                on_progress(StartProgress("waiting", 1.0))
        finally:
            ended.set()

    starts(start)
    async with watching(fake, options) as seat:
        await press_start(seat)
        await seat.sees("◌ waiting, 1 s")
        await seat.press("escape")
        await seat.until(ended.is_set)
        await seat.sees("● up")


def test_a_server_gets_the_usual_neighbours_of_its_management_port() -> None:
    ports = ports_around(18081)
    assert (ports.inference, ports.management, ports.metrics) == (18080, 18081, 18082)
