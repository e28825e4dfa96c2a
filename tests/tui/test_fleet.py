"""The fleet screen, and watching another server from there."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.widgets import OptionList

from tests.fake import FakeTorchServe
from tests.fake.loopback import Loopback, on_loopback
from tests.kubectl_stand_in import Cluster
from tests.kubectl_stand_in import install as install_kubectl
from tests.tui.seat import PERIOD_S, Seat, seated, watching
from tests.unit.telemetry.prometheus.fake import JOB, FakePrometheus
from tsmon.config.schema import Config, FleetSettings, ServerColor, ServerSettings
from tsmon.fleet import fleet as fleet_module
from tsmon.fleet.pods import end_forwards
from tsmon.fleet.targets import FleetTarget, Origin
from tsmon.serving.servers_here import RunningServer
from tsmon.telemetry.prometheus import client as prometheus_client
from tsmon.telemetry.scrape import Counters, SeriesKey
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.errors import InvalidArgument
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.monitor.screen import MonitorScreen
from tsmon.tui.screens.choose_server import ChooseServer
from tsmon.tui.screens.fleet import FleetScreen
from tsmon.tui.state.opening import live_session, session_of, target_named
from tsmon.tui.state.session import LiveSession, PrometheusSession
from tsmon.tui.widgets.fleet_table import FleetTable


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Publish without a pause."""
    monkeypatch.setattr(fleet_module, "PUBLISH_S", 0.05)


def settings_of(
    listening: Loopback, *, read_only: bool = False, color: ServerColor = ""
) -> ServerSettings:
    addresses = listening.fake.addresses
    return ServerSettings(
        addresses.management,
        addresses.inference,
        addresses.metrics,
        read_only=read_only,
        color=color,
    )


@asynccontextmanager
async def two_servers(
    fleet: FleetSettings = FleetSettings(period=0.1),  # noqa: B008 (frozen)
    *,
    size: tuple[int, int] = (120, 30),
) -> AsyncIterator[Seat]:
    """The monitor on `home`; the fleet has `prod` too, which is read-only, and `dead`."""
    async with AsyncExitStack() as stack:
        home = await stack.enter_async_context(on_loopback())
        prod = await stack.enter_async_context(on_loopback())
        home.fake.load("mnist")
        prod.fake.load("mnist", workers=2)
        prod.fake.load("resnet", workers=1)
        servers = {
            "home": settings_of(home, color="green"),
            "prod": settings_of(prod, read_only=True, color="red"),
            "dead": ServerSettings("http://127.0.0.1:3"),
        }
        options = MonitorOptions(period_s=PERIOD_S, config=Config(servers=servers, fleet=fleet))
        session = live_session(target_named("home", options), options)
        app = TsmonApp(session, options)
        yield await stack.enter_async_context(seated(app, size=size))


def names(seat: Seat) -> list[str]:
    """The servers of the table from top to bottom, by their first word."""
    rows = [line.split() for line in seat.text.splitlines()]
    return [row[0] for row in rows if row and row[0] in {"home", "prod", "dead"}]


def _are_shown(seat: Seat, order: list[str]) -> bool:
    return names(seat) == order


async def open_fleet(seat: Seat) -> None:
    await seat.press("F")
    await seat.sees("3 servers", "2 up", "✗ away 1", "2/2", "3/3")


async def test_the_bar_names_the_server_that_is_watched() -> None:
    async with two_servers() as seat:
        await seat.sees("home", "● up")


async def test_all_servers_are_there_the_worst_first() -> None:
    async with two_servers() as seat:
        await open_fleet(seat)

        assert names(seat) == ["dead", "home", "prod"]
        await seat.sees("READ-ONLY", "└ resnet 1.0", "connection refused")


