"""The command that starts a stopped container again."""

from __future__ import annotations

import click

from tsmon.cli.options import as_json, own_server_options
from tsmon.cli.own_server import progress_shown
from tsmon.cli.reports.server import started
from tsmon.cli.target import Target, pass_target
from tsmon.serving.container import DEFAULT_NAME
from tsmon.serving.plan import START_SECONDS


@click.command()
@click.option("--name", default=DEFAULT_NAME, show_default=True, help="Name of the container.")
@as_json
@own_server_options
@pass_target
def resume(target: Target, name: str, as_json: bool) -> None:
    """Start a stopped container again and wait until it answers.

    It keeps its settings and its logs, and forgets registered models. One that runs is taken as it
    is, for the other commands to find.
    """
    with progress_shown("querying Docker…", may_take_long=True) as show:
        record = target.container_server(target.home_for(name, container=True)).resume(
            name, START_SECONDS, show
        )
    started(record, as_json)
