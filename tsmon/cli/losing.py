"""What stopping the server of this machine would lose, written down before it is stopped."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tsmon.cli.output import say
from tsmon.declared.kept import keep_before
from tsmon.declared.lost import lost_by_restart
from tsmon.declared.state import as_file, state_of
from tsmon.fleet.access import key_ring
from tsmon.serving.errors import ServingError
from tsmon.serving.properties import parse
from tsmon.serving.running import find_running
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.errors import InvalidArgument, TorchServeError
from tsmon.units import MIB, plural
from tsmon.untrusted.files import read_text
from tsmon.untrusted.shell import shell_word

if TYPE_CHECKING:
    from tsmon.declared.state import DeclaredState
    from tsmon.serving.home import Home
    from tsmon.serving.record import ServerRecord

PATIENCE_S = 5.0
"""How long a server that is to be stopped may take to say what it has."""
MOST_NAMED = 5

dump_option = click.option(
    "--dump",
    "dump",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the registered models to this file first: TOML, or .json, or .properties.",
)


def keep_models(home: Home, dump: Path | None) -> None:
    """Say which models the next start does not load, and keep them in a file.

    Raises:
        InvalidArgument: `dump` is asked for, and the models cannot be read or written.
    """
    try:
        record = find_running(home)
    except ServingError:
        record = None  # the stop says why
    if record is None:
        return
    try:
        found = asyncio.run(_read(record))
        settings = parse(read_text(home.config, MIB, encoding="latin-1"))
    except (TorchServeError, TimeoutError, OSError) as error:
        if dump is not None:
            raise InvalidArgument(f"the models of {record.management} cannot be read") from error
        return
    lost = lost_by_restart(found, settings)
    if dump is not None:
        _write(dump, found, record)
    if not lost.models:
        return
    names = ", ".join(map(str, lost.models[:MOST_NAMED]))
    rest = len(lost.models) - MOST_NAMED
    more = f" and {rest} more" if rest > 0 else ""
    say(f"the next start does not load {plural(len(lost.models), 'version')}: {names}{more}")
    file = dump if dump is not None and dump.suffix != ".properties" else None
    file = file or keep_before(home, record.management.partition("://")[2], found)
    say(f"after a start `tsmon apply {shell_word(str(file))}` registers them again")


async def _read(record: ServerRecord) -> DeclaredState:
    keys = key_ring(record.key_file, record.addresses)
    async with asyncio.timeout(PATIENCE_S), TorchServe(record.addresses, keys) as client:
        return await state_of(client.management)


def _write(file: Path, state: DeclaredState, record: ServerRecord) -> None:
    now = datetime.now().astimezone()
    heading = f"models of {record.management} before it was stopped, {now:%Y-%m-%d %H:%M:%S %z}"
    form = {".json": "json", ".properties": "config.properties"}.get(file.suffix, "toml")
    try:
        file.write_text(as_file(state, form, heading))
    except OSError as error:
        raise InvalidArgument(f"cannot write {file}: {error.strerror or error}") from None
    say(f"the models are in {file}")
