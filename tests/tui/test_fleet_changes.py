"""Marked servers of the fleet, and what is done on all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tests.fake import FakeTorchServe, Loading
from tests.fake.loopback import on_loopback
from tests.tui.seat import PERIOD_S, Seat, seated
from tests.tui.test_fleet import settings_of
from tsmon.config.schema import Config, FleetSettings, ServerSettings
from tsmon.declared import applying
from tsmon.fleet import fleet as fleet_module
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.monitor.screen import MonitorScreen
from tsmon.tui.screens.bulk import ConfirmMany
from tsmon.tui.screens.change_servers import ChangeServers, ServersProgress
from tsmon.tui.screens.fleet import FleetScreen
from tsmon.tui.state.opening import live_session, target_named
from tsmon.tui.widgets.fleet_table import FleetTable

Fakes = dict[str, FakeTorchServe]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Publish without a pause, and do not wait long for requests that no one sends."""
    monkeypatch.setattr(fleet_module, "PUBLISH_S", 0.05)
    monkeypatch.setattr(applying, "GRACE_S", 0.01)


@asynccontextmanager
async def fleet_of(
    home: Path,
    *names: str,
    read_only: tuple[str, ...] = (),
    dead: tuple[str, ...] = (),
    size: tuple[int, int] = (120, 30),
    all_read_only: bool = False,
) -> AsyncIterator[tuple[Seat, Fakes]]:
    """The fleet's page, sorted by name; each server has mnist with a worker."""
    async with AsyncExitStack() as stack:
        fakes: Fakes = {}
        servers: dict[str, ServerSettings] = {}
        for name in names:
            listening = await stack.enter_async_context(on_loopback())
            listening.fake.load("mnist")
            fakes[name] = listening.fake
            servers[name] = settings_of(listening, read_only=name in read_only)
        servers |= {name: ServerSettings("http://127.0.0.1:3") for name in dead}
        options = MonitorOptions(
            period_s=PERIOD_S,
            config=Config(servers=servers, fleet=FleetSettings(period=0.1)),
            server_home=home,
            read_only=all_read_only,
        )
        app = TsmonApp(live_session(target_named(names[0], options), options), options)
        seat = await stack.enter_async_context(seated(app, size=size))
        await seat.press("F")
        await seat.sees("└ mnist 1.0")
        await seat.press("o")
        await seat.sees("by name")
        await seat.until(lambda: len(seat.find(FleetTable).lines) == 2 * len(names) + len(dead))
        await seat.press("home")
        yield seat, fakes


def workers(fakes: Fakes) -> list[int]:
    return [fake.version("mnist").min_workers for fake in fakes.values()]


async def ask(seat: Seat, key: str) -> None:
    await seat.press(key)
    await seat.until(lambda: isinstance(seat.app.screen, ChangeServers))


async def fill(seat: Seat, field: str, text: str) -> None:
    seat.app.screen.query_one(f"#{field} Input").focus()
    await seat.until(lambda: seat.app.focused is seat.app.screen.query_one(f"#{field} Input"))
    await seat.write(text)


async def agree(seat: Seat, many: int) -> None:
    await seat.until(lambda: isinstance(seat.app.screen, ConfirmMany))
    await seat.sees(f"Type {many} to continue")
    await seat.write(str(many))
    await seat.press("enter")


async def test_space_marks_servers_and_esc_takes_marks_before_it_goes_back(tmp_path: Path) -> None:
    async with fleet_of(tmp_path, "a", "b", "c") as (seat, _):
        await seat.press("space", "space")
        await seat.sees("◆ 2 servers marked", "◆ a", "◆ b")
        line = seat.find(FleetTable).line
        assert line is not None and line.server.target.name == "c"
        await seat.press("M")
        await seat.sees("3 servers marked")
        await seat.press("M")
        await seat.misses("marked")
        await seat.press("slash")
        await seat.write("~a|b")
        await seat.press("enter", "M")
        await seat.press("escape")
        await seat.misses("marked")
        assert isinstance(seat.app.screen, FleetScreen)