async def test_enter_watches_the_server_of_the_row() -> None:
    async with two_servers() as seat:
        old = seat.app.session
        await open_fleet(seat)
        await seat.press("down", "down", "down")
        chosen = seat.find(FleetTable).line
        assert chosen and chosen.server.target.name == "prod"

        await seat.press("enter")

        await seat.until(lambda: isinstance(seat.app.screen, MonitorScreen))
        await seat.sees("prod", "resnet", "READ-ONLY", "watching prod")
        assert seat.app.session is not old
        assert seat.app.session.read_only
        await seat.until(lambda: seat.monitor.model is not None)


async def test_escape_goes_back_to_where_one_was() -> None:
    async with two_servers() as seat:
        await seat.press("2")
        focused = seat.app.focused
        old = seat.app.session
        await open_fleet(seat)

        await seat.press("escape")

        await seat.until(lambda: isinstance(seat.app.screen, MonitorScreen))
        assert seat.app.session is old
        assert seat.app.focused is focused


async def test_a_filter_leaves_the_rows_with_its_words() -> None:
    async with two_servers() as seat:
        await open_fleet(seat)
        await seat.press("slash")
        await seat.write("resnet")

        await seat.until(lambda: names(seat) == ["prod"])
        await seat.press("enter", "escape")

        await seat.until(lambda: len(names(seat)) == 3)
        assert isinstance(seat.app.screen, FleetScreen)


async def test_rows_are_sorted_by_another_number_and_the_other_way_round() -> None:
    async with two_servers() as seat:
        await open_fleet(seat)

        await seat.press("o")

        await seat.sees("by name")
        assert names(seat) == ["dead", "home", "prod"]
        await seat.press("O")
        await seat.sees("by name, reversed")
        await seat.until(lambda: names(seat) == ["prod", "home", "dead"])
        await seat.press("o")
        await seat.sees("by ready workers", "▼WORKERS")
        await seat.until(lambda: names(seat) == ["prod", "home", "dead"])
        await seat.press("o")
        await seat.sees("by requests/s")
        await seat.until(lambda: names(seat) == ["home", "prod", "dead"])


async def test_a_second_click_on_a_title_turns_the_order_round() -> None:
    async with two_servers() as seat:
        await open_fleet(seat)
        table = seat.find(FleetTable)

        for arrow, order in (("▼", ["prod", "home", "dead"]), ("▲", ["home", "prod", "dead"])):
            title = next(row for row in seat.text.splitlines() if "WORKERS" in row)
            await seat.pilot.click(table, offset=(title.index("WORKERS"), 0))
            await seat.sees(f"{arrow}WORKERS")
            await seat.until(partial(_are_shown, seat, order))


@asynccontextmanager
async def two_servers_and(
    fleet: Callable[[str], FleetSettings], servers: int = 4
) -> AsyncIterator[tuple[Seat, FakeTorchServe]]:
    """A third server besides, which `fleet` names by its metrics address."""
    async with on_loopback(in_a_row=True) as other:
        other.fake.load("third")
        address = other.fake.addresses.metrics.partition("://")[2]
        async with two_servers(fleet(address)) as seat:
            await seat.press("F")
            await seat.sees(f"{servers} servers", address)
            table = seat.find(FleetTable)
            await seat.until(lambda: _go_to(table, address))
            yield seat, other.fake


def _go_to(table: FleetTable, name: str) -> bool:
    """Put the cursor on a server; whether it is there by now."""
    for labels in ({}, {"instance": name, "job": JOB}):
        for origin in (Origin.FILE_SD, Origin.PROMETHEUS):
            table.go_to(FleetTarget(name, ServerSettings(), origin, labels).key)
    return table.line is not None and table.line.server.target.name == name


async def test_enter_watches_the_server_of_a_file(tmp_path: Path) -> None:
    def fleet(address: str) -> FleetSettings:
        file = tmp_path / "targets.json"
        file.write_text(json.dumps([{"targets": [address], "labels": {"rack": "7"}}]))
        return FleetSettings(period=0.1, file_sd=(file,))

    async with two_servers_and(fleet) as (seat, third):
        await seat.sees("from file_sd  rack=7")
        await seat.press("enter")
        await seat.until(lambda: isinstance(seat.app.screen, MonitorScreen))
        await seat.sees("2 Workers · third 1.0")
        assert seat.app.session.client.addresses.management == third.addresses.management


