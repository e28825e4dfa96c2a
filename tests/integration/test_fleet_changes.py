"""Two real servers changed by one plan: in the fleet's page, and by a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.contract.real import RealTorchServe, real_torchserve
from tests.integration.commands import Shell
from tests.integration.test_fleet import SETTINGS, nobody, settings_of
from tests.tui.seat import Seat, seated
from tests.tui.test_fleet_changes import agree, ask, fill
from tsmon.config.schema import Config, FleetSettings
from tsmon.declared.state import state_of
from tsmon.fleet.access import Access
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.screens.fleet import FleetScreen
from tsmon.tui.state.opening import live_session, target_named

pytestmark = pytest.mark.integration

PATIENCE_S = 120.0


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[RealTorchServe, RealTorchServe]]:
    with ExitStack() as stack:
        first, second = (stack.enter_context(real_torchserve(SETTINGS)) for _ in range(2))
        yield first, second


async def models(server: RealTorchServe) -> dict[str, int]:
    """Each version and its min workers."""
    async with Access(settings_of(server), nobody).client() as client:
        state = await state_of(client.management)
    return {str(each): each.min_workers for each in state.models}


async def register(seat: Seat, archive: str, model: str) -> None:
    await seat.press("M")
    await ask(seat, "r")
    await fill(seat, "archive", archive)
    await fill(seat, "model", model)
    await fill(seat, "version", "1.0")
    await seat.press("enter")


async def test_two_real_servers_are_changed_and_put_back(
    pair: tuple[RealTorchServe, RealTorchServe], tmp_path: Path
) -> None:
    first, second = pair
    servers = {"a": settings_of(first), "b": settings_of(second)}
    config = Config(servers=servers, fleet=FleetSettings(period=0.5))
    options = MonitorOptions(config=config, server_home=tmp_path / "home")
    app = TsmonApp(live_session(target_named("a", options), options), options)
    async with seated(app, size=(120, 40), patience_s=PATIENCE_S) as seat:
        await seat.press("F")
        await seat.sees("2 servers", "2 up", "no models")

        await register(seat, "digit.mar", "digit")
        await seat.sees("✓ a  done", "✓ b  done")
        await seat.press("escape")
        await seat.sees("└ digit 1.0")
        assert await models(first) == await models(second) == {"digit 1.0": 1}

        await register(seat, "dying.mar", "dying")
        await seat.sees("✗ a  register dying 1.0", "· b  not tried", "Undo …")
        assert await models(second) == {"digit 1.0": 1}
        await seat.press("shift+tab", "enter")
        await agree(seat, 1)
        await seat.sees("✓ a  done", "Undo: Register dying 1.0")
        await seat.press("escape")
        await seat.until(lambda: isinstance(seat.app.screen, FleetScreen))
        assert await models(first) == {"digit 1.0": 1}


def test_a_command_scales_both_and_then_finds_nothing_to_do(
    pair: tuple[RealTorchServe, RealTorchServe], tmp_path: Path
) -> None:
    lines = []
    for name, server in zip("ab", pair, strict=True):
        settings = settings_of(server)
        lines += [
            f"[servers.{name}]",
            f'url = "{settings.url}"',
            f'inference_url = "{settings.inference_url}"',
            f'metrics_url = "{settings.metrics_url}"',
            f'key_file = "{settings.key_file}"',
        ]
    file = tmp_path / "config.toml"
    file.write_text("\n".join(lines))
    shell = Shell(tmp_path, str(file))
    to = ("--to", "a", "--to", "b")
    scaled = shell.tsmon("scale", "digit", "2", *to, "--parallel", "2", "--json")
    assert scaled.code == 0, scaled.stderr
    stands = [(each["server"], each["stand"]) for each in scaled.json]
    assert stands == [("a", "done"), ("b", "done")]
    again = shell.tsmon("scale", "digit", "2", *to, "--json")
    assert {each["stand"] for each in again.json} == {"unchanged"}
    removed = shell.tsmon("unregister", "digit", *to)
    assert removed.code == 0, removed.stderr
    assert "b: unregister digit 1.0" in removed.stderr
    assert shell.tsmon("--server", "a", "models", "--json").json == []
