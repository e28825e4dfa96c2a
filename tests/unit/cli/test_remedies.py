"""What tsmon tells people to type works as it stands."""

from __future__ import annotations

import re
from datetime import timedelta

import click
import pytest

from tests.fake import FakeTorchServe
from tests.remedies import Remedy, commands_in, parse, remedies, texts
from tests.unit.cli.conftest import Tsmon
from tsmon.cli.main import cli
from tsmon.doctor import settings
from tsmon.tui.keymap import ALL_KEYS

KEY = re.compile(r"(?<!\{)\{([a-z]+\.[a-z-]+)\}")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
SETTING = re.compile(r"\b([a-z]+(?:_[a-z]+)+)=(?!=)[a-z0-9]+\b")
FOREIGN = (
    *("docker/", "kube/", "serving/launch", "serving/container", "serving/archive.py"),
    *("telemetry/", "export/", "cli/commands/export/"),
)
"""Where options of other programs are written."""
TORCHSERVE = {
    "--disable-token-auth",
    "--enable-model-api",
    "--log-config",
    "--models",
    "--ncs",
    "--ts-config",
}
"""Options of TorchServe's own launcher that texts name."""


@pytest.mark.parametrize("remedy", list(remedies()), ids=str)
def test_every_command_that_is_told_can_be_typed(remedy: Remedy) -> None:
    if "--help" in remedy.words:
        return
    try:
        parse(remedy.words)
    except click.UsageError as error:
        pytest.fail(f"{remedy}: {error.format_message()}")


def test_the_source_is_really_read() -> None:
    assert len(list(remedies())) > 80


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("tokn", "refresh"), "No such command"),
        (("describe",), "Missing"),
        (("scale", "mnist", "many"), "not a valid"),
        (("models", "--alle"), "No such option"),
    ],
)
def test_a_remedy_that_does_not_work_is_found(words: tuple[str, ...], problem: str) -> None:
    with pytest.raises(click.UsageError, match=problem):
        parse(words)


def test_every_key_that_a_text_names_is_in_the_table() -> None:
    ids = {key.id for key in ALL_KEYS}
    named = {(place, id_) for place, text in texts() for id_ in KEY.findall(text)}
    unknown = {pair for pair in named if pair[1] not in ids}
    assert unknown == set()


def test_every_option_that_a_text_names_is_one() -> None:
    options = {"--help", "--version", *TORCHSERVE, *options_of(cli)}
    unknown = {
        f"{place} {option}"
        for place, text in texts()
        for option in OPTION.findall(text)
        if option not in options and " " in text and not place.startswith(FOREIGN)
    }
    assert unknown == set()


def options_of(command: click.Command) -> set[str]:
    found = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
    if isinstance(command, click.Group):
        for each in command.commands.values():
            found |= options_of(each)
    return found


def test_every_setting_of_torchserve_that_a_text_names_is_one() -> None:
    named = {
        (place, name)
        for place, text in texts()
        for name in SETTING.findall(text)
        if "config.properties" in text or place.startswith("doctor/")
    }
    assert named
    assert {pair for pair in named if pair[1] not in settings.KNOWN_SETTINGS} == set()


def told(stderr: str) -> list[tuple[str, ...]]:
    return list(commands_in(" ".join(stderr.split())))


def test_an_expired_token_is_renewed_by_what_is_told(tsmon: Tsmon, server: FakeTorchServe) -> None:
    server.keys.age(timedelta(minutes=61))
    refused = tsmon("models")
    assert refused.code == 1

    for words in told(refused.stderr):
        assert tsmon(*words).code == 0

    assert tsmon("models").code == 0


def test_a_model_without_workers_gets_one_by_what_is_told(
    tsmon: Tsmon, server: FakeTorchServe, tmp_path: object
) -> None:
    server.load("mnist", workers=0)
    refused = tsmon("restart", "mnist")
    assert refused.code == 2
    (words,) = told(refused.stderr)

    assert tsmon(*words).code == 0

    assert server.version("mnist").ready == 1


@pytest.mark.parametrize(
    "line",
    [
        "describe nowhere",
        "scale nowhere 1",
        "unregister nowhere --yes",
        "register mnist-1.0.mar",
        "predict nowhere {file}",
        "replay nowhere.db",
        "serve stop",
        "serve logs",
        "explain nothing",
        "fleet --once",
    ],
)
def test_what_a_refused_command_tells_can_be_typed(
    tsmon: Tsmon, server: FakeTorchServe, line: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    server.load("mnist")
    file = tmp_path_factory.mktemp("images") / "7.bin"
    file.write_bytes(b"7")
    refused = tsmon(*line.format(file=file).split())
    assert refused.code
    commands = told(refused.stderr)
    assert commands, refused.stderr
    for words in commands:
        parse(words)


def test_a_command_that_is_told_reaches_the_server_that_was_named(
    tsmon: Tsmon, server: FakeTorchServe
) -> None:
    server.load("mnist", workers=0)
    key_file = str(server.keys.path)
    named = ("--server", "127.0.0.1:8081", "--key-file", key_file)

    refused = tsmon("restart", "mnist", *named, keys=False)

    (words,) = told(refused.stderr)
    assert words == (*named, "scale", "mnist", "1")
    assert tsmon(*words, keys=False).code == 0
    assert server.version("mnist").ready == 1


def test_a_command_about_no_server_stays_as_it_is(tsmon: Tsmon) -> None:
    refused = tsmon("--server", "127.0.0.1:8081", "explain", "nothing")
    assert ("explain",) in told(refused.stderr)
