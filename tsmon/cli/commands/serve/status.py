"""The command that shows how the TorchServe on this machine is."""

from __future__ import annotations

import click

from tsmon.cli.options import as_json, server_options
from tsmon.cli.outcome import Exit
from tsmon.cli.output import emit, emit_json
from tsmon.cli.reports.server import status_lines, status_record
from tsmon.cli.target import Target, pass_target
from tsmon.serving.local_server import State


@click.command()
@as_json
@server_options
@pass_target
def status(target: Target, as_json: bool) -> None:
    """Show whether the server runs, where, and its memory; exit code 1 if it does not."""
    found = target.local_server().status()
    if as_json:
        emit_json(status_record(found))
    else:
        for line in status_lines(found):
            emit(line)
    if found.state is not State.RUNNING:
        raise click.exceptions.Exit(Exit.FAILED)
