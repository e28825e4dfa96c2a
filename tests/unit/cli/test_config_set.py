"""Setting one thing from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Tsmon


@pytest.fixture
def user_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "user" / "config.toml"
    monkeypatch.setenv("TSMON_CONFIG", str(file))
    return file


def test_a_setting_is_written_and_shown(tsmon: Tsmon, user_file: Path) -> None:
    ended = tsmon("config", "set", "monitor.period", "2")

    assert (ended.code, ended.stdout) == (0, f"{user_file}: monitor.period = 2\n")
    told = tsmon("config", "show", "--json").json
    assert told == {"monitor.period": {"value": 2.0, "origin": str(user_file)}}


def test_it_is_told_as_json(tsmon: Tsmon, user_file: Path) -> None:
    told = tsmon("config", "set", "servers.prod.read_only", "true", "--json").json

    assert told == {
        "setting": "servers.prod.read_only",
        "value": True,
        "file": str(user_file),
        "wins": None,
    }


def test_the_projects_file_wins_and_that_is_told(tsmon: Tsmon, user_file: Path) -> None:
    project = Path.cwd() / "tsmon.toml"
    assert tsmon("config", "set", "monitor.theme", "nord", "--project").code == 0
    assert 'theme = "nord"' in project.read_text()
    assert not user_file.exists()

    ended = tsmon("config", "set", "monitor.theme", "dracula", "--json")

    assert ended.json["wins"] == str(project)
    assert 'theme = "dracula"' in user_file.read_text()
    assert f"{project} sets it too" in tsmon("config", "set", "monitor.theme", "dracula").stderr


def test_a_setting_is_taken_out(tsmon: Tsmon, user_file: Path) -> None:
    tsmon("config", "set", "monitor.span", "300")

    taken = tsmon("config", "unset", "monitor.span", "--json").json
    again = tsmon("config", "unset", "monitor.span")

    assert taken["taken_out"] is True
    assert again.stdout == f"{user_file}: monitor.span was not set\n"
    assert tsmon("config", "show", "--json").json == {}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("monitor.peroid", "2"), "did you mean period?"),
        (("monitor.period", "0"), "monitor.period: 0 is less than 0.2"),
        (("monitor.theme", "nrod"), "similar: nord"),
        (("keys.preset", "emacs"), "'emacs' is not one of default, vim"),
        (("keys.bind.model.register", "q"), "is app.quit as well"),
        (("keys.bind.model.regster", "q"), "did you mean model.register?"),
        (("monitor", "2"), "monitor is a table"),
    ],
)
def test_what_cannot_be_is_refused(
    tsmon: Tsmon, user_file: Path, arguments: tuple[str, str], told: str
) -> None:
    ended = tsmon("config", "set", *arguments)

    assert ended.code == 2
    assert told in ended.stderr
    assert not user_file.exists()


def test_a_wrong_file_is_left_as_it_is(tsmon: Tsmon, user_file: Path) -> None:
    user_file.parent.mkdir()
    user_file.write_text("[monitor]\nperoid = 2\n")

    ended = tsmon("config", "set", "monitor.period", "2")

    assert ended.code == 2
    assert "did you mean period?" in ended.stderr
    assert user_file.read_text() == "[monitor]\nperoid = 2\n"
