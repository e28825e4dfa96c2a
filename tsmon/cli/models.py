"""The management verbs: models, describe, register, scale, set-default, unregister."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from tsmon.cli.judging import Judged, judge
from tsmon.cli.model_rows import HEADINGS, model_record, model_row
from tsmon.cli.outcome import Exit, runs_async
from tsmon.cli.output import complain, confirm, emit, emit_json, emit_table, say
from tsmon.cli.target import Target, pass_target, server_options
from tsmon.cli.waiting import wait_for_workers
from tsmon.telemetry.descriptions import describe_everything, unread
from tsmon.telemetry.roster import is_judged
from tsmon.telemetry.snapshot import ModelKey
from tsmon.telemetry.source import Description
from tsmon.torchserve.errors import NotFound, TokenRefused, TorchServeError, Unreachable
from tsmon.torchserve.management import Management, Registration

if TYPE_CHECKING:
    from tsmon.torchserve.client import TorchServe
    from tsmon.torchserve.records import ModelVersion

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
version_option = click.option("--model-version", "version", help="Version; else the default one.")
wait_option = click.option(
    "--wait/--no-wait", default=True, help="Wait until the workers are ready (the default)."
)


@click.command()
@as_json
@server_options
@pass_target
@runs_async
async def models(target: Target, as_json: bool) -> None:
    """List the registered models, every version with its workers and their state.

    What cannot be read of a model is told beside the others, and the exit code is then 1.
    """
    async with target.client() as client:
        found = await describe_everything(client.management)
        judged = judge(
            target.log_place,
            client.addresses,
            [entry.model for entry in found if is_judged(entry)],
            target.access.log_zone,
        )
    rows = [(entry, judged.get((entry.model.name, entry.model.version))) for entry in found]
    if as_json:
        emit_json([model_record(*row) for row in rows])
    elif rows:
        emit_table(HEADINGS, [model_row(*row) for row in rows], right="READY WORKERS BATCH QUEUED")
    else:
        say("no models are registered; `tsmon register ARCHIVE` registers one")
    _tell_unread([entry for entry in found if entry.problem])


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

    The JSON is the server's own; what tsmon found is in it under "tsmon". Where a field of it
    makes no sense, "problem" names it, and the exit code is 1.
    """
    async with target.client() as client:
        try:
            versions = await _described(client.management, model, version, every=every)
        except (Unreachable, TokenRefused, NotFound):
            raise
        except TorchServeError as error:
            await _tell_listed(client.management, model, error, as_json=as_json)
            raise
        extra = await client.management.customized(model, version) if customized else None
        judged = judge(target.log_place, client.addresses, versions, target.access.log_zone)
    if as_json:
        answers = [
            {
                **described.raw,
                "tsmon": {
                    **judged[described.name, described.version].record(),
                    "problem": described.problem or None,
                },
            }
            for described in versions
        ]
        emit_json(answers if extra is None else [*answers, {"customizedMetadata": extra}])
    else:
        for described in versions:
            _print_description(described, judged[described.name, described.version])
        if extra is not None:
            emit(f"customized metadata: {extra}")
    _tell_unread([Description(each, is_default=False) for each in versions if each.problem])


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


async def _described(
    management: Management, model: str, version: str | None, *, every: bool
) -> tuple[ModelVersion, ...]:
    if every:
        return await management.describe_all(model)
    return (await management.describe(model, version),)


async def _tell_listed(
    management: Management, model: str, why: TorchServeError, *, as_json: bool
) -> None:
    """Where a model is in the list, print that, and end the command by what else is not known."""
    listed = next((each for each in await management.models() if each.name == model), None)
    if listed is None:
        return
    found = unread(listed, why)
    if as_json:
        emit_json([{**each.model.raw, "tsmon": {"problem": each.problem}} for each in found])
    else:
        for name, value in (("model", listed.name), ("archive", listed.url), ("state", "unread")):
            emit(f"{name:<10} {value}")
    _tell_unread(found)


async def _known_versions(client: TorchServe) -> list[tuple[str, str]]:
    found = await describe_everything(client.management)
    return [(entry.model.name, entry.model.version) for entry in found if entry.why is None]


def _tell_unread(entries: Sequence[Description]) -> None:
    """Say what could not be read, and end the command by it."""
    for entry in entries:
        key = ModelKey(entry.model.name, entry.model.version)
        complain(f"{key}: {entry.problem}", entry.why.hint if entry.why else "")
    if entries:
        raise click.exceptions.Exit(Exit.FAILED)


def _report(status: str, as_json: bool) -> None:
    if as_json:
        emit_json({"status": status})
    else:
        emit(status)


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
