"""The command that writes a file of settings to begin with."""

from __future__ import annotations

from pathlib import Path

import click

from tsmon.cli.outcome import fail
from tsmon.cli.output import emit
from tsmon.config.commented import commented
from tsmon.config.files import user_file
from tsmon.config.project import PROJECT_FILE
from tsmon.untrusted.private import FILE_MODE, private_folder


@click.command()
@click.option(
    "--project", is_flag=True, help=f"Write {PROJECT_FILE} in this folder instead of your own file."
)
def init(project: bool) -> None:
    """Write a file with every setting explained and switched off; replaces none."""
    file = Path.cwd() / PROJECT_FILE if project else user_file()
    try:
        private_folder(file.parent)
        file.touch(mode=FILE_MODE, exist_ok=False)
        file.write_text(commented(), encoding="utf-8")
    except FileExistsError:
        fail(f"{file} already exists", "edit it, then run `tsmon config check`")
    except OSError as error:
        fail(f"cannot write {file}: {error.strerror or error}", "choose another with TSMON_CONFIG")
    emit(str(file))