async def test_marked_servers_are_scaled_one_after_the_other(tmp_path: Path) -> None:
    async with fleet_of(tmp_path, "a", "b", "c") as (seat, fakes):
        fakes["b"].registry.scale(fakes["b"].version("mnist"), 3, 3)
        await seat.press("M")
        await ask(seat, "s")
        await fill(seat, "workers", "3")
        await seat.sees(
            "Scale on 3 servers",
            "a  scale mnist 1.0: 1 worker → 3 workers",
            "b  nothing to do: it is as it should be",
            "c  scale mnist 1.0: 1 worker → 3 workers",
        )
        await seat.press("enter")
        await seat.until(lambda: isinstance(seat.app.screen, ServersProgress))
        await seat.sees("✓ a  done, 1 of 1 step", "– b  nothing to do", "✓ c  done, 1 of 1 step")
        assert workers(fakes) == [3, 3, 3]
        assert not fakes["b"].sent("PUT")
        await seat.press("escape")
        await seat.sees("✓ Scale mnist 1.0 to 3 workers: 2 done, 1 unchanged", "U undoes it")
        assert len(list((tmp_path / "states").glob("*.toml"))) == 2


async def test_undo_shows_its_plan_and_puts_back_what_was_there(tmp_path: Path) -> None:
    async with fleet_of(tmp_path, "a", "b") as (seat, fakes):
        await seat.press("M")
        await ask(seat, "s")
        await fill(seat, "workers", "2")
        await seat.press("enter")
        await seat.sees("2 done")
        await seat.press("escape", "U")
        await seat.until(lambda: isinstance(seat.app.screen, ConfirmMany))
        await seat.sees("a  scale mnist 1.0: 2 workers → 1 worker")
        assert workers(fakes) == [2, 2]
        await seat.press("tab", "enter")
        await seat.until(lambda: workers(fakes) == [1, 1])
        await seat.sees("Undo: Scale mnist 1.0 to 2 workers", "2 done")


async def test_it_stops_at_the_first_failure_and_offers_the_way_back(tmp_path: Path) -> None:
    async with fleet_of(tmp_path, "a", "b", "c") as (seat, fakes):
        fakes["a"].archive("new")
        fakes["b"].archive("new", loading=Loading.DIES)
        await seat.press("M")
        await ask(seat, "r")
        await fill(seat, "archive", "new.mar")
        await fill(seat, "model", "new")
        await fill(seat, "version", "1.0")
        await seat.sees("c  register new 1.0: new.mar, 1 worker")
        await seat.press("enter")
        await seat.sees("✓ a  done", "✗ b  register new 1.0", "· c  not tried", "Undo …")
        assert not fakes["c"].sent("POST")
        await seat.press("shift+tab", "enter")
        await seat.sees("Undo: Register new 1.0 on 2 servers?")
        await agree(seat, 2)
        await seat.sees("2 done")
        assert all("new" not in fake.registry.models for fake in fakes.values())


async def test_unregister_wants_the_number_of_servers_typed(tmp_path: Path) -> None:
    async with fleet_of(tmp_path, "a", "b") as (seat, fakes):
        await seat.press("M")
        await ask(seat, "u")
        await seat.sees("! a  unregister mnist 1.0: 1 worker → none")
        await seat.press("enter")
        await agree(seat, 2)
        await seat.sees("2 done")
        assert not any(fake.registry.models for fake in fakes.values())


