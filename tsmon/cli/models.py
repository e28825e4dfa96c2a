"""The management verbs: models, describe, register, scale, set-default, unregister."""

from __future__ import annotations

import sys

import click

from tsmon.cli.judging import Judged, judge
from tsmon.cli.outcome import runs_async
from tsmon.cli.output import confirm, emit, emit_json, emit_table, say
from tsmon.cli.target import Target, pass_target, server_options
from tsmon.cli.waiting import wait_for_workers
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.management import Registration
from tsmon.torchserve.records import ModelVersion

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
version_option = click.option("--model-version", "version", help="Version; else the default one.")
wait_option = click.option(
    "--wait/--no-wait", default=True, help="Wait until the workers are ready (the default)."
)

_HEADINGS = (
    *("NAME", "VERSION", "DEFAULT", "STATE", "READY"),
    *("WORKERS", "BATCH", "QUEUED", "ARCHIVE"),
)


@click.command()
@as_json
@server_options
@pass_target
@runs_async
async def models(target: Target, as_json: bool) -> None:
    """List the registered models, every version with its workers and their state."""
    async with target.client() as client:
        found = [
            (version, version.version == default)
            for model in await client.management.models()
            for versions, default in [await _versions(client, model.name)]
            for version in versions
        ]
        judged = judge(
            target.log_place,
            client.addresses,
            [version for version, _ in found],
            target.access.log_zone,
        )
    rows = [(version, first, judged[version.name, version.version]) for version, first in found]
    if as_json:
        emit_json([_summary(*row) for row in rows])
    elif rows:
        emit_table(_HEADINGS, [_row(*row) for row in rows], right="READY WORKERS BATCH QUEUED")
    else:
        say("no models are registered; `tsmon register ARCHIVE` registers one")


@click.command()
@click.argument("model")
@version_option
@click.option("--all", "every", is_flag=True, help="Every version.")
@click.option("--customized", is_flag=True, help="Ask the model's handler too; costs a worker.")
@as_json
@server_options
@pass_target
@runs_async
async def describe(
    target: Target, model: str, version: str | None, every: bool, customized: bool, as_json: bool
) -> None:
    """Describe a MODEL: its settings, queue and workers, how it is and why.

    The JSON is the server's own; what tsmon found is in it under "tsmon".
    """
    async with target.client() as client:
        if every:
            versions = await client.management.describe_all(model)
        else:
            versions = (await client.management.describe(model, version),)
        extra = await client.management.customized(model, version) if customized else None
        judged = judge(target.log_place, client.addresses, versions, target.access.log_zone)
    if as_json:
        answers = [
            {**described.raw, "tsmon": judged[described.name, described.version].record()}
            for described in versions
        ]
        emit_json(answers if extra is None else [*answers, {"customizedMetadata": extra}])
        return
    for described in versions:
        _print_description(described, judged[described.name, described.version])
    if extra is not None:
        emit(f"customized metadata: {extra}")


@click.command()
@click.argument("archive")
@click.option("--workers", "-w", default=1, show_default=True, type=click.IntRange(0))
@click.option("--name", "model_name", help="Model name; else the archive's.")
@click.option("--handler", help="Handler as module:function; else the archive's.")
@click.option("--runtime", type=click.Choice(["python", "python3", "LSP"]))
@click.option("--batch-size", type=click.IntRange(1))
@click.option("--max-batch-delay", type=click.IntRange(0), help="Milliseconds.")
@click.option("--response-timeout", type=click.IntRange(1), help="Seconds for one inference.")
@click.option("--startup-timeout", type=click.IntRange(1), help="Seconds to load the model.")
@click.option("--s3-sse-kms", is_flag=True, default=None, help="The S3 object is KMS encrypted.")
@wait_option
@as_json
@server_options
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
        _report(status, as_json)
        if not (wait and workers):
            return
        for name, version in set(await _known_versions(client)) - before:
            described = await client.management.describe(name, version)
            await wait_for_workers(client, name, described.min_workers, version, target.log_place)


