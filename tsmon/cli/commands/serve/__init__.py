"""The commands about a TorchServe on this machine, as a process or in a container."""

from __future__ import annotations

import click

from tsmon.cli.group import CommandFiles, CommandGroup


@click.group(cls=CommandGroup, commands=CommandFiles(__name__))
def serve() -> None:
    """Run a TorchServe on this machine."""
