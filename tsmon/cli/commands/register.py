"""The command that registers a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tsmon.cli.coroutines import runs_async
from tsmon.cli.options import as_json, server_and_grpc_options, wait_option
from tsmon.cli.output import emit_status
from tsmon.cli.rollout import wait_for_workers
from tsmon.cli.target import Target, pass_target
from tsmon.telemetry.descriptions import describe_everything
from tsmon.torchserve.errors import InvalidArgument
from tsmon.torchserve.management import Registration

if TYPE_CHECKING:
    from tsmon.torchserve.client import TorchServe


@click.command()
@click.argument("archive")
@click.option("--workers", "-w", default=1, show_default=True, type=click.IntRange(0))
@click.option("--name", "model_name", help="Model name; by default the archive's.")
@click.option("--handler", help="Handler as module:function; by default the archive's.")
@click.option("--runtime", type=click.Choice(["python", "python3", "LSP"]))
@click.option("--batch-size", type=click.IntRange(1))
@click.option("--max-batch-delay", type=click.IntRange(0), help="Milliseconds.")
@click.option("--response-timeout", type=click.IntRange(1), help="Response time-out in seconds.")
@click.option("--startup-timeout", type=click.IntRange(1), help="Start-up time-out in seconds.")
@click.option("--s3-sse-kms", is_flag=True, default=None, help="The S3 object is KMS encrypted.")
@wait_option
@as_json
@server_and_grpc_options
@pass_target
@runs_async
async def register(
    target: Target,
    archive: str,
    workers: int,
    wait: bool,
    as_json: bool,
    model_name: str | None,
    handler: str | None,
    runtime: str | None,
    batch_size: int | None,
    max_batch_delay: int | None,
    response_timeout: int | None,
    startup_timeout: int | None,
    s3_sse_kms: bool | None,
) -> None:
    """Register an ARCHIVE: a file of the model store, a path on this machine, or a URL."""
    if target.over_grpc and workers == 0:
        raise InvalidArgument(
            "over gRPC TorchServe takes 0 workers for its default_workers_per_model",
            "give --workers 1 or more, or use HTTP",
        )
    async with target.client() as client:
        before = set(await _known_versions(client))
        status = await client.management.register(
            Registration(
                url=target.archive_url(archive, client.addresses),
                initial_workers=workers,
                model_name=model_name,
                handler=handler,
                runtime=runtime,
                batch_size=batch_size,
                max_batch_delay=max_batch_delay,
                response_timeout=response_timeout,
                startup_timeout=startup_timeout,
                s3_sse_kms=s3_sse_kms,
            )
        )
        emit_status(status, as_json)
        if not (wait and workers):
            return
        for name, version in set(await _known_versions(client)) - before:
            described = await client.management.describe(name, version)
            await wait_for_workers(client, name, described.min_workers, version, target.log_place)


async def _known_versions(client: TorchServe) -> list[tuple[str, str]]:
    found = await describe_everything(client.management)
    return [(entry.model.name, entry.model.version) for entry in found if entry.why is None]