@pytest.mark.parametrize("answers", [True, False])
async def test_enter_on_what_prometheus_tells_watches_the_server_if_it_answers(
    answers: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    prometheus = FakePrometheus()
    monkeypatch.setattr(prometheus_client, "Prometheus", lambda *_, **__: prometheus.client())

    def fleet(address: str) -> FleetSettings:
        prometheus.scrape(0, {SeriesKey("third", "1.0"): Counters(1, 1, 1)}, instance=address)
        return FleetSettings(period=0.1, prometheus="http://prom:9090")

    async with two_servers_and(fleet) as (seat, third):
        await seat.sees("from prometheus")
        if not answers:
            third.kill()
        await seat.press("enter")
        await seat.until(lambda: isinstance(seat.app.screen, MonitorScreen))
        kind = LiveSession if answers else PrometheusSession
        await seat.until(lambda: isinstance(seat.app.session, kind))
        await seat.sees("third")


async def test_models_can_be_hidden() -> None:
    async with two_servers() as seat:
        await open_fleet(seat)

        await seat.press("m")
        await seat.misses("└")
        await seat.press("m")

        await seat.sees("└ resnet 1.0")


async def test_a_server_is_chosen_by_its_name() -> None:
    async with two_servers() as seat:
        await open_fleet(seat)
        await seat.press("c")
        await seat.until(lambda: isinstance(seat.app.screen, ChooseServer))
        await seat.sees("watched now", "READ-ONLY")
        assert seat.find(OptionList).highlighted == 0

        await seat.press("down", "enter")

        await seat.sees("watching prod")


async def test_the_app_opens_a_server_by_name_and_tells_one_it_does_not_know() -> None:
    async with two_servers() as seat:
        seat.app.servers.open_named("prod")
        await seat.sees("prod", "resnet")

        with pytest.raises(InvalidArgument, match="called 'prd'") as refused:
            seat.app.servers.open_named("prd")

        assert refused.value.hint == "did you mean prod?"


async def test_what_is_wrong_with_a_file_is_told_and_its_good_servers_are_there(
    tmp_path: Path,
) -> None:
    file = tmp_path / "targets.json"
    file.write_text(json.dumps([{"targets": ["127.0.0.1:9", "none"]}]))
    async with two_servers(FleetSettings(period=0.1, file_sd=(file,))) as seat:
        await seat.press("F")

        await seat.sees("4 servers", "targets.json: 'none' has no port", "127.0.0.1:9")


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (200, 50)])
async def test_it_fits_into_the_terminal(size: tuple[int, int]) -> None:
    async with two_servers(size=size) as seat:
        await open_fleet(seat)

        lines = seat.text.splitlines()
        assert max(map(len, lines)) <= size[0]
        assert "? help" in lines[-1]


