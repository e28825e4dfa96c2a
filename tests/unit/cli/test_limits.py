"""tsmon limits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fake import FakeTorchServe
from tests.unit.cli.conftest import Tsmon
from tsmon.config.files import VARIABLE

SHORT = ("--interval", "0.1", "--seconds", "2")


@pytest.fixture(autouse=True)
def loaded(server: FakeTorchServe) -> None:
    server.load("mnist", "1.0")


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "config.toml"
    file.write_text("[limits.few]\nwhen = 'ready < 2'\n[limits.off]\nwhen = ''\n")
    monkeypatch.setenv(VARIABLE, str(file))
    return file


@pytest.mark.usefixtures("config")
def test_one_that_is_exceeded_is_shown_and_ends_with_1(tsmon: Tsmon) -> None:
    ended = tsmon("limits", *SHORT)

    assert ended.code == 1
    heading, row = ended.stdout.splitlines()
    assert heading.split() == ["MODEL", "LIMIT", "STATE", "NOW", "CONDITION"]
    assert row.split() == ["mnist", "1.0", "few", "exceeded", "ready", "1", "ready", "<", "2"]


def test_a_condition_can_be_given(tsmon: Tsmon) -> None:
    ended = tsmon("limits", "--when", "ready < 1", "--when", "p95 > 1 ms", "--json", *SHORT)

    assert ended.code == 0
    states = {each["limit"]: each["state"] for each in ended.json}
    assert states == {"ready < 1": "within", "p95 > 1 ms": "unknown"}


def test_what_could_not_be_judged_is_said(tsmon: Tsmon) -> None:
    ended = tsmon("limits", "--when", "p95 > 1 ms", *SHORT)

    assert ended.code == 0
    assert "1 limit could not be judged" in ended.stderr


def test_it_looks_for_as_long_as_the_limits_need(tsmon: Tsmon) -> None:
    ended = tsmon("limits", "--when", "ready < 2 for 0.3 s", "--interval", "0.1", "--json")

    assert "looking for 0.6 s" in ended.stderr
    assert ended.code == 1


@pytest.mark.usefixtures("config")
def test_each_change_can_be_watched(tsmon: Tsmon) -> None:
    ended = tsmon("limits", "--watch", "--when", "ready < 2 for 0.2 s", "--json", *SHORT)

    changes = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [(each["limit"], each["state"]) for each in changes] == [
        ("few", "exceeded"),
        ("ready < 2 for 0.2 s", "pending"),
        ("ready < 2 for 0.2 s", "exceeded"),
    ]
    assert ended.code == 1


def test_without_any_it_says_how_to_set_one(tsmon: Tsmon) -> None:
    ended = tsmon("limits")

    assert ended.code == 2
    assert "tsmon config set limits.slow.when" in ended.stderr


def test_a_condition_that_is_wrong_is_refused_with_a_way_out(tsmon: Tsmon) -> None:
    ended = tsmon("limits", "--when", "p95 > 50")

    assert ended.code == 2
    assert "p95 needs a unit; such as p95 > 50 ms" in ended.stderr
