"""The command that shows whether the settings can be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tsmon.cli.config_files import problem
from tsmon.cli.options import as_json
from tsmon.cli.outcome import fail
from tsmon.cli.output import emit_json, emit_text
from tsmon.cli.target import Target, pass_target
from tsmon.config.errors import ConfigError

if TYPE_CHECKING:
    from tsmon.config.files import Loaded


@click.command()
@as_json
@pass_target
@click.pass_context
def check(ctx: click.Context, target: Target, as_json: bool) -> None:
    """Check whether the files can be used; exits with 1 if they cannot."""
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
            "\n".join(f"{file}: good" for file in files) or "no file found; using the defaults"
        )


def _key_problem(loaded: Loaded) -> ConfigError | None:
    """What is wrong with the keys; the tables they are checked by belong to the screens."""
    from tsmon.tui.keymap.configured import configured

    try:
        configured(loaded)
    except ConfigError as error:
        return error
    return None
