"""The command that lets the default of a setting hold again."""

from __future__ import annotations

import click

from tsmon.cli.commands.config.set import known_setting, place_of, project_option, report
from tsmon.cli.options import as_json
from tsmon.cli.target import Target, pass_target
from tsmon.config.edit import forget


@click.command()
@click.argument("key")
@project_option
@as_json
@pass_target
@click.pass_context
def unset(ctx: click.Context, target: Target, key: str, project: bool, as_json: bool) -> None:
    """Take a setting out of your file, so that its default holds."""
    place = place_of(ctx, target, project=project)
    setting = known_setting(key)
    taken = forget(place.file, [setting.key])
    words = f"{setting.name} removed" if taken else f"{setting.name} was not set"
    report(place, setting, {"taken_out": taken}, words, as_json)
