"""The verb that shows the settings in force, as TOML that a file could have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from tsmon.cli.config_files import require_config
from tsmon.cli.options import as_json
from tsmon.cli.output import emit_json, emit_text, say
from tsmon.cli.project_trust import show_pointing
from tsmon.cli.target import Target, pass_target
from tsmon.config.settings import without_password
from tsmon.config.toml_text import dotted, toml_value

if TYPE_CHECKING:
    from tsmon.config.files import Loaded
    from tsmon.config.values import Dotted

DEFAULT = "default"
"""What is named as the origin of a setting that no file has."""


class _Shown(Struct, frozen=True):
    key: Dotted
    value: Any
    origin: str


@click.command()
@click.option("--all", "everything", is_flag=True, help="Include settings that have their default.")
@as_json
@pass_target
@click.pass_context
def show(ctx: click.Context, target: Target, everything: bool, as_json: bool) -> None:
    """Print the settings in force as TOML, with the file each one comes from."""
    require_config(ctx)
    shown = [
        each for each in _settings_shown(target.loaded) if everything or each.origin != DEFAULT
    ]
    if as_json:
        by_name = {".".join(each.key): each for each in shown}
        emit_json({k: {"value": v.value, "origin": v.origin} for k, v in by_name.items()})
        return
    if shown:
        emit_text("\n".join(_toml(shown)))
    else:
        say("every setting has its default; `tsmon config show --all` lists them")
    loaded = target.loaded
    if loaded.project is not None and loaded.withheld:
        show_pointing(loaded.project, loaded.withheld)
        say("  not in force until you trust it: tsmon config trust")


def _toml(shown: Iterable[_Shown]) -> Iterator[str]:
    """The lines: first what stands in no table, then a table after the other."""
    first = True
    for table, settings in groupby(shown, lambda each: each.key[:-1]):
        if table:
            yield f"[{dotted(table)}]" if first else f"\n[{dotted(table)}]"
        first = False
        for each in settings:
            name = dotted(each.key[-1:])
            # TOML cannot write that there is no value.
            none = each.value is None
            yield (
                f"# {name} is not set"
                if none
                else f"{name} = {toml_value(each.value)}  # {each.origin}"
            )


def _settings_shown(loaded: Loaded) -> Iterator[_Shown]:
    for key, value in _settings(loaded.config):
        origin = loaded.origins.get(key)
        yield _Shown(key, without_password(key, _plain(value)), str(origin) if origin else DEFAULT)


def _settings(table: Any, key: Dotted = ()) -> Iterator[tuple[Dotted, Any]]:
    if is_dataclass(table):
        for field in fields(table):
            yield from _settings(getattr(table, field.name), (*key, field.name))
    elif isinstance(table, Mapping):
        for name, value in table.items():
            yield from _settings(value, (*key, name))
    else:
        yield key, table


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, Path) else value
