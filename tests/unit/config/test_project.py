"""Which project file is read: that of the checkout, where nobody else can have written it."""

from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path
from types import SimpleNamespace

import pytest

from tsmon.config import project
from tsmon.config.project import find_project

SOMEBODY = 4711


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with a project file and a folder below."""
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    root = tmp_path / "home" / "checkout"
    (root / "a" / "b").mkdir(parents=True)
    (root / ".git").mkdir()
    written(root)
    return root


def written(folder: Path) -> Path:
    file = folder / "tsmon.toml"
    file.write_text("")
    file.chmod(0o644)
    return file


def unread(folder: Path) -> tuple[str, str]:
    found = find_project(folder)
    assert found.file is None
    assert found.unread is not None
    return str(found.unread), found.unread.hint


@pytest.mark.parametrize("place", [".", "a", "a/b", "not/there"])
def test_the_file_at_the_root_of_the_checkout_is_read(checkout: Path, place: str) -> None:
    assert find_project(checkout / place).file == checkout / "tsmon.toml"


def test_the_nearest_one_is_read(checkout: Path) -> None:
    assert find_project(written(checkout / "a").parent / "b").file == checkout / "a" / "tsmon.toml"


def test_a_worktree_has_a_file_named_git(checkout: Path) -> None:
    (checkout / ".git").rmdir()
    (checkout / ".git").write_text("gitdir: elsewhere")

    assert find_project(checkout / "a").file == checkout / "tsmon.toml"


def test_without_a_checkout_only_the_folder_itself_counts(checkout: Path) -> None:
    (checkout / ".git").rmdir()

    assert find_project(checkout).file == checkout / "tsmon.toml"
    told, hint = unread(checkout / "a")
    assert told == f"{checkout}/tsmon.toml is not read: it is above {checkout}/a, the " + (
        "root of this project"
    )
    assert hint == f"if you trust it: tsmon --config {checkout}/tsmon.toml"


def test_nothing_above_the_home_folder_counts(checkout: Path, tmp_path: Path) -> None:
    (checkout / "tsmon.toml").unlink()
    (checkout / ".git").rmdir()
    (tmp_path / ".git").mkdir()
    written(tmp_path)

    assert "is above" in unread(checkout)[0]


def test_a_checkout_within_another_ends_at_its_own_root(checkout: Path) -> None:
    (checkout / "a" / ".git").mkdir()

    assert "is above" in unread(checkout / "a" / "b")[0]


@pytest.mark.parametrize(
    ("path", "mode", "who"),
    [
        ("tsmon.toml", 0o646, "o"),
        (".", 0o757, "o"),
        ("..", 0o757, "o"),
    ],
)
def test_a_file_that_others_can_write_or_replace_is_not_read(
    checkout: Path, path: str, mode: int, who: str
) -> None:
    changed = (checkout / path).resolve()
    changed.chmod(mode)

    told, hint = unread(checkout / "a")

    assert told.endswith("can be written by others")
    assert hint == f"chmod {who}-w {changed}"
    changed.chmod(mode & ~0o022)  # as the hint says
    assert find_project(checkout / "a").file


def test_nobody_is_told_to_change_a_folder_that_is_there_to_be_shared(checkout: Path) -> None:
    checkout.chmod(0o1777)

    assert unread(checkout) == (
        f"{checkout}/tsmon.toml is not read: {checkout} can be written by others",
        f"if you trust it: tsmon --config {checkout}/tsmon.toml",
    )


def test_a_sticky_folder_above_the_checkout_replaces_nothing(checkout: Path) -> None:
    checkout.parent.chmod(0o1777)

    assert find_project(checkout).file == checkout / "tsmon.toml"


@pytest.mark.parametrize(("members", "name", "read"), [([], "me", True), (["you"], "me", False),
                                                       ([], "staff", False)])  # fmt: skip
def test_a_group_of_ones_own_is_nobody_else(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, members: list[str], name: str, read: bool
) -> None:
    file = checkout / "tsmon.toml"
    file.chmod(0o664)
    user = SimpleNamespace(pw_name="me", pw_gid=file.stat().st_gid)
    group = SimpleNamespace(gr_name=name, gr_mem=members)
    monkeypatch.setattr(pwd, "getpwuid", lambda _: user)
    monkeypatch.setattr(grp, "getgrgid", lambda _: group)

    assert (find_project(checkout).file == file) is read
    assert read or unread(checkout)[1] == f"chmod g-w {file}"


def test_a_file_of_somebody_else_is_not_read(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project, "ROOT", SOMEBODY)
    monkeypatch.setattr(os, "geteuid", lambda: SOMEBODY)

    told, hint = unread(checkout)

    assert "belongs to" in told
    assert hint == f"if you trust it: tsmon --config {checkout}/tsmon.toml"


def test_a_link_is_as_good_as_what_it_leads_to(checkout: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "shared"
    elsewhere.mkdir()
    file = checkout / "tsmon.toml"
    file.unlink()
    file.symlink_to(written(elsewhere))
    assert find_project(checkout).file == file

    elsewhere.chmod(0o1777)

    assert unread(checkout)[0].endswith(f"{elsewhere} can be written by others")


def test_the_file_that_the_user_named_is_no_projects(checkout: Path) -> None:
    assert find_project(checkout, named=checkout / "tsmon.toml").file is None
