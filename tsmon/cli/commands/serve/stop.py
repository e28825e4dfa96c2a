"""The command that stops the TorchServe on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from tsmon.cli.console import talk
from tsmon.cli.losing import dump_option, keep_models
from tsmon.cli.options import as_json, own_server_options
from tsmon.cli.output import emit, emit_json, say
from tsmon.cli.own_server import stop_with_progress
from tsmon.cli.reports.server import container_stays, stopped
from tsmon.cli.target import Target, pass_target


@click.command()
@click.option(
    "--name", help="Name of the server, or of any container, also one that tsmon did not create."
)
@dump_option
@as_json
@own_server_options
@pass_target
def stop(target: Target, name: str | None, dump: Path | None, as_json: bool) -> None:
    """Stop the server and its workers; a container stays, stopped.

    Models that the next start does not load are written down first, and the command is said that
    registers them again.
    """
    beside = target.own_home.beside(name) if name is not None else None
    if name is None or (beside is not None and beside.record.exists()):
        server = target.local_server(beside)
        server.refuse_when_read_only()
        keep_models(server.home, dump)
        stopped(stop_with_progress(server), as_json)
    else:
        if dump is not None:
            raise click.UsageError("--dump goes with a server that tsmon started")
        _stop_container(target, name, as_json)


def _stop_container(target: Target, name: str, as_json: bool) -> None:
    """Stop a container, saying on stderr that it is waited for."""
    with talk.status(f"stopping TorchServe and the container {name}…"):
        left = target.container_server().stop(name)
    if as_json:
        emit_json({"container": name})
        return
    emit(f"stopped the container {name}")
    if not left.passing:
        say(container_stays(name))
