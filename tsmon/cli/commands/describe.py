"""The command that describes a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tsmon.cli.coroutines import runs_async
from tsmon.cli.options import as_json, server_and_grpc_options, version_option
from tsmon.cli.output import emit, emit_json, emit_table
from tsmon.cli.target import Target, pass_target
from tsmon.cli.verdicts import Judged, complain_of_unread, judge, signs_of
from tsmon.telemetry.descriptions import describe_everything, unread
from tsmon.telemetry.source import Description
from tsmon.torchserve.errors import NotFound, TokenRefused, TorchServeError, Unreachable
from tsmon.units import ABSENT, byte_size, count

if TYPE_CHECKING:
    from tsmon.torchserve.management import Management
    from tsmon.torchserve.records import ModelVersion


@click.command()
@click.argument("model")
@version_option
@click.option("--all", "every", is_flag=True, help="Every version.")
@click.option("--customized", is_flag=True, help="Also ask the model's handler; occupies a worker.")
@as_json
@server_and_grpc_options
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
            await _show_listed(client.management, model, error, as_json=as_json)
            raise
        extra = await client.management.customized(model, version) if customized else None
        ready = all(each.ready_workers >= each.min_workers for each in versions)
        # /ping speaks of all models: who else it may mean has to be known.
        everything = [] if ready else await describe_everything(client.management)
        signs = await signs_of(client, everything)
        judged = judge(target.log_place, client.addresses, versions, target.access.log_zone, signs)
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
    complain_of_unread([Description(each, is_default=False) for each in versions if each.problem])


async def _described(
    management: Management, model: str, version: str | None, *, every: bool
) -> tuple[ModelVersion, ...]:
    if every:
        return await management.describe_all(model)
    return (await management.describe(model, version),)


async def _show_listed(
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
    complain_of_unread(found)


def _print_description(version: ModelVersion, judged: Judged) -> None:
    facts = {
        "model": f"{version.name} {version.version}",
        "archive": version.url,
        "workers": f"{judged.ready(version)} ready, min {version.min_workers}, "
        f"max {count(version.max_workers)}",
        "batch": f"{count(version.batch_size)}, delay {_with(version.max_batch_delay_ms, 'ms')}",
        "time-outs": f"response {_with(version.response_timeout_s, 's')}, "
        f"start-up {_with(version.startup_timeout_s, 's')}",
    }
    if version.response_timeout_s is None and version.startup_timeout_s is None:
        facts["time-outs"] = "not reported, as by every TorchServe before 0.11"
    if version.queue:
        facts["queue"] = f"{version.queue.pending} of {version.queue.capacity}"
    for name, value in facts.items():
        emit(f"{name:<10} {value}")
    if version.workers:
        emit_table(
            ("WORKER", "STATE", "PID", "MEMORY"),
            [
                (worker.id, worker.status, str(worker.pid or ""), _memory(worker.memory_bytes))
                for worker in version.workers
            ],
            right="PID MEMORY",
        )
    for line in judged.lines:
        emit(line)


def _with(value: int | None, unit: str) -> str:
    return ABSENT if value is None else f"{value} {unit}"


def _memory(size: int | None) -> str:
    return "not measured yet" if size is None else byte_size(size)
