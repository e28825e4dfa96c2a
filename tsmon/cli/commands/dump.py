"""The command that writes down what a server serves."""

from __future__ import annotations

from datetime import datetime

import click

from tsmon.cli.coroutines import runs_async
from tsmon.cli.options import server_options
from tsmon.cli.output import emit_text
from tsmon.cli.target import Target, pass_target
from tsmon.declared.state import FORMATS, as_file, state_of


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
    now = datetime.now().astimezone()
    heading = f"models of {client.addresses.label}, {now:%Y-%m-%d %H:%M:%S %z}"
    emit_text(as_file(state, form, heading).removesuffix("\n"))
