"""A command loads what it needs and nothing else, and lists of commands load none."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tests.fake.loopback import beside
from tsmon.cli.group import CommandFiles, CommandGroup
from tsmon.cli.main import cli

RUN = """
import atexit, sys
from pathlib import Path
told = Path(sys.argv.pop(1))
atexit.register(lambda: told.write_text(" ".join(k for k, v in sys.modules.items() if v)))
from tsmon.__main__ import main
main()
"""
NOT_FOR_WORDS = (
    *("PIL", "asyncio", "httpx", "prometheus_client", "psutil", "rich", "ssl", "textual"),
    *("tomlkit", "torch", "tsmon.docker", "tsmon.doctor", "tsmon.fleet"),
    *("tsmon.load", "tsmon.logs.containers", "tsmon.tui"),
)
NOT_FOR_MODELS = (
    *("PIL", "google.protobuf", "grpc", "httpx._main", "prometheus_client", "pygments", "rich"),
    *("textual", "tomlkit"),
    *("torch", "tsmon.doctor", "tsmon.load", "tsmon.serving.local_server", "tsmon.tui"),
    *(
        "tsmon.telemetry.logs.worker_states",
        "tsmon.telemetry.recording",
        "tsmon.telemetry.snapshot",
    ),
)
NOT_FOR_THE_MONITOR = (
    *("google.protobuf", "grpc", "prometheus_client", "tomlkit", "torch", "tsmon.cli.prometheus"),
    "tsmon.doctor",
    *("tsmon.load.capacity", "tsmon.load.experiment", "tsmon.load.run"),
    *("tsmon.serving.local_server", "tsmon.telemetry.prometheus", "tsmon.telemetry.recording"),
)


def loaded_by(folder: Path, *words: str, **variables: str) -> list[str]:
    """The modules of a process that ran this command line well."""
    modules = folder / "modules"
    subprocess.run(
        [sys.executable, "-c", RUN, str(modules), *words],
        env=os.environ | {"TSMON_HOME": str(folder / "home")} | variables,
        cwd=folder,
        stdout=subprocess.PIPE,
        check=True,
    )
    return modules.read_text().split()


def within(loaded: list[str], unwanted: tuple[str, ...]) -> list[str]:
    """The modules that are unwanted, or belong to a package that is."""
    packages = tuple(f"{each}." for each in unwanted)
    return [name for name in loaded if name in unwanted or name.startswith(packages)]


def commands_in(loaded: list[str]) -> list[str]:
    """The files of commands among the modules, by their names."""
    commands = "tsmon.cli.commands."
    return [name.removeprefix(commands) for name in loaded if name.startswith(commands)]


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["serve", "--help"]])
def test_words_about_tsmon_load_no_command(words: list[str], tmp_path: Path) -> None:
    loaded = loaded_by(tmp_path, *words)
    assert within(loaded, NOT_FOR_WORDS) == []
    assert commands_in(loaded) == words[:-1]


def test_neither_does_a_completion(tmp_path: Path) -> None:
    asked = {"COMP_WORDS": "tsmon s", "COMP_CWORD": "1", "_TSMON_COMPLETE": "zsh_complete"}
    loaded = loaded_by(tmp_path, **asked)
    assert within(loaded, NOT_FOR_WORDS) == []
    assert commands_in(loaded) == []


def test_a_list_of_models_loads_nothing_that_other_commands_need(tmp_path: Path) -> None:
    with beside(key_file=tmp_path / "key_file.json") as server:
        at = ("--management-url", server.fake.addresses.management)
        keys = ("--key-file", str(tmp_path / "key_file.json"))
        loaded = loaded_by(tmp_path, "models", "--json", *at, *keys)
    assert "httpx" in loaded
    assert within(loaded, NOT_FOR_MODELS) == []
    assert commands_in(loaded) == ["models"]


def test_the_monitor_opens_without_what_only_some_of_its_options_need() -> None:
    command = "import sys, tsmon.cli.main, tsmon.cli.commands.monitor, tsmon.cli.monitor_screen"
    done = subprocess.run(
        [sys.executable, "-c", f"{command}; print(*sys.modules)"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    loaded = done.stdout.split()
    assert "textual" in loaded
    assert within(loaded, NOT_FOR_THE_MONITOR) == []


def groups(group: click.Group = cli) -> Iterator[tuple[CommandGroup, CommandFiles]]:
    """The groups whose commands are files."""
    if isinstance(group, CommandGroup) and isinstance(group.commands, CommandFiles):
        yield group, group.commands
    for command in group.commands.values():
        if isinstance(command, click.Group):
            yield from groups(command)


def test_a_command_is_listed_as_it_is() -> None:
    found = list(groups())
    assert {group.name for group, _ in found} == {"cli", "config", "export", "serve", "workflow"}
    for group, files in found:
        for name, command in files.items():
            listed = group.get_command(click.Context(group), name)
            assert listed is not None
            assert (listed.name, listed.get_short_help_str()) == (
                command.name,
                command.get_short_help_str(),
            )
            assert listed.help


def test_a_completion_gives_commands_with_their_sentences() -> None:
    items = cli.shell_complete(click.Context(cli), "set-")
    assert [(item.value, item.help) for item in items] == [
        ("set-default", cli.commands["set-default"].get_short_help_str())
    ]


def test_what_is_no_command_is_wrong_usage() -> None:
    with pytest.raises(click.UsageError, match="No such command 'model'"):
        cli.resolve_command(click.Context(cli), ["model"])
