"""The command that gives a model more or fewer workers."""

from __future__ import annotations

import click

from tsmon.cli.coroutines import runs_async
from tsmon.cli.declared import servers_option
from tsmon.cli.many import change_servers, parallel_option
from tsmon.cli.options import as_json, server_and_grpc_options, version_option, wait_option
from tsmon.cli.output import emit_status
from tsmon.cli.rollout import wait_for_workers
from tsmon.cli.target import Target, pass_target
from tsmon.declared.changes import ScaleTo


@click.command()
@click.argument("model")
@click.argument("workers", type=click.IntRange(0))
@version_option
@click.option(
    "--max", "max_workers", type=click.IntRange(0), help="Max workers; by default the same number."
)
@wait_option
@servers_option
@parallel_option
@click.option("--yes", "-y", is_flag=True, help="With --to: do not ask for confirmation.")
@as_json
@server_and_grpc_options
@pass_target
@runs_async
async def scale(
    target: Target,
    model: str,
    workers: int,
    version: str | None,
    max_workers: int | None,
    wait: bool,
    servers: tuple[str, ...],
    at_once: int,
    yes: bool,
    as_json: bool,
) -> None:
    """Give a MODEL a number of WORKERS; with --to on several servers, by a plan."""
    if servers:
        change = ScaleTo(model, version or "", workers, max_workers)
        await change_servers(target, servers, change, yes=yes, as_json=as_json, at_once=at_once)
        return
    async with target.client() as client:
        status = await client.management.scale(
            model, workers, version=version, max_workers=max_workers
        )
        emit_status(status, as_json)
        if wait:
            await wait_for_workers(client, model, workers, version, target.log_place)
