"""The command that describes a workflow."""

from __future__ import annotations

import click

from tsmon.cli.coroutines import runs_async
from tsmon.cli.options import as_json, server_options
from tsmon.cli.output import emit, emit_json
from tsmon.cli.target import Target, pass_target
from tsmon.torchserve.workflows import facts_of


@click.command()
@click.argument("workflow")
@as_json
@server_options
@pass_target
@runs_async
async def describe(target: Target, workflow: str, as_json: bool) -> None:
    """Describe a WORKFLOW: its archive, its steps, and what its models get."""
    async with target.client() as client:
        found = await client.workflows.describe(workflow)
    if as_json:
        emit_json(found.raw)
        return
    for name, value in facts_of(found):
        emit(f"{name:<10} {value}")
