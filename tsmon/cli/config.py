"""The config verbs: where the settings are, what they are, whether they are right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tsmon.cli.config_option import problem
from tsmon.cli.config_set import set_, unset
from tsmon.cli.config_show import show
from tsmon.cli.config_trust import trust
from tsmon.cli.models import as_json
from tsmon.cli.outcome import CommandGroup, fail
from tsmon.cli.output import emit, emit_json, emit_table, emit_text, say
from tsmon.cli.target import Target, pass_target
from tsmon.config.commented import commented
from tsmon.config.errors import ConfigError
from tsmon.config.files import Loaded, user_file
from tsmon.config.project import PROJECT_FILE
from tsmon.untrusted.private import FILE_MODE, private_folder


@click.group(cls=CommandGroup)
def config() -> None:
    """The settings: where they are, what they are, whether they are right; and set one."""


config.add_command(show)
config.add_command(set_)
config.add_command(unset)
config.add_command(trust)


@config.command()
@as_json
@pass_target
def path(target: Target, as_json: bool) -> None:
    """Tell which files are read: your own, and the project's, which wins."""
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
        say("`tsmon config init` writes your own, with every setting explained in it")


@config.command()
@as_json
@pass_target
@click.pass_context
def check(ctx: click.Context, target: Target, as_json: bool) -> None:
    """Tell whether the files can be used; ends with 1 where they cannot."""
    error = problem(ctx) or _key_problem(target.loaded)
    if as_json:
        emit_json(
            {
                "ok": error is None,
                "files": [str(file) for file in target.loaded.files],
                "problem": error and {
                    "file": str(error.file),
                    "line": error.line,
                    "problem": error.problem,
                    "hint": error.hint,
                },
            }
        )  # fmt: skip
    if error is not None:
        fail(str(error), error.hint)
    if not as_json:
        files = target.loaded.files
        emit_text(
            "\n".join(f"{file}: good" for file in files) or "there is no file; defaults are used"
        )


@config.command()
@click.option(
    "--project", is_flag=True, help=f"Write {PROJECT_FILE} into this folder in place of your own."
)
def init(project: bool) -> None:
    """Write a file with every setting explained and switched off; replaces none."""
    file = Path.cwd() / PROJECT_FILE if project else user_file()
    try:
        private_folder(file.parent)
        file.touch(mode=FILE_MODE, exist_ok=False)
        file.write_text(commented(), encoding="utf-8")
    except FileExistsError:
        fail(f"{file} is there already", "edit it; `tsmon config check` tells whether it is right")
    except OSError as error:
        fail(f"cannot write {file}: {error.strerror or error}", "name another with TSMON_CONFIG")
    emit(str(file))


def _key_problem(loaded: Loaded) -> ConfigError | None:
    """What is wrong with the keys; the tables they are checked by belong to the screens."""
    from tsmon.tui.keymap.configured import configured

    try:
        configured(loaded)
    except ConfigError as error:
        return error
    return None


def _how_far(loaded: Loaded) -> str:
    """Whether the project's file is read, and why not, or not all of it."""
    if loaded.unread:
        return f"no: {loaded.unread.reason}"
    if loaded.project is None:
        return "no: it is not there"
    return "in part: `tsmon config trust` has the rest read" if loaded.withheld else "yes"


def _place(file: Path) -> dict[str, Any]:
    return {"path": str(file), "exists": file.is_file()}