async def test_a_version_is_replaced_on_all(tmp_path: Path) -> None:
    async with fleet_of(tmp_path, "a", "b") as (seat, fakes):
        for fake in fakes.values():
            fake.archive("mnist", "2.0", url="mnist-2.mar")
        await seat.press("M")
        await ask(seat, "R")
        await fill(seat, "archive", "mnist-2.mar")
        await fill(seat, "new", "2.0")
        await fill(seat, "at-once", "2")
        await seat.sees("register mnist 2.0", "set default mnist 2.0", "unregister mnist 1.0")
        await seat.press("enter")
        await seat.until(lambda: isinstance(seat.app.screen, ConfirmMany))
        await seat.press("tab", "enter")
        await seat.sees("2 done")
        for fake in fakes.values():
            assert list(fake.registry.models["mnist"].versions) == ["2.0"]


async def test_who_cannot_be_changed_is_refused_by_name_before_anything_begins(
    tmp_path: Path,
) -> None:
    async with fleet_of(tmp_path, "a", "b", read_only=("b",), dead=("x",)) as (seat, fakes):
        await seat.press("M", "s")
        await seat.sees("nothing is begun", "b: it is read-only")
        await seat.press("escape", "space", "end", "space", "s")
        await seat.sees("x: no TorchServe is answering")
        assert isinstance(seat.app.screen, FleetScreen)
        assert workers(fakes) == [1, 1]


async def test_a_read_only_session_asks_nothing(tmp_path: Path) -> None:
    async with fleet_of(tmp_path, "a", all_read_only=True) as (seat, _):
        for key, word in (("s", "scale"), ("r", "register"), ("R", "replace"), ("u", "unregister")):
            await seat.press(key)
            await seat.sees(f"read-only: {word} is refused")
        await seat.press("U")
        await seat.sees("read-only: undo is refused")


async def test_it_continues_when_the_page_is_left_and_its_end_is_reported(tmp_path: Path) -> None:
    async with fleet_of(tmp_path, "a", "b") as (seat, fakes):
        fakes["a"].version("mnist").archive.loading = Loading.HELD
        await seat.press("M")
        await ask(seat, "s")
        await fill(seat, "workers", "2")
        await seat.press("enter")
        await seat.sees("◌ a  scale mnist 1.0", "○ b  waiting", "closes, it continues")
        await seat.press("escape")
        await seat.sees("◌ Scale mnist 1.0 to 2 workers: 1 waiting, 1 in progress")
        await seat.press("s")
        await seat.sees("servers are being changed")
        await seat.press("m", "escape")
        await seat.until(lambda: isinstance(seat.app.screen, MonitorScreen))
        await seat.press("F", "w")
        await seat.until(lambda: isinstance(seat.app.screen, ServersProgress))
        await seat.press("escape", "escape")
        await seat.until(lambda: isinstance(seat.app.screen, MonitorScreen))
        fakes["a"].release("mnist")
        await seat.sees("Scale mnist 1.0 to 2 workers, 2 servers: 2 done")
        assert workers(fakes) == [2, 2]


async def test_a_stop_leaves_the_servers_that_were_not_begun(tmp_path: Path) -> None:
    async with fleet_of(tmp_path, "a", "b") as (seat, fakes):
        fakes["a"].version("mnist").archive.loading = Loading.HELD
        await seat.press("M")
        await ask(seat, "s")
        await fill(seat, "workers", "2")
        await seat.press("enter")
        await seat.sees("◌ a  scale mnist 1.0")
        await seat.press("shift+tab", "enter")
        await seat.sees("stopping after the step in progress")
        fakes["a"].release("mnist")
        await seat.sees("■ a  stopped", "· b  not tried", "Undo …")
        assert workers(fakes) == [2, 1]


@pytest.mark.parametrize("size", [(60, 20), (80, 24)])
async def test_the_dialogs_fit(tmp_path: Path, size: tuple[int, int]) -> None:
    async with fleet_of(tmp_path, "a", "b", size=size) as (seat, _):
        await seat.press("M")
        for key in "srRu":
            await ask(seat, key)
            await seat.sees("Cancel", "servers at a time")
            assert max(map(len, seat.text.splitlines())) <= size[0]
            await seat.press("escape")
            await seat.until(lambda: isinstance(seat.app.screen, FleetScreen))
