"""The tsmon commands for what is selected, and texts without secrets."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shell import words_of
from tsmon.cli.main import cli
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.tokens import KeyRing
from tsmon.tui.equivalents import Commands, without_secrets

names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
HERE = Commands(Addresses(), KeyRing())


def read(line: str) -> dict[str, object]:
    """What tsmon's own command line makes of a line."""
    _, verb, *words = words_of(line)
    assert isinstance(cli, click.Group)
    command = cli.commands[verb]
    context = command.make_context(verb, words)
    return dict(context.params)


def test_the_lines_name_the_server_the_version_and_the_key_file() -> None:
    commands = Commands(Addresses.from_server("gpu7:9081"), KeyRing(Path("/srv/my keys.json")))
    server = "--server gpu7:9081 --key-file '/srv/my keys.json'"
    assert commands.describe("mnist", "1.0") == (
        f"tsmon describe {server} --model-version 1.0 mnist"
    )
    assert commands.scale("mnist", "1.0", 2) == f"tsmon scale {server} --model-version 1.0 mnist 2"
    assert commands.metrics() == f"tsmon metrics {server}"


def test_addresses_that_do_not_lie_beside_each_other_are_named_each() -> None:
    apart = Addresses("http://a:1", "https://b:65535", "http://c:3")
    assert Commands(apart, KeyRing(), verify=False).metrics() == (
        "tsmon metrics --inference-url http://a:1 --management-url https://b:65535 "
        "--metrics-url http://c:3 --insecure"
    )


@given(names, names, st.integers(0, 99))
def test_the_command_line_reads_any_name_as_it_is(name: str, version: str, workers: int) -> None:
    read_back = read(HERE.scale(name, version, workers))
    assert (read_back["model"], read_back["version"]) == (name, version)
    assert read_back["workers"] == workers


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://me:pw@host/m.mar", "https://***@host/m.mar"),
        ("from https://s3/m.mar?X-Amz-Signature=abc&b=c, 1", "from https://s3/m.mar?*** 1"),
        (
            '"POST /models?url=https%3A%2F%2Fme%3Apw%40s3%2Fm.mar%3FX-Sig%3Dab%2Fc&model_name=m 1"',
            '"POST /models?url=https%3A%2F%2F***%40s3%2Fm.mar%3F***&model_name=m 1"',
        ),
        (
            '"POST /models?url=https://s3/m.mar?X-Sig=ab/c&model_name=m HTTP/1.1" 200',
            '"POST /models?url=https://s3/m.mar?*** HTTP/1.1" 200',
        ),
        (
            "/models?url=https%3A%2F%2Fs3%2Fm.mar&workers=1",
            "/models?url=https%3A%2F%2Fs3%2Fm.mar&workers=1",
        ),
        ("mnist\t1.0", "mnist\t1.0"),
    ],
)
def test_what_a_url_should_not_tell_is_masked(text: str, shown: str) -> None:
    assert without_secrets(text) == shown


def test_a_key_is_masked_wherever_it_stands(tmp_path: Path) -> None:
    file = tmp_path / "key_file.json"
    file.write_text(json.dumps({"management": {"key": "B-E5KSRM"}}))
    assert without_secrets("Bearer B-E5KSRM.", KeyRing(file)) == "Bearer ***."
