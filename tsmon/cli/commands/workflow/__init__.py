"""The commands about workflows, in which several models answer as one."""

from __future__ import annotations

import click

from tsmon.cli.group import CommandFiles, CommandGroup


@click.group(cls=CommandGroup, commands=CommandFiles(__name__))
def workflow() -> None:
    """List, register and ask workflows: several models joined to one."""
