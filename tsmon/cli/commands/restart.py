"""The command that restarts a model's workers."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from tsmon.cli.coroutines import runs_async
from tsmon.cli.options import as_json, server_options, version_option
from tsmon.cli.output import confirm
from tsmon.cli.procedures import carry_out
from tsmon.cli.target import Target, pass_target
from tsmon.serving.restart import CannotRoll, RestartAtOnce, RollingRestart

if TYPE_CHECKING:
    from tsmon.torchserve.client import TorchServe
    from tsmon.torchserve.procedure import Procedure
    from tsmon.torchserve.records import ModelVersion


@click.command()
@click.argument("model")
@version_option
@click.option("--at-once", is_flag=True, help="All at once: nothing serves until they are loaded.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask for confirmation.")
@as_json
@server_options
@pass_target
@runs_async
async def restart(
    target: Target, model: str, version: str | None, at_once: bool, yes: bool, as_json: bool
) -> None:
    """Restart the workers of a MODEL, one at a time.

    One more worker stands in while each process is ended and TorchServe starts it again, so the
    model serves all the while; a request that a process has in hand as it ends gets a 500. It
    takes the memory of one more worker, and this machine has to be the server's own. Elsewhere
    only --at-once is possible.
    """
    async with target.client() as client:
        found = await client.management.describe(model, version)
        client.management.refuse_when_read_only()
        procedure = _procedure(client, found, at_once=at_once)
        if at_once and not yes and sys.stdin.isatty():
            what = f"{found.name} {found.version}"
            confirm(f"Refuse all requests to {what} until it is loaded?")
        await carry_out(procedure, as_json=as_json, model=found.name, version=found.version)


def _procedure(client: TorchServe, found: ModelVersion, *, at_once: bool) -> Procedure:
    if at_once:
        return RestartAtOnce(client, found)
    try:
        return RollingRestart(client, found)
    except CannotRoll as error:
        hint = "`--at-once` restarts them all at once; nothing serves until they are loaded"
        raise CannotRoll(error.reason, hint) from None
