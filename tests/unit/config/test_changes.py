"""What is changed in a session, where it came from, and where it is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from tsmon.config.changes import Changes, Given, Origins
from tsmon.config.errors import ConfigError
from tsmon.config.files import load
from tsmon.config.values import Dotted

PERIOD: Dotted = ("monitor", "period")
THEME: Dotted = ("monitor", "theme")
SPAN: Dotted = ("monitor", "span")


@pytest.fixture
def user(tmp_path: Path) -> Path:
    file = tmp_path / "config.toml"
    file.write_text("[monitor]\nspan = 300\ntheme = 'nord'\n")
    return file


@pytest.fixture
def project(tmp_path: Path) -> Path:
    file = tmp_path / "p" / "tsmon.toml"
    file.parent.mkdir()
    file.write_text("[monitor]\ntheme = 'gruvbox'\n")
    return file


@pytest.fixture
def changes(user: Path, project: Path) -> Changes:
    loaded = load(user, folder=project.parent)
    given = {PERIOD: Given(5.0, "--period")}
    return Changes(loaded.config, Origins(loaded.origins, given, loaded.own, loaded.files))


def test_each_setting_tells_where_it_is_from(changes: Changes, user: Path, project: Path) -> None:
    assert (changes.value(PERIOD), changes.origin(PERIOD)) == (5.0, Given(5.0, "--period"))
    assert (changes.value(SPAN), changes.origin(SPAN)) == (300.0, user)
    assert (changes.value(THEME), changes.origin(THEME)) == ("gruvbox", project)
    assert changes.origin(("monitor", "symbols")) is None


def test_a_change_is_one_until_it_is_taken_back(changes: Changes) -> None:
    changes.change(SPAN, 900.0)
    assert (changes.value(SPAN), changes.changed) == (900.0, (SPAN,))

    changes.change(SPAN, 300.0)
    assert not changes.changed


def test_a_change_is_kept_in_the_file_it_came_from(
    changes: Changes, user: Path, project: Path
) -> None:
    changes.change(PERIOD, 2.0)
    changes.change(THEME, "dracula")

    assert set(changes.keep()) == {user, project}

    assert not changes.changed
    assert (changes.value(PERIOD), changes.origin(PERIOD)) == (2.0, user)
    assert project.read_text() == '[monitor]\ntheme = "dracula"\n'
    assert load(user, folder=project.parent).config.monitor.period == 2.0


def test_a_default_leaves_every_file(changes: Changes, user: Path, project: Path) -> None:
    changes.change(THEME, "")

    assert set(changes.keep()) == {user, project}

    assert changes.origin(THEME) is None
    assert load(user, folder=project.parent).config.monitor.theme == ""


def test_what_cannot_be_kept_stays_changed(changes: Changes, user: Path) -> None:
    user.write_text("[monitor\n")
    changes.change(SPAN, 900.0)

    with pytest.raises(ConfigError):
        changes.keep()

    assert changes.changed == (SPAN,)
