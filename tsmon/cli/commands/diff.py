"""The command that compares a server with a declared state."""

from __future__ import annotations

from pathlib import Path

import click

from tsmon.cli.coroutines import runs_async
from tsmon.cli.declared import print_plan, prune_option, servers_option, state_argument, targets_of
from tsmon.cli.options import as_json, server_options
from tsmon.cli.outcome import Exit
from tsmon.cli.output import emit_json
from tsmon.cli.reports.declared import plan_record
from tsmon.cli.target import Target, pass_target
from tsmon.declared.changes import Declared, plan_for
from tsmon.declared.state import read_state, state_of


@click.command()
@state_argument
@prune_option
@servers_option
@as_json
@server_options
@pass_target
@runs_async
async def diff(
    target: Target, file: Path, prune: bool, servers: tuple[str, ...], as_json: bool
) -> None:
    """Show what `tsmon apply FILE` would do; the exit code is 1 where that is anything."""
    change = Declared(read_state(file), prune)
    records, differs = [], False
    for each in targets_of(target, servers):
        async with each.client() as client:
            name = each.name or client.addresses.label
            plan = plan_for(name, change, await state_of(client.management))
        differs |= bool(plan.steps)
        records.append(plan_record(name, plan.plan))
        if not as_json:
            print_plan(plan)
    if as_json:
        emit_json(records)
    if differs:
        raise click.exceptions.Exit(Exit.FAILED)
