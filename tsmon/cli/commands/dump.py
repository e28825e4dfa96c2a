"""The command that writes down what a server serves."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from tsmon.cli.coroutines import runs_async
from tsmon.cli.options import server_options
from tsmon.cli.output import emit, emit_json, emit_text
from tsmon.cli.target import Target, pass_target
from tsmon.declared.state import as_properties, as_records, as_toml, state_of
from tsmon.serving.properties import render_pair

if TYPE_CHECKING:
    from tsmon.declared.state import DeclaredState

FORMATS = ("toml", "json", "config.properties")


@click.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default=FORMATS[0],
    show_default=True,
    help="toml and json for `tsmon apply FILE`; the last are lines for the server's own file.",
)
@server_options
@pass_target
@runs_async
async def dump(target: Target, form: str) -> None:
    """Print the models of a server as a file: versions, defaults, workers, batches, time-outs.

    TorchServe forgets what was registered when it is restarted; `tsmon apply FILE` brings it back.
    """
    async with target.client() as client:
        state = await state_of(client.management)
    if form == "json":
        emit_json({"models": as_records(state)})
    elif form == "toml":
        emit_text(as_toml(state, _heading(client.addresses.label)))
    else:
        _print_properties(state, client.addresses.label)


def _print_properties(state: DeclaredState, server: str) -> None:
    emit(f"# {_heading(server)}")
    for key, value in as_properties(state).items():
        emit(render_pair(key, value))


def _heading(server: str) -> str:
    return f"models of {server}, {datetime.now().astimezone():%Y-%m-%d %H:%M:%S %z}"
