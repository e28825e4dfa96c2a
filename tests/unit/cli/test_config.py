"""The configuration files as the commands use and tell them."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Tsmon

PROD = """
server = "prod"
[monitor]
period = 3
[servers.prod]
url = "http://127.0.0.1:9181"
read_only = true
"""
BOUND = """
[keys.bind]
"model.register" = "ctrl+r"
[fleet]
file_sd = ["/etc/targets/*.json"]
"""


@pytest.fixture
def user_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "user" / "config.toml"
    monkeypatch.setenv("TSMON_CONFIG", str(file))
    return file


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_the_paths_are_told(tsmon: Tsmon, user_file: Path) -> None:
    told = tsmon("config", "path", "--json").json

    assert told == {"user": {"path": str(user_file), "exists": False}, "project": None}


def test_a_new_file_explains_the_settings_and_is_right(tsmon: Tsmon, user_file: Path) -> None:
    assert tsmon("config", "init").stdout.strip() == str(user_file)

    checked = tsmon("config", "check")

    assert (checked.code, checked.stdout) == (0, f"{user_file}: good\n")
    assert "# period = 1.0" in user_file.read_text()


def test_a_file_that_is_there_is_never_replaced(tsmon: Tsmon, user_file: Path) -> None:
    write(user_file, PROD)

    ended = tsmon("config", "init")

    assert ended.code == 1
    assert "already exists" in ended.stderr
    assert user_file.read_text() == PROD


def test_the_settings_are_told_with_their_origin(tsmon: Tsmon, user_file: Path) -> None:
    write(user_file, PROD)

    told = tsmon("config", "show", "--json").json

    assert told["monitor.period"] == {"value": 3.0, "origin": str(user_file)}
    assert "monitor.span" not in told
    everything = tsmon("config", "show", "--all", "--json").json
    assert everything["monitor.span"] == {"value": 120.0, "origin": "default"}


def test_show_prints_toml_that_means_what_the_files_say(tsmon: Tsmon, user_file: Path) -> None:
    write(user_file, PROD + BOUND)

    shown = tsmon("config", "show").stdout

    assert tomllib.loads(shown) == tomllib.loads(user_file.read_text())
    assert f"  # {user_file}" in shown
    everything = tomllib.loads(tsmon("config", "show", "--all").stdout)
    assert everything["monitor"]["span"] == 120.0
    assert everything["servers"]["prod"]["insecure"] is False


def test_a_wrong_file_is_told_by_check_and_stops_every_other_command(
    tsmon: Tsmon, user_file: Path
) -> None:
    write(user_file, "[monitor]\nperoid = 2\n")

    checked = tsmon("config", "check", "--json")
    listed = tsmon("models")

    assert checked.code == 1
    assert checked.json["problem"]["line"] == 2
    assert checked.json["problem"]["hint"] == "did you mean period?"
    assert listed.code == 2
    assert f"{user_file}, line 2: monitor.peroid" in listed.stderr
    assert "did you mean period?" in listed.stderr
    assert tsmon("--help").code == 0


def test_the_server_of_the_file_is_meant_where_no_option_names_one(
    tsmon: Tsmon, user_file: Path
) -> None:
    write(user_file, PROD)

    assert "127.0.0.1:9181" in tsmon("models").stderr
    assert tsmon("models", "--server", "http://127.0.0.1:8081").code == 0


def test_a_server_can_be_named(tsmon: Tsmon, user_file: Path) -> None:
    write(user_file, "[servers.here]\nurl = 'http://127.0.0.1:8081'\nread_only = true\n")

    listed = tsmon("--server", "here", "models", "--json")
    registered = tsmon("register", "mnist.mar", "--server", "here")

    assert (listed.code, listed.json) == (0, [])
    assert registered.code == 1
    assert "read-only" in registered.stderr


def test_a_variable_wins_over_the_file(
    tsmon: Tsmon, user_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(user_file, PROD)
    monkeypatch.setenv("TSMON_SERVER", "http://127.0.0.1:8081")

    assert tsmon("models").code == 0
