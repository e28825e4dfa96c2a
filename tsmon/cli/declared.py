"""What the commands about declared states share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import structs

from tsmon.cli.output import emit

if TYPE_CHECKING:
    from tsmon.cli.target import Target
    from tsmon.declared.changes import ServerPlan

state_argument = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
prune_option = click.option(
    "--prune", is_flag=True, help="Also unregister what FILE does not name."
)
servers_option = click.option(
    "--to",
    "servers",
    multiple=True,
    metavar="NAME",
    help="A server of the configuration; may be repeated, one is done after the other.",
)


def targets_of(target: Target, servers: Sequence[str]) -> list[Target]:
    """The servers that are meant: those named, or else the one of the server options.

    Raises:
        UsageError: the configuration does not have one of them.
    """
    if not servers:
        return [target]
    known = target.loaded.config.servers
    for name in servers:
        if name not in known:
            hint = f"it has {', '.join(known)}" if known else "it has none"
            raise click.UsageError(f"{name} is not a server of the configuration; {hint}")
    return [structs.replace(target, server=name) for name in servers]


def print_plan(plan: ServerPlan, talk: Callable[[str], None] = emit) -> None:
    """A line for each step, and what is left alone."""
    server = plan.server
    if not plan.steps:
        why = plan.obstacle or plan.why_not
        talk(f"{server}: {'not possible' if plan.obstacle else 'nothing to do'}: {why}")
    for step in plan.steps:
        lost = "  (requests to it are lost meanwhile)" if step.interrupts else ""
        talk(f"{server}: {step}{lost}")
    for version in plan.left_alone:
        talk(f"{server}: left alone: {version} (--prune unregisters it)")
