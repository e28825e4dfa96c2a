"""The command that shows how the TorchServe on this machine is."""

from __future__ import annotations

import click

from tsmon.cli.options import as_json, own_server_options
from tsmon.cli.outcome import Exit
from tsmon.cli.output import emit, emit_json
from tsmon.cli.reports.server import status_lines, status_record
from tsmon.cli.target import Target, pass_target
from tsmon.serving.local_server import State


@click.command()
@click.option("--name", help="Name of the server, where it has one.")
@as_json
@own_server_options
@pass_target
def status(target: Target, name: str | None, as_json: bool) -> None:
    """Show whether the server runs, where, and its memory; exit code 1 if it does not."""
    home = target.home_for(name, container=True)
    found = target.local_server(home).status()
    if as_json:
        emit_json(status_record(found))
    else:
        for line in status_lines(found):
            emit(line)
        others = [each for each in home.all_beside() if each.record.exists()]
        for each in others:
            emit(f"beside     {each.path.name}: `tsmon serve status --name {each.path.name}`")
    if found.state is not State.RUNNING:
        raise click.exceptions.Exit(Exit.FAILED)
