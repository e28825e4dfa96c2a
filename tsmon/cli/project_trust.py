"""Asks before a project's file says where tsmon connects to."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tsmon.cli.config_files import read_again
from tsmon.cli.output import asked, say
from tsmon.config.edit import in_toml
from tsmon.config.settings import without_password
from tsmon.config.toml_text import dotted, toml_value
from tsmon.config.trust import NotTrusted, UntrustedSettings, trust

if TYPE_CHECKING:
    from tsmon.cli.target import Target

_RUN = ("plugins", "notify")
"""Tables of what is run, or sent, besides the requests to the server."""


def require_trust(ctx: click.Context, target: Target, *, ask: bool, fleet: bool = False) -> None:
    """See that a project's file may say where tsmon connects to, where what follows depends on it.

    With `ask` a person is asked who can answer, and who says no goes on without what it says;
    plugins and notifications matter then too. For the `fleet` everything matters that it says.

    Raises:
        NotTrusted: it is not trusted, and no one can be asked.
        ConfigError: the answer cannot be remembered.
    """
    loaded = target.loaded
    matters = loaded.withheld if fleet else ask and any(key[0] in _RUN for key in loaded.withheld)
    if loaded.project is None or not (target.needs_trust or matters):
        return
    if not (ask and _someone_is_there()):
        raise NotTrusted(loaded.project)
    show_pointing(loaded.project, loaded.withheld)
    if not asked("Use this? A yes is remembered until the file changes"):
        target.loaded = replace(loaded, withheld={})
        return
    trust(loaded.project, loaded.withheld)
    target.loaded = read_again(ctx)
    if target.server is None and target.loaded.config.server:
        target.server, target.server_by_file = target.loaded.config.server, True


def _someone_is_there() -> bool:
    return all(each is not None and each.isatty() for each in (sys.stdin, sys.stderr))


def show_pointing(file: Path, settings: UntrustedSettings) -> None:
    """Print what in a project's file needs trust."""
    say(f"{file} sets where tsmon connects to, with which keys, and what it runs:")
    for key, value in settings.items():
        shown = without_password(key, in_toml(value, file.parent))
        say(f"  {dotted(key)} = {toml_value(shown)}")
