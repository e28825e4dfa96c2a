"""What the commands about declared states share."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import structs

from tsmon.cli.output import emit
from tsmon.declared.state import as_toml
from tsmon.torchserve.errors import InvalidArgument
from tsmon.untrusted.private import private_folder

if TYPE_CHECKING:
    from tsmon.cli.target import Target
    from tsmon.declared.difference import Difference
    from tsmon.declared.state import DeclaredState

state_argument = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
_NOT_IN_A_NAME = re.compile(r"[^\w.-]+")
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


def print_plan(server: str, plan: Difference, talk: Callable[[str], None] = emit) -> None:
    """A line for each step, and what is left alone."""
    if not plan.steps:
        talk(f"{server}: nothing to do")
    for step in plan.steps:
        lost = "  (requests to it are lost meanwhile)" if step.interrupts else ""
        talk(f"{server}: {step}{lost}")
    pruned = {step.version for step in plan.steps}
    for version in plan.undeclared:
        if version not in pruned:
            talk(f"{server}: left alone: {version} (--prune unregisters it)")


def keep_before(target: Target, server: str, state: DeclaredState) -> Path:
    """Write down what a server had; the file that gives it back.

    Raises:
        InvalidArgument: it cannot be written, so that there would be no way back.
    """
    folder = target.own_home.path / "states"
    now = datetime.now().astimezone()
    file = folder / f"{_NOT_IN_A_NAME.sub('-', server)}-{now:%Y%m%d-%H%M%S-%f}.toml"
    try:
        private_folder(folder)
        file.write_text(as_toml(state, f"models of {server} before {now:%Y-%m-%d %H:%M:%S %z}"))
    except OSError as error:
        raise InvalidArgument(f"cannot write {file}: {error.strerror or error}") from None
    return file
