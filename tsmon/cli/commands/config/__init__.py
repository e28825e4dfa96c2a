"""The commands about the settings."""

from __future__ import annotations

import click

from tsmon.cli.group import CommandFiles, CommandGroup


@click.group(cls=CommandGroup, commands=CommandFiles(__name__))
def config() -> None:
    """The settings: where they are, what they are, whether they are right; and set one."""