async def test_without_servers_it_is_taught_how_to_name_them(
    fake: FakeTorchServe, options: MonitorOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TSMON_CONFIG", "/home/me/config.toml")
    async with watching(fake, options) as seat:
        await seat.press("F")

        await seat.sees("No servers are configured yet", "[servers.prod]", "config.toml")


async def test_without_a_configuration_it_has_the_watched_server_and_those_beside_it(
    fake: FakeTorchServe, options: MonitorOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = RunningServer(1, 1.0, Addresses.from_server("127.0.0.1:9181"), None)
    monkeypatch.setattr("tsmon.fleet.found.running_servers", lambda: [other])
    async with watching(fake, options) as seat:
        await seat.press("F")
        await seat.sees("2 servers", "127.0.0.1:8081", "127.0.0.1:9181")


async def test_it_is_shown_at_first_where_that_was_asked_for(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(fake, replace(options, fleet=True)) as seat:
        await seat.sees("No servers are configured yet")
        await seat.press("escape")
        await seat.until(lambda: isinstance(seat.app.screen, MonitorScreen))


async def test_servers_are_grouped_by_a_label_and_enter_shows_those_of_a_group(
    tmp_path: Path,
) -> None:
    def fleet(address: str) -> FleetSettings:
        file = tmp_path / "targets.json"
        groups = [
            {"targets": [address], "labels": {"rack": "7"}},
            {"targets": ["127.0.0.1:3"], "labels": {"rack": "7"}},
        ]
        file.write_text(json.dumps(groups))
        return FleetSettings(period=0.1, file_sd=(file,))

    async with two_servers_and(fleet, servers=5) as (seat, third):
        address = third.addresses.metrics.partition("://")[2]
        await seat.press("b")
        await seat.sees("grouped by rack", "rack=7", "rack=none", f"└ {address}")
        await seat.press("b")
        await seat.sees("grouped by model", "mnist 1.0", "third 1.0", "└ prod")
        await seat.press("escape")
        await seat.until(lambda: "grouped by" not in seat.text)

        await seat.press("b")
        table = seat.find(FleetTable)
        await seat.until(lambda: _named(table) == "rack=7" or _go_down(table))
        await seat.press("enter")
        await seat.until(lambda: "grouped by" not in seat.text and "prod" not in seat.text)
        await seat.sees(address, "127.0.0.1:3")


def _named(table: FleetTable) -> str:
    return table.line.server.target.name if table.line and not table.line.model else ""


def _go_down(table: FleetTable) -> bool:
    table.go_to_next_server()
    return False


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    yield install_kubectl(tmp_path / "kube", monkeypatch)
    end_forwards()


async def test_a_pod_that_is_not_forwarded_is_not_watched() -> None:
    target = FleetTarget("serving/ts-a", ServerSettings(), Origin.KUBE)

    with pytest.raises(InvalidArgument, match="serving/ts-a is not forwarded"):
        await session_of(target, MonitorOptions(config=Config()))


async def test_a_configured_server_in_a_pod_is_opened_by_its_name(cluster: Cluster) -> None:
    async with on_loopback() as listening:
        listening.fake.load("mnist")
        cluster.run("ts-a", listening.fake.addresses)
        servers = {
            "home": settings_of(listening),
            "pod": ServerSettings(kube="serving/app=torchserve"),
            "none": ServerSettings(kube="serving/app=none"),
        }
        options = MonitorOptions(period_s=PERIOD_S, config=Config(servers=servers))
        app = TsmonApp(live_session(target_named("home", options), options), options)
        async with seated(app) as seat:
            seat.app.servers.open_named("none")
            await seat.sees("no pod matches app=none")
            seat.app.servers.open_named("pod")
            await seat.sees("watching pod", "serving/ts-a")


async def test_enter_on_a_pod_watches_it_through_its_forward(cluster: Cluster) -> None:
    async with on_loopback() as served:
        served.fake.load("mnist")
        cluster.run("ts-a", served.fake.addresses)
        fleet = FleetSettings(period=0.1, kube=("serving/app=torchserve",))
        async with two_servers(fleet) as seat:
            await seat.press("F")
            await seat.sees("4 servers", "serving/ts-a")
            table = seat.find(FleetTable)
            await seat.until(lambda: _is_chosen(table, "serving/ts-a"))
            await seat.press("enter")
            await seat.until(lambda: isinstance(seat.app.screen, MonitorScreen))
            await seat.sees("serving/ts-a", "mnist")


def _is_chosen(table: FleetTable, name: str) -> bool:
    """Whether the cursor is on a server, where it is put if it is there."""
    found = [line for line in table.lines if line.server.target.name == name and not line.model]
    for line in found:
        table.go_to(line.key)
    return table.line is not None and table.line.server.target.name == name
