"""Which settings were given by an option or a variable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from tsmon.config.changes import Given
from tsmon.config.schema import FleetSettings, MonitorSettings

if TYPE_CHECKING:
    from tsmon.config.values import Dotted

_TABLES = {"monitor": MonitorSettings, "fleet": FleetSettings}


def given(ctx: click.Context, table: str = "monitor") -> Mapping[Dotted, Given]:
    """What of a table stands on the command line or in the environment; all else is the files'."""
    found: dict[Dotted, Given] = {}
    for field in fields(_TABLES[table]):
        place = _place(ctx, field.name)
        if place is not None and (by := _by(place, field.name)):
            found[table, field.name] = Given(place.params[field.name], by)
    return found


def _place(ctx: click.Context | None, name: str) -> click.Context | None:
    """The command that read the option: this one, or the one that it was called by."""
    handed_on = (None, ParameterSource.DEFAULT_MAP)
    while ctx is not None and ctx.get_parameter_source(name) in handed_on:
        ctx = ctx.parent
    return ctx


def _by(ctx: click.Context, name: str) -> str:
    source = ctx.get_parameter_source(name)
    if source is ParameterSource.COMMANDLINE:
        return f"--{name.replace('_', '-')}"
    if source is ParameterSource.ENVIRONMENT:
        return f"{ctx.auto_envvar_prefix}_{name.upper()}"
    return ""
