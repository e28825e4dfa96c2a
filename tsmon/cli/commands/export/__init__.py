"""The commands that write files for what watches TorchServe besides tsmon."""

from __future__ import annotations

import click

from tsmon.cli.group import CommandFiles, CommandGroup


@click.group(cls=CommandGroup, commands=CommandFiles(__name__))
def export() -> None:
    """Write files for Prometheus, Grafana, Docker Compose or Kubernetes."""
