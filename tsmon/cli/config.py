"""The config verbs: where the settings are, what they are, whether they are right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tsmon.cli.config_option import problem
from tsmon.cli.config_set import set_, unset
from tsmon.cli.config_show import show
from tsmon.cli.models import as_json
from tsmon.cli.outcome import CommandGroup, fail
from tsmon.cli.output import emit, emit_json, emit_table, emit_text, say
from tsmon.cli.target import Target, pass_target
from tsmon.config.commented import commented
from tsmon.config.errors import ConfigError
from tsmon.config.files import PROJECT_FILE, Loaded, project_file, user_file


@click.group(cls=CommandGroup)
def config() -> None:
    """The settings: where they are, what they are, whether they are right; and set one."""


config.add_command(show)
config.add_command(set_)
config.add_command(unset)


@config.command()
@as_json
def path(as_json: bool) -> None:
    """Tell which files are read: your own, and the project's, which wins."""
    user, project = user_file(), project_file(Path.cwd())
    if as_json:
        emit_json({"user": _place(user), "project": _place(project) if project else None})
        return
    emit_table(
        ("FILE", "PATH", "THERE"),
        [
            ("user", str(user), "yes" if user.is_file() else "no"),
            ("project", str(project or Path.cwd() / PROJECT_FILE), "yes" if project else "no"),
        ],
    )
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
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as new:
            new.write(commented())
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


def _place(file: Path) -> dict[str, Any]:
    return {"path": str(file), "exists": file.is_file()}
