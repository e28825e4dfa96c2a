"""The command that shows where the settings are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tsmon.cli.options import as_json
from tsmon.cli.output import emit_json, emit_table, say
from tsmon.cli.target import Target, pass_target
from tsmon.config.files import Loaded, user_file
from tsmon.config.project import PROJECT_FILE


@click.command()
@as_json
@pass_target
def path(target: Target, as_json: bool) -> None:
    """Show which files are read: your own, and the project's, which wins."""
    user, loaded = user_file(), target.loaded
    project = loaded.unread.file if loaded.unread else loaded.project
    if as_json:
        place = _place(project) | {"read": _how_far(loaded)} if project else None
        emit_json({"user": _place(user), "project": place})
        return
    emit_table(
        ("FILE", "PATH", "READ"),
        [
            ("user", str(user), "yes" if user.is_file() else "no: it is not there"),
            ("project", str(project or Path.cwd() / PROJECT_FILE), _how_far(loaded)),
        ],
    )
    if loaded.unread:
        say(loaded.unread.hint)
    if not user.is_file():
        say("`tsmon config init` writes one with every setting explained")


def _how_far(loaded: Loaded) -> str:
    """Whether the project's file is read, and why not, or not all of it."""
    if loaded.unread:
        return f"no: {loaded.unread.reason}"
    if loaded.project is None:
        return "no: it is not there"
    return "in part: run `tsmon config trust` to use the rest" if loaded.withheld else "yes"


def _place(file: Path) -> dict[str, Any]:
    return {"path": str(file), "exists": file.is_file()}
