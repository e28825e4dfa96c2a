"""The command that gives a model more or fewer workers."""

from __future__ import annotations

import click

from tsmon.cli.coroutines import runs_async
from tsmon.cli.options import as_json, server_and_grpc_options, version_option, wait_option
from tsmon.cli.output import emit_status
from tsmon.cli.rollout import wait_for_workers
from tsmon.cli.target import Target, pass_target


@click.command()
@click.argument("model")
@click.argument("workers", type=click.IntRange(0))
@version_option
@click.option(
    "--max", "max_workers", type=click.IntRange(0), help="Max workers; by default the same number."
)
@wait_option
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
    as_json: bool,
) -> None:
    """Give a MODEL a number of WORKERS."""
    async with target.client() as client:
        status = await client.management.scale(
            model, workers, version=version, max_workers=max_workers
        )
        emit_status(status, as_json)
        if wait:
            await wait_for_workers(client, model, workers, version, target.log_place)
