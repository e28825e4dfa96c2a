"""The command that removes a model."""

from __future__ import annotations

import sys

import click

from tsmon.cli.coroutines import runs_async
from tsmon.cli.declared import servers_option
from tsmon.cli.many import change_servers, parallel_option
from tsmon.cli.options import as_json, server_and_grpc_options, version_option
from tsmon.cli.output import confirm, emit_status
from tsmon.cli.target import Target, pass_target
from tsmon.declared.changes import Unregister


@click.command()
@click.argument("model")
@version_option
@servers_option
@parallel_option
@click.option("--yes", "-y", is_flag=True, help="Do not ask for confirmation.")
@as_json
@server_and_grpc_options
@pass_target
@runs_async
async def unregister(
    target: Target,
    model: str,
    version: str | None,
    servers: tuple[str, ...],
    at_once: int,
    yes: bool,
    as_json: bool,
) -> None:
    """Remove a MODEL, stopping its workers; asks first when a person is there to answer.

    With --to it is removed from several servers, by a plan.
    """
    if servers:
        change = Unregister(model, version or "")
        await change_servers(target, servers, change, yes=yes, as_json=as_json, at_once=at_once)
        return
    what = f"{model} {version}" if version else model
    if not yes and sys.stdin.isatty():
        confirm(f"Unregister {what} and stop its workers?")
    async with target.client() as client:
        emit_status(await client.management.unregister(model, version), as_json)
