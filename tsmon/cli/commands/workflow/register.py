"""The command that registers a workflow."""

from __future__ import annotations

import click

from tsmon.cli.coroutines import runs_async
from tsmon.cli.options import as_json, server_options
from tsmon.cli.output import emit_status
from tsmon.cli.target import Target, pass_target


@click.command()
@click.argument("archive")
@click.option("--name", default="", help="Its name, if not that of the archive.")
@as_json
@server_options
@pass_target
@runs_async
async def register(target: Target, archive: str, name: str, as_json: bool) -> None:
    """Register an ARCHIVE (.war) of the server's workflow store, or from a URL.

    The server answers when the workers of all its models are ready. Its models are listed as
    WORKFLOW__MODEL.
    """
    async with target.client() as client:
        emit_status(await client.workflows.register(archive, name), as_json)
