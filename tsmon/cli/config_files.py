"""The option that names the configuration file, and how the files' settings become defaults.

Click takes a value from the command line, else from the environment, else from the context's
default map, which is what the files fill; so the order of precedence is click's own.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tsmon.cli.output import complain
from tsmon.cli.target import Target
from tsmon.config.errors import ConfigError
from tsmon.config.files import Loaded, load

if TYPE_CHECKING:
    pass

_PROBLEM = "tsmon.config_problem"
_NAMED = "tsmon.config_file"


def _read(ctx: click.Context, parameter: click.Parameter, file: Path | None) -> None:
    try:
        loaded = load(file)
    except ConfigError as error:
        # Help and `tsmon config` must work all the same.
        ctx.meta[_PROBLEM] = error
        return
    ctx.ensure_object(Target).loaded = loaded
    ctx.meta[_NAMED] = file
    config = loaded.config
    monitor = {name: value for name, value in asdict(config.monitor).items() if value}
    ctx.default_map = {"server": config.server or None, **monitor, "monitor": monitor}


config_option = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    is_eager=True,
    expose_value=False,
    callback=_read,
    help="Settings file to read instead of your own.",
)


def problem(ctx: click.Context) -> ConfigError | None:
    """What is wrong with the files, if they could not be used."""
    found: Any = ctx.meta.get(_PROBLEM)
    return found if isinstance(found, ConfigError) else None


def require_config(ctx: click.Context) -> None:
    """End the command where the files cannot be used.

    Raises:
        ConfigError: they cannot.
    """
    if found := problem(ctx):
        raise found
    if unread := ctx.ensure_object(Target).loaded.unread:
        complain(str(unread), unread.hint)


def read_again(ctx: click.Context) -> Loaded:
    """The configuration, once someone trusts the project's file.

    Raises:
        ConfigError: a file was changed meanwhile and is wrong.
    """
    return load(ctx.meta[_NAMED])
