"""The command that gives servers a declared state."""

from __future__ import annotations

from pathlib import Path

import click

from tsmon.cli.coroutines import runs_async
from tsmon.cli.declared import prune_option, servers_option, state_argument
from tsmon.cli.many import change_servers, parallel_option
from tsmon.cli.options import as_json, server_options
from tsmon.cli.target import Target, pass_target
from tsmon.declared.changes import Declared
from tsmon.declared.state import read_state


@click.command()
@state_argument
@prune_option
@servers_option
@parallel_option
@click.option("--yes", "-y", is_flag=True, help="Do not ask for confirmation.")
@as_json
@server_options
@pass_target
@runs_async
async def apply(
    target: Target,
    file: Path,
    prune: bool,
    servers: tuple[str, ...],
    at_once: int,
    yes: bool,
    as_json: bool,
) -> None:
    """Give a server, or several in turn, the models of FILE, as `tsmon dump` writes it.

    The plan is shown first. What is as it should be is not touched, so it can be repeated. It stops
    at the first step that fails, and says how to go back.
    """
    change = Declared(read_state(file), prune)
    await change_servers(target, servers, change, yes=yes, as_json=as_json, at_once=at_once)