@click.command()
@click.argument("model")
@click.argument("workers", type=click.IntRange(0))
@version_option
@click.option("--max", "max_workers", type=click.IntRange(0), help="Cap; else the same number.")
@wait_option
@as_json
@server_options
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
        _report(status, as_json)
        if wait:
            await wait_for_workers(client, model, workers, version, target.log_place)


@click.command("set-default")
@click.argument("model")
@click.argument("version")
@as_json
@server_options
@pass_target
@runs_async
async def set_default(target: Target, model: str, version: str, as_json: bool) -> None:
    """Make VERSION the one that requests for MODEL without a version go to."""
    async with target.client() as client:
        _report(await client.management.set_default(model, version), as_json)


@click.command()
@click.argument("model")
@version_option
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@as_json
@server_options
@pass_target
@runs_async
async def unregister(
    target: Target, model: str, version: str | None, yes: bool, as_json: bool
) -> None:
    """Remove a MODEL, stopping its workers; asks first when a person is there to answer."""
    what = f"{model} {version}" if version else model
    if not yes and sys.stdin.isatty():
        confirm(f"Unregister {what} and stop its workers?")
    async with target.client() as client:
        _report(await client.management.unregister(model, version), as_json)


async def _versions(client: TorchServe, name: str) -> tuple[tuple[ModelVersion, ...], str]:
    """All versions of a model, and which is the default one."""
    versions = await client.management.describe_all(name)
    if len(versions) == 1:
        return versions, versions[0].version
    return versions, (await client.management.describe(name)).version


async def _known_versions(client: TorchServe) -> list[tuple[str, str]]:
    return [
        (version.name, version.version)
        for model in await client.management.models()
        for version in await client.management.describe_all(model.name)
    ]


def _report(status: str, as_json: bool) -> None:
    if as_json:
        emit_json({"status": status})
    else:
        emit(status)


def _summary(version: ModelVersion, is_default: bool, judged: Judged) -> dict[str, object]:
    queue = version.queue
    return {
        "name": version.name,
        "version": version.version,
        "default": is_default,
        "url": version.url,
        "ready_workers": version.ready_workers,
        "min_workers": version.min_workers,
        "max_workers": version.max_workers,
        "batch_size": version.batch_size,
        "pending_requests": queue.pending if queue else None,
        **judged.summary(),
    }


def _row(version: ModelVersion, is_default: bool, judged: Judged) -> list[str]:
    return [
        version.name,
        version.version,
        "default" if is_default else "",
        judged.verdict.health.value,
        str(version.ready_workers),
        str(version.min_workers),
        str(version.batch_size),
        str(version.queue.pending) if version.queue else "",
        version.url,
    ]


def _print_description(version: ModelVersion, judged: Judged) -> None:
    facts = {
        "model": f"{version.name} {version.version}",
        "archive": version.url,
        "workers": f"{version.ready_workers} ready, min {version.min_workers}, "
        f"max {version.max_workers}",
        "batch": f"{version.batch_size}, delay {version.max_batch_delay_ms} ms",
        "time-outs": f"response {version.response_timeout_s} s, "
        f"start-up {version.startup_timeout_s} s",
    }
    if version.queue:
        facts["queue"] = f"{version.queue.pending} of {version.queue.capacity}"
    for name, value in facts.items():
        emit(f"{name:<10} {value}")
    if version.workers:
        emit_table(
            ("WORKER", "STATE", "PID", "MEMORY"),
            [
                (worker.id, worker.status, str(worker.pid or ""), _megabytes(worker.memory_bytes))
                for worker in version.workers
            ],
            right="PID MEMORY",
        )
    for line in judged.lines:
        emit(line)


def _megabytes(size: int | None) -> str:
    return "not measured yet" if size is None else f"{size / 1e6:.0f} MB"
