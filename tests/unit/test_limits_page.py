"""docs/limits.md says what can be written, and all of its examples can be."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import click
import pytest

from tsmon.cli.main import cli
from tsmon.conditions import OF_MODEL, Window, parse_condition
from tsmon.config.schema import Config
from tsmon.config.values import assembled, checked
from tsmon.telemetry.limits.limit import read_limits

PAGE = (Path(__file__).parents[2] / "docs" / "limits.md").read_text("utf-8")
_BLOCKS = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
TOML = [text for kind, text in _BLOCKS.findall(PAGE) if kind == "toml"]
COMMANDS = [
    line.partition("  #")[0].strip()
    for kind, text in _BLOCKS.findall(PAGE)
    if not kind
    for line in text.splitlines()
]


def quantities() -> dict[str, tuple[str, ...]]:
    """The rows of the table, by the quantities in the first column."""
    start = PAGE.index("| quantity |")
    table = PAGE[start : PAGE.index("\n\n", start)].splitlines()[2:]
    cells = [line.strip("| ").split(" | ") for line in table]
    return {name: tuple(row) for row in cells for name in re.findall(r"`([^`]+)`", row[0])}


def test_the_table_has_every_quantity_and_how_it_is_counted() -> None:
    rows = quantities()
    assert set(rows) == set(OF_MODEL)
    for name, measure in OF_MODEL.items():
        assert ("in 5 min" in rows[name][3]) is (measure.window is Window.RECENT), name


@pytest.mark.parametrize("text", TOML)
def test_the_settings_are_valid(text: str) -> None:
    config = assembled(Config, checked(Config, tomllib.loads(text), Path("/")))
    read_limits(config.limits)
    assert config != Config()


@pytest.mark.parametrize("line", COMMANDS)
def test_the_commands_are_valid(line: str) -> None:
    name, *words = shlex.split(line)
    assert name == "tsmon"
    command: click.Command = cli
    while isinstance(command, click.Group):
        command = command.commands[words.pop(0)]
    command.make_context(line, words, resilient_parsing=False, obj=None)


@pytest.mark.parametrize("condition", re.findall(r"`(\w[\w-]* [<>]=? [^`]+)`", PAGE))
def test_the_conditions_are_valid(condition: str) -> None:
    parse_condition(condition)
