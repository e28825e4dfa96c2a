"""The keys command, and what the configuration check says of keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Tsmon

PAGE = Path(__file__).parents[3] / "docs" / "keys.md"


@pytest.fixture
def user_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "config.toml"
    file.write_text('[keys.bind]\n"model.register" = "ctrl+r"\n')
    monkeypatch.setenv("TSMON_CONFIG", str(file))
    return file


def test_the_keys_in_force_are_listed_by_group(tsmon: Tsmon, user_file: Path) -> None:
    lines = tsmon("keys").stdout.splitlines()

    assert lines[0].split() == ["KEY", "ID", "GROUP", "ACTION"]
    assert ["ctrl+r", "model.register", "Models"] in [line.split()[:3] for line in lines]


def test_the_keys_are_data(tsmon: Tsmon, user_file: Path) -> None:
    found = {each["id"]: each for each in tsmon("keys", "--json").json}

    assert (found["model.register"]["keys"], found["model.register"]["default"]) == (
        ["ctrl+r"],
        ["r"],
    )
    assert found["model.register"]["changes"]


def test_the_defaults_as_a_page_are_that_of_the_docs(tsmon: Tsmon, user_file: Path) -> None:
    assert tsmon("keys", "--defaults", "--markdown").stdout == PAGE.read_text(encoding="utf-8")
    assert "`ctrl+r` | `model.register`" in tsmon("keys", "--markdown").stdout


def test_a_page_is_no_json(tsmon: Tsmon) -> None:
    assert tsmon("keys", "--json", "--markdown").code == 2


def test_keys_that_cannot_be_are_told_by_every_way_to_them(tsmon: Tsmon, user_file: Path) -> None:
    user_file.write_text('[keys.bind]\n"model.register" = "ctrl+i"\n')

    checked = tsmon("config", "check")
    listed = tsmon("keys")

    told = f"{user_file}, line 2: keys.bind.model.register: ctrl+i is what a terminal sends for tab"
    assert (checked.code, listed.code) == (1, 2)
    assert told in checked.stderr
    assert told in listed.stderr
    assert tsmon("config", "check", "--json").json["problem"]["line"] == 2
