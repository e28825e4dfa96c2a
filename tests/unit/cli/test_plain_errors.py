"""What is wrong with a value is said in words for a person, whatever the library says."""

from __future__ import annotations

import pytest

from tsmon.cli.main import cli
from tsmon.cli.outcome import run
from tsmon.cli.output import plainly


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("scale", "mnist", "many"), "'many' is not a whole number."),
        (("load", "mnist", "--rate", "fast"), "'fast' is not a number."),
        (("load", "mnist", "-n", "0"), "0 is not between 1 and 1000000."),
        (("fleet", "--period", "0.1"), "0.1 is less than 0.5."),
        (("scale", "mnist", "-1"), "-1 is read as an option: no number is below 0."),
    ],
)
def test_a_command_says_what_is_wrong_with_a_value(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(cli, list(words)) == 2
    assert capsys.readouterr().err.strip().endswith(said)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("11 is not in the range 1<=x<=10.", "11 is not between 1 and 10."),
        ("0 is not in the range 0<x<=10.5.", "0 is not above 0 and up to 10.5."),
        ("0.1 is not in the range x>=0.2.", "0.1 is less than 0.2."),
        ("0 is not in the range x>0.", "0 is not more than 0."),
        ("9 is not in the range x<=8.", "9 is more than 8."),
        ("No such option '--alle'.", "No such option '--alle'."),
    ],
)
def test_ranges_are_put_into_words(message: str, words: str) -> None:
    assert plainly(message) == words


@pytest.mark.parametrize("command", ["start", "stop", "status", "resume", "shell"])
def test_what_is_about_the_own_server_refuses_to_name_another(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for option in (("--server", "http://other:8081"), ("--key-file", "key_file.json")):
        assert run(cli, [*option, "serve", command]) == 2
        said = capsys.readouterr().err
        assert f"{option[0]} cannot be used with `tsmon serve {command}`" in said
