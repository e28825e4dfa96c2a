"""The keys verb: which key does what."""

from __future__ import annotations

import click

from tsmon.cli.options import as_json
from tsmon.cli.output import emit_json, emit_table, emit_text
from tsmon.cli.target import Target, pass_target


@click.command()
@click.option("--defaults", is_flag=True, help="The defaults, without your configuration.")
@click.option(
    "--markdown", "as_markdown", is_flag=True, help="As a Markdown page, including the commands."
)
@as_json
@pass_target
def keys(target: Target, defaults: bool, as_markdown: bool, as_json: bool) -> None:
    """List the keys of the monitor, by the ids that `[keys.bind]` takes."""
    if as_markdown and as_json:
        raise click.UsageError("use either --markdown or --json")
    from tsmon.tui.commands import reference as key_page
    from tsmon.tui.keymap.configured import configured
    from tsmon.tui.keymap.effective import Keymap

    keymap = Keymap() if defaults else configured(target.loaded)
    if as_markdown:
        emit_text(key_page.as_markdown(keymap).rstrip("\n"))
        return
    found = [key for _, keys in key_page.by_group(keymap) for key in keys]
    if as_json:
        emit_json(list(map(key_page.record, found)))
        return
    rows = [(key_page.all_shown(key), key.id, str(key.group), key.help) for key in found]
    emit_table(("KEY", "ID", "GROUP", "ACTION"), rows)
