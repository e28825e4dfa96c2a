"""The command that lists workflows."""

from __future__ import annotations

import click

from tsmon.cli.coroutines import runs_async
from tsmon.cli.options import as_json, server_options
from tsmon.cli.output import emit_json, emit_table, say
from tsmon.cli.target import Target, pass_target


@click.command("list")
@as_json
@server_options
@pass_target
@runs_async
async def list_(target: Target, as_json: bool) -> None:
    """List the workflows that are registered."""
    async with target.client() as client:
        found = await client.workflows.all()
    if as_json:
        emit_json([each.raw for each in found])
    elif found:
        emit_table(("WORKFLOW", "ARCHIVE"), [(each.name, each.url) for each in found])
    else:
        say("no workflow is registered; `tsmon workflow register ARCHIVE.war` registers one")
