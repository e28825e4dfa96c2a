"""Many servers watched at once: what their rows say, and that none holds up another."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tests.fake.archives import Loading
from tests.fake.many import ManyServers
from tsmon.config.schema import (
    Config,
    FleetSettings,
    LimitSettings,
    MetricsSettings,
    ServerSettings,
)
from tsmon.fleet import fleet as fleet_module
from tsmon.fleet.arrange import FleetLine
from tsmon.fleet.fleet import Fleet
from tsmon.fleet.snapshot import FleetSnapshot, ServerRow
from tsmon.telemetry.snapshot import ServerState
from tsmon.telemetry.status_signs import Grade
from tsmon.tui.text.fleet import format_line

SETTINGS = FleetSettings(period=0.02)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not spare a terminal."""
    monkeypatch.setattr(fleet_module, "PUBLISH_S", 0.02)


def fleet_of(servers: ManyServers, settings: FleetSettings = SETTINGS, **more: str) -> Fleet:
    others = {name: ServerSettings(url=url) for name, url in more.items()}
    config = Config(servers=servers.settings() | others, fleet=settings)
    return Fleet(config, lambda: None, transport=servers.transport())


async def until(fleet: Fleet, condition: Callable[[FleetSnapshot], object]) -> FleetSnapshot:
    """Watch until something holds, and give that snapshot."""
    async with asyncio.timeout(10):
        await fleet.run(lambda snapshot: not condition(snapshot))
    return fleet.snapshot


def row(snapshot: FleetSnapshot, name: str) -> ServerRow:
    return next(row for row in snapshot.servers if row.target.name == name)


async def test_a_row_tells_workers_rates_and_milliseconds_of_all_models() -> None:
    servers = ManyServers("a")
    servers["a"].load("mnist", workers=2)
    servers["a"].load("cifar", workers=1)
    servers["a"].serve("mnist", n=1)
    servers["a"].serve("cifar", n=1)
    fleet = fleet_of(servers)
    await fleet.settled()

    def is_busy(snapshot: FleetSnapshot) -> bool:
        servers["a"].serve("mnist", n=3, inference_ms=4, queue_ms=1)
        servers["a"].serve("cifar", n=1, inference_ms=8, queue_ms=1)
        return row(snapshot, "a").figures.inference_ms == 5

    seen = await until(fleet, is_busy)

    figures = row(seen, "a").figures
    assert (figures.ready, figures.wanted, figures.queue_ms) == (3, 3, 1)
    assert isinstance(figures.per_second, float) and figures.per_second > 0
    by_name = {model.key.name: model.figures for model in row(seen, "a").models}
    assert (by_name["mnist"].inference_ms, by_name["cifar"].inference_ms) == (4, 8)
    await fleet.close()


async def test_a_row_has_the_gauges_of_the_host_and_what_is_pinned() -> None:
    servers = ManyServers("a")
    servers["a"].load("mnist", workers=1)
    config = Config(
        servers=servers.settings(), fleet=SETTINGS, metrics=MetricsSettings(("MemoryUsed",))
    )
    fleet = Fleet(config, lambda: None, transport=servers.transport())
    seen = await until(fleet, lambda snapshot: row(snapshot, "a").series)
    found = {each.text.partition("{")[0]: each.value for each in row(seen, "a").series}
    assert found == {"CPUUtilization": 12.5, "MemoryUtilization": 9.2, "MemoryUsed": 2216.953125}
    shown = format_line(FleetLine(row(seen, "a"))).plain
    assert "CPUUtilization 12.5%" in shown
    assert "MemoryUsed 2217 Megabytes" in shown
    await fleet.close()


async def test_a_dead_server_holds_up_no_other() -> None:
    servers = ManyServers("good", "held")
    hold = servers["held"].hold("/")
    fleet = fleet_of(servers, dead="http://dead:8081", wrong="http://a b")

    def both_known(snapshot: FleetSnapshot) -> bool:
        return row(snapshot, "good").is_up and row(snapshot, "dead").state is ServerState.AWAY

    seen = await until(fleet, both_known)

    assert row(seen, "held").state is ServerState.CONNECTING
    assert row(seen, "wrong").figures.sign.word == "invalid setting"
    assert (len(seen.servers), seen.up) == (4, 1)
    hold.release()
    await fleet.close()


async def test_the_verdict_on_a_server_is_that_of_its_worst_model() -> None:
    servers = ManyServers("a")
    servers["a"].load("good")
    servers["a"].load("loading", loading=Loading.HELD)
    fleet = fleet_of(servers)

    seen = await fleet.settled()

    assert row(seen, "a").figures.sign.word == "starting"
    assert row(seen, "a").figures.evidence.startswith("loading 1.0: ")
    assert [model.key.name for model in row(seen, "a").models] == ["loading", "good"]
    await fleet.close()


