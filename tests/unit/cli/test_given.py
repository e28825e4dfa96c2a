"""What an option or a variable gave, by which of them."""

from __future__ import annotations

from collections.abc import Mapping

import click
import pytest
from click.testing import CliRunner

from tsmon.cli.given import given
from tsmon.cli.main import cli
from tsmon.config.changes import Given
from tsmon.config.values import Dotted


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> dict[Dotted, Given]:
    """What the monitor would be told, had it a terminal."""
    found: dict[Dotted, Given] = {}

    def open_monitor(*_: object, given: Mapping[Dotted, Given], **__: object) -> int:
        found.update(given)
        return 0

    monkeypatch.setattr("tsmon.cli.monitor.open_monitor", open_monitor)
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


def test_an_option_that_another_command_has_does_not_count(seen: dict[Dotted, Given]) -> None:
    run("--period", "5", "monitor", "--server", URL)

    assert not seen


def test_the_fleet_has_options_of_its_own() -> None:
    from tsmon.cli.fleet import fleet

    with fleet.make_context("fleet", ["--period", "4"]) as ctx:
        assert given(ctx, "fleet") == {("fleet", "period"): Given(4.0, "--period")}
    assert isinstance(ctx, click.Context)
