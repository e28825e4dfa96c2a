"""The tsmon commands for what is selected."""

from __future__ import annotations

from pathlib import Path

import click
from hypothesis import given
from hypothesis import strategies as st

from tests.shell import words_of
from tsmon.cli.main import cli
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.route import Route
from tsmon.torchserve.tokens import KeyRing
from tsmon.tui.text.commands import CommandWriter

names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
HERE = CommandWriter(Addresses(), KeyRing())


def read(line: str) -> dict[str, object]:
    """What tsmon's own command line makes of a line."""
    _, verb, *words = words_of(line)
    assert isinstance(cli, click.Group)
    command = cli.commands[verb]
    context = command.make_context(verb, words)
    return dict(context.params)


def test_the_lines_name_the_server_the_version_and_the_key_file() -> None:
    gpu7 = Addresses.from_server("gpu7:9081")
    commands = CommandWriter(gpu7, KeyRing(Path("/srv/my keys.json"), gpu7))
    server = "--server gpu7:9081 --key-file '/srv/my keys.json'"
    assert commands.describe("mnist", "1.0") == (
        f"tsmon describe {server} --model-version 1.0 mnist"
    )
    assert commands.scale("mnist", "1.0", 2) == f"tsmon scale {server} --model-version 1.0 mnist 2"
    assert commands.metrics() == f"tsmon metrics {server}"


def test_a_key_file_of_another_server_is_not_named() -> None:
    ring = KeyRing(Path("/srv/keys.json"), Addresses.from_server("gpu8"))
    commands = CommandWriter(Addresses.from_server("gpu7:9081"), ring)
    assert commands.metrics() == "tsmon metrics --server gpu7:9081"


def test_addresses_that_do_not_lie_beside_each_other_are_named_each() -> None:
    apart = Addresses("http://a:1", "https://b:65535", "http://c:3")
    assert CommandWriter(apart, KeyRing(), Route(verify=False)).metrics() == (
        "tsmon metrics --inference-url http://a:1 --management-url https://b:65535 "
        "--metrics-url http://c:3 --insecure"
    )


@given(names, names, st.integers(0, 99))
def test_the_command_line_reads_any_name_as_it_is(name: str, version: str, workers: int) -> None:
    read_back = read(HERE.scale(name, version, workers))
    assert (read_back["model"], read_back["version"]) == (name, version)
    assert read_back["workers"] == workers