async def test_a_model_that_a_server_gave_up_before_anyone_looked_is_given_up() -> None:
    servers = ManyServers("a")
    servers["a"].load("held", loading=Loading.HELD)
    servers["a"].ping = "Unhealthy"
    fleet = fleet_of(servers)

    seen = await until(fleet, lambda snapshot: row(snapshot, "a").models)

    assert row(seen, "a").figures.sign.word == "given up"
    servers["a"].requests.clear()
    await until(fleet, lambda _: len(servers["a"].sent("GET", "/metrics")) > 2)
    assert not servers["a"].sent("GET", "/ping"), "each answer counts as an error of the server"
    await fleet.close()


async def test_errors_of_the_server_are_counted() -> None:
    servers = ManyServers("a")
    servers["a"].load("mnist")
    fleet = fleet_of(servers)
    await until(fleet, lambda snapshot: row(snapshot, "a").errors_per_second == 0)

    def fails_more(snapshot: FleetSnapshot) -> bool:
        servers["a"].counters.http_answer(503)
        return bool(row(snapshot, "a").errors_per_second)

    await until(fleet, fails_more)
    await fleet.close()


async def test_where_management_is_refused_the_counters_show_of_the_models() -> None:
    servers = ManyServers("a")
    fake = servers["a"]
    fake.load("mnist")
    fake.serve("mnist", n=5)
    refusal = {"code": 400, "type": "InvalidKeyException", "message": "Token is missing"}
    fake.fail("/models", httpx.Response(400, json=refusal))
    fleet = fleet_of(servers)

    seen = await fleet.settled()

    assert row(seen, "a").figures.sign.word == "metrics only"
    assert row(seen, "a").figures.ready is None
    assert [str(model.key) for model in row(seen, "a").models] == ["mnist default"]
    await fleet.close()


async def test_an_inference_address_that_is_dead_is_told_though_the_rest_answers() -> None:
    servers = ManyServers("a")
    servers["a"].load("mnist")
    servers["a"].fail("/ping", httpx.ConnectError)
    fleet = fleet_of(servers)

    seen = await until(fleet, lambda snapshot: row(snapshot, "a").figures.sign.word == "no ping")

    assert row(seen, "a").figures.sign.grade is Grade.WARNING
    await fleet.close()


async def test_a_server_with_a_problem_is_not_pinged_which_would_count_as_its_error() -> None:
    servers = ManyServers("a")
    servers["a"].load("held", loading=Loading.HELD)
    fleet = fleet_of(servers)
    await until(fleet, lambda snapshot: row(snapshot, "a").models)
    servers["a"].requests.clear()

    await until(fleet, lambda _: len(servers["a"].sent("GET", "/metrics")) > 2)

    assert not servers["a"].sent("GET", "/ping")
    await fleet.close()


async def test_servers_of_a_file_come_and_go_with_it(tmp_path: Path) -> None:
    servers = ManyServers("a", "b")
    file = tmp_path / "targets.json"
    settings = replace(SETTINGS, file_sd=(file,))
    file.write_text(json.dumps([{"targets": ["b:8082"], "labels": {"zone": "1"}}]))
    config = Config(servers={"a": servers.settings()["a"]}, fleet=settings)
    fleet = Fleet(config, lambda: None, transport=servers.transport())

    seen = await until(fleet, lambda snapshot: snapshot.up == 2)
    assert row(seen, "b:8082").target.labels == {"zone": "1"}

    file.write_text(json.dumps([{"targets": ["a:8082"]}]))

    seen = await until(fleet, lambda snapshot: len(snapshot.servers) == 1)
    assert seen.servers[0].target.name == "a", "named twice, it is shown once, by its own name"
    await fleet.close()


async def test_a_server_that_died_is_away_and_has_no_old_numbers() -> None:
    servers = ManyServers("a")
    servers["a"].load("mnist")
    fleet = fleet_of(servers)
    await fleet.settled()

    servers["a"].kill()

    seen = await until(fleet, lambda snapshot: not snapshot.up)
    assert row(seen, "a").figures.ready is None
    assert not row(seen, "a").models
    await fleet.close()


async def test_it_can_be_left_and_watched_again() -> None:
    servers = ManyServers("a")
    servers["a"].load("mnist")
    fleet = fleet_of(servers)
    await fleet.settled()
    asked = len(servers["a"].requests)

    await until(fleet, lambda _: len(servers["a"].requests) > asked)

    assert fleet.snapshot.up == 1
    await fleet.close()


async def test_a_server_shows_the_limit_that_a_model_of_it_exceeds() -> None:
    servers = ManyServers("a", "b")
    servers["a"].load("mnist", workers=1)
    servers["b"].load("mnist", workers=2)
    limits = {"few": LimitSettings(when="ready < 2")}
    config = Config(servers=servers.settings(), fleet=SETTINGS, limits=limits)
    fleet = Fleet(config, lambda: None, transport=servers.transport())

    seen = await until(fleet, lambda found: row(found, "a").figures.sign.word == "over limit")

    assert row(seen, "a").figures.evidence == "mnist 1.0: few: ready 1 (ready < 2)"
    assert row(seen, "b").figures.sign.word != "over limit"
    await fleet.close()
