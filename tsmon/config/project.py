"""The project's file: where it is looked for, and why one that is there is not read.

Anyone who can write a file that tsmon reads can send its requests elsewhere. So a project's file is
taken from the checkout of the working directory and from nowhere above it, and only where no one
but the user and root can have written it, which is what git (safe.directory) and ssh (StrictModes)
ask too.
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from tsmon.untrusted.shell import shell_word

PROJECT_FILE = "tsmon.toml"
ROOT = 0


@dataclass(frozen=True, slots=True)
class Unread:
    """A project's file that is left alone."""

    file: Path
    reason: str
    hint: str
    """The way out."""

    def __str__(self) -> str:
        return f"{self.file} is not read: {self.reason}"


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of a project's file; at most one of the two."""

    file: Path | None = None
    """The one to read."""
    unread: Unread | None = None


def find_project(folder: Path, named: Path | None = None) -> Found:
    """Look for the nearest `tsmon.toml` in a folder and above it.

    `named` is the file that the user named as their own; that is no project's.
    """
    folder = folder.resolve()
    checkout = _checkout(folder)
    for place in (folder, *folder.parents):
        file = place / PROJECT_FILE
        if not file.is_file():
            continue
        if named is not None and file.resolve() == named.resolve():
            break
        if not place.is_relative_to(checkout):
            reason = f"it is above {checkout}, the root of this project"
            return Found(unread=Unread(file, reason, _use_it(file)))
        unread = _refusal(file, checkout)
        return Found(unread=unread) if unread else Found(file)
    return Found()


def _checkout(folder: Path) -> Path:
    """The root of the checkout that a folder is in, or else the folder; never above home."""
    home = Path.home().resolve()
    for place in (folder, *folder.parents):
        if (place / ".git").exists():
            return place
        if place == home:
            break
    return folder


def _refusal(file: Path, checkout: Path) -> Unread | None:
    """Why a file is not to be read: someone else could have written it, or replaced a folder."""
    real = file.resolve()
    within = (each for each in file.parents if each.is_relative_to(checkout))
    own = {real, real.parent, *within}
    for path in (*own, *real.parents, *checkout.parents):
        try:
            status = path.stat()
        except OSError as error:
            return Unread(file, f"{path}: {error.strerror or error}", _use_it(file))
        what = "it" if path == file else str(path)
        if status.st_uid not in {ROOT, os.geteuid()}:
            problem = f"{what} belongs to {_name(status.st_uid)}"
            return Unread(file, problem, _use_it(file))
        # In a sticky folder, such as /tmp, others can add files, but replace none.
        is_sticky = status.st_mode & stat.S_ISVTX
        if (who := _other_writers(status)) and (path in own or not is_sticky):
            chmod = f"chmod {who}-w {shell_word(str(path))}"
            remedy = _use_it(file) if is_sticky else chmod
            return Unread(file, f"{what} can be written by others", remedy)
    return None


def _other_writers(status: os.stat_result) -> str:
    """Who can write besides the owner, as `chmod` calls them."""
    by_group = status.st_mode & stat.S_IWGRP and not _is_private_group(status)
    return ("g" if by_group else "") + ("o" if status.st_mode & stat.S_IWOTH else "")


def _is_private_group(status: os.stat_result) -> bool:
    """Whether the group has its owner alone, as where each user has a group of the same name."""
    try:
        owner, group = pwd.getpwuid(status.st_uid), grp.getgrgid(status.st_gid)
    except KeyError:
        return False
    same = owner.pw_gid == status.st_gid and owner.pw_name == group.gr_name
    return same and set(group.gr_mem) <= {owner.pw_name}


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"


def _use_it(file: Path) -> str:
    return f"if you trust it: tsmon --config {shell_word(str(file))}"
