"""In a read-only session no key and no command of the monitor changes a server."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.fake import FakeTorchServe
from tests.tui.seat import Seat, seated, watching
from tsmon.config.schema import Config, ServerSettings
from tsmon.serving.local_server import LocalServer
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.commands.table import COMMANDS
from tsmon.tui.keymap import KEYS
from tsmon.tui.state.opening import live_session, target_named
from tsmon.tui.state.session import LiveSession

READING = {"GET", "OPTIONS"}
LEAVING = {"app.quit", "app.suspend", "steps.quit"}
ARGUMENTS = {"server": "other", "model": "mnist", "scale": "1", "go": "-1s", "theme": "nord"}


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeTorchServe:
    """A server of two versions with traffic; no process may be started or ended beside it."""

    def forbidden(*words: object, **_: object) -> None:
        pytest.fail(f"something was started or stopped: {words}")

    monkeypatch.setattr(LocalServer, "cleared", forbidden)
    monkeypatch.setattr(LocalServer, "_end", forbidden)
    monkeypatch.setattr("psutil.Process.terminate", forbidden)
    server = FakeTorchServe(key_file=tmp_path / "key_file.json")
    server.archive("mnist", "3.0", url="mnist.mar")
    server.load("mnist", workers=2)
    server.load("mnist", "2.0")
    server.serve("mnist", n=50)
    return server


def changes(fake: FakeTorchServe) -> list[str]:
    return [
        f"{request.method} {request.url}"
        for request in fake.requests
        if request.url.path == "/token"
        or (request.method not in READING and not request.url.path.startswith("/predictions"))
    ]


async def answer(seat: Seat) -> None:
    """Answer what is asked with yes, and come back to the monitor."""
    if len(seat.app.screen_stack) > 1:
        await seat.press("enter", "escape")
    while len(seat.app.screen_stack) > 1:
        before = len(seat.app.screen_stack)
        await seat.press("escape")
        await seat.until(lambda: len(seat.app.screen_stack) < before)  # noqa: B023


async def test_no_key_of_the_monitor_changes_anything(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(fake, options, read_only=True) as seat:
        await seat.sees("READ-ONLY", "2/2")
        for key in KEYS:
            if key.id not in LEAVING:
                await seat.press(key.names[0])
                await answer(seat)
        assert changes(fake) == []


async def test_a_key_that_changes_says_that_it_is_refused(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    changing = [key for key in KEYS if key.changes]
    assert len(changing) > 8
    async with watching(fake, options, read_only=True) as seat:
        for key in changing:
            await seat.press(key.names[0])
            await seat.sees(f"read-only: {key.label} is refused")


async def test_no_command_changes_anything(fake: FakeTorchServe, options: MonitorOptions) -> None:
    words = [
        f"{each.name} {ARGUMENTS.get(each.name, '1')}" for each in COMMANDS if each.name != "q"
    ]
    words += [key.id for key in KEYS if key.id not in LEAVING]
    async with watching(fake, options, read_only=True) as seat:
        await seat.sees("READ-ONLY", "2/2")
        for line in words:
            await seat.press("colon")
            await seat.write(line)
            await seat.press("enter")
            await answer(seat)
        assert changes(fake) == []


async def test_other_servers_are_read_only_as_well(fake: FakeTorchServe, tmp_path: Path) -> None:
    settings = ServerSettings(url=fake.addresses.management)
    options = MonitorOptions(config=Config(servers={"other": settings}), read_only=True)
    session = live_session(target_named("other", options), options)
    assert session.read_only
    await session.close()


async def test_where_no_server_is_none_is_offered_to_be_started(options: MonitorOptions) -> None:
    fake = FakeTorchServe()
    fake.kill()
    options = replace(options, welcome=True)
    app = TsmonApp(LiveSession(fake.client(read_only=True), options.period_s), options)
    async with seated(app) as seat:
        await seat.sees("READ-ONLY", "connection refused")
        await seat.misses("No TorchServe here yet")
        await seat.press("S")
        await seat.sees("read-only: start server is refused")
