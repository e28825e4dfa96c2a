"""The config verb that lets a project's file say where tsmon connects to."""

from __future__ import annotations

from pathlib import Path

import click

from tsmon.cli.outcome import Exit, fail
from tsmon.cli.output import say
from tsmon.cli.project_trust import show_pointing
from tsmon.config.files import read
from tsmon.config.project import PROJECT_FILE, find_project
from tsmon.config.trust import distrust, pointing
from tsmon.config.trust import trust as remember


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--forget", is_flag=True, help="Stop trusting the file.")
def trust(file: Path | None, forget: bool) -> None:
    """Let a project's file say where tsmon connects to; FILE is by default the one found here.

    It is remembered until the file says something else of servers, keys or targets.
    """
    if file is not None and file.name != PROJECT_FILE:
        fail(f"{file} is not a {PROJECT_FILE}", "`tsmon --config FILE` reads any file", Exit.USAGE)
    folder = Path.cwd() if file is None else file.absolute().parent
    found = find_project(folder)
    if found.unread:
        fail(str(found.unread), found.unread.hint, Exit.USAGE)
    if found.file is None:
        hint = "`tsmon config path` shows where it would be"
        fail(f"no {PROJECT_FILE} found for {folder}", hint, Exit.USAGE)
    if forget:
        gone = distrust(found.file)
        say(f"{found.file} is {'no longer trusted' if gone else 'not trusted before either'}")
        return
    message = pointing(read(found.file))
    if not message:
        say(f"{found.file} contains nothing that needs trust")
        return
    remember(found.file, message)
    show_pointing(found.file, message)
    say("trusted; `tsmon config trust --forget` revokes it")
