"""The command that chooses the default version of a model."""

from __future__ import annotations

import click

from tsmon.cli.coroutines import runs_async
from tsmon.cli.options import as_json, server_and_grpc_options
from tsmon.cli.output import emit_status
from tsmon.cli.target import Target, pass_target


@click.command()
@click.argument("model")
@click.argument("version")
@as_json
@server_and_grpc_options
@pass_target
@runs_async
async def set_default(target: Target, model: str, version: str, as_json: bool) -> None:
    """Make VERSION the one that requests for MODEL without a version go to."""
    async with target.client() as client:
        emit_status(await client.management.set_default(model, version), as_json)
