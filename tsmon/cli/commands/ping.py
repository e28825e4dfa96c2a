"""The command that asks a server whether it is healthy."""

from __future__ import annotations

import click

from tsmon.cli.coroutines import runs_async
from tsmon.cli.options import as_json, server_and_grpc_options
from tsmon.cli.outcome import Exit
from tsmon.cli.output import emit, emit_json
from tsmon.cli.target import Target, pass_target
from tsmon.torchserve.inference import HEALTHY


@click.command()
@as_json
@server_and_grpc_options
@pass_target
@runs_async
async def ping(target: Target, as_json: bool) -> None:
    """Ask the server whether it is healthy, in its own words."""
    async with target.client() as client:
        status = await client.inference.ping()
    if as_json:
        emit_json({"status": status})
    else:
        emit(status)
    if status != HEALTHY:
        raise click.exceptions.Exit(Exit.FAILED)
