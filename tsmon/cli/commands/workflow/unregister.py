"""The command that removes a workflow."""

from __future__ import annotations

import sys

import click

from tsmon.cli.coroutines import runs_async
from tsmon.cli.options import as_json, server_options
from tsmon.cli.output import confirm, emit_status
from tsmon.cli.target import Target, pass_target


@click.command()
@click.argument("workflow")
@click.option("--yes", "-y", is_flag=True, help="Do not ask for confirmation.")
@as_json
@server_options
@pass_target
@runs_async
async def unregister(target: Target, workflow: str, yes: bool, as_json: bool) -> None:
    """Remove a WORKFLOW with its models; asks first when a person is there to answer."""
    if not yes and sys.stdin.isatty():
        confirm(f"Unregister the workflow {workflow} and all its models?")
    async with target.client() as client:
        emit_status(await client.workflows.unregister(workflow), as_json)
