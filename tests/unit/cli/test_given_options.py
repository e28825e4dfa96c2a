"""What an option or a variable gave, by which of them."""

from __future__ import annotations

from collections.abc import Mapping

import click
import pytest
from click.testing import CliRunner

from tsmon.cli.given_options import given
from tsmon.cli.main import cli
from tsmon.cli.monitor_screen import Left
from tsmon.config.changes import Given
from tsmon.config.schema import MonitorSettings
from tsmon.config.values import Dotted


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> dict[Dotted, Given]:
    """What the monitor would be told, had it a terminal."""
    found: dict[Dotted, Given] = {}

    def open_monitor(
        _: object, settings: MonitorSettings, *, given: Mapping[Dotted, Given], **__: object
    ) -> Left:
        found.update(given)
        for (_table, name), each in given.items():
            assert getattr(settings, name) == each.value
        return Left(0)

    monkeypatch.setattr("tsmon.cli.monitor_screen.open_monitor", open_monitor)
    return found


def run(*arguments: str, **variables: str) -> None:
    ended = CliRunner().invoke(cli, [*arguments], env=variables, auto_envvar_prefix="TSMON")
    assert ended.exit_code == 0, ended.output


URL = "http://127.0.0.1:9"


@pytest.mark.parametrize("command", [(), ("monitor",)])
def test_an_option_tells_its_name(command: tuple[str, ...], seen: dict[Dotted, Given]) -> None:
    run(*command, "--server", URL, "--period", "2", "--model-store", "store")

    assert seen["monitor", "period"] == Given(2.0, "--period")
    assert seen["monitor", "model_store"].by == "--model-store"
    assert set(seen) == {("monitor", "period"), ("monitor", "model_store")}


def test_a_variable_tells_its_name(seen: dict[Dotted, Given]) -> None:
    run("--server", URL, TSMON_THEME="nord")

    assert seen == {("monitor", "theme"): Given("nord", "TSMON_THEME")}


def test_an_option_before_the_monitor_holds_for_it_but_one_after_it_wins(
    seen: dict[Dotted, Given],
) -> None:
    run("--period", "5", "--theme", "nord", "monitor", "--period", "3", "--server", URL)

    assert seen["monitor", "theme"] == Given("nord", "--theme")
    assert seen["monitor", "period"] == Given(3.0, "--period")


def test_a_variable_holds_for_the_monitor_by_its_name_too(seen: dict[Dotted, Given]) -> None:
    run("monitor", "--server", URL, TSMON_PERIOD="4")

    assert seen == {("monitor", "period"): Given(4.0, "TSMON_PERIOD")}


@pytest.mark.parametrize("command", ["fleet", "models", "demo"])
def test_an_option_of_the_monitor_before_another_command_is_refused(command: str) -> None:
    ended = CliRunner().invoke(cli, ["--period", "5", command])

    assert ended.exit_code == 2
    assert f"--period is an option of the monitor, not of {command}" in ended.output


def test_the_fleet_has_options_of_its_own() -> None:
    from tsmon.cli.commands.fleet import fleet

    with fleet.make_context("fleet", ["--period", "4"]) as ctx:
        assert given(ctx, "fleet") == {("fleet", "period"): Given(4.0, "--period")}
    assert isinstance(ctx, click.Context)
