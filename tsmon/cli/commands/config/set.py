"""The config verbs that change a file: one setting is written, or goes back to its default."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from msgspec import Struct

from tsmon.cli.config_files import problem
from tsmon.cli.options import as_json
from tsmon.cli.output import emit, emit_json, say
from tsmon.cli.target import Target, pass_target
from tsmon.config.edit import in_toml, keep
from tsmon.config.errors import ConfigError
from tsmon.config.files import Loaded, read
from tsmon.config.project import PROJECT_FILE, find_project
from tsmon.config.settings import Setting, setting_named, without_password
from tsmon.config.toml_text import has, toml_value
from tsmon.config.trust import pointing, trust
from tsmon.config.values import BadValue
from tsmon.torchserve.errors import InvalidArgument

F = TypeVar("F", bound=Callable[..., Any])

project_option = click.option(
    "--project", is_flag=True, help=f"In the project's {PROJECT_FILE} instead of your own file."
)


class Place(Struct, frozen=True):
    """The file to change, and what the files say."""

    file: Path
    loaded: Loaded

    def winner(self, setting: Setting) -> Path | None:
        """The project's file, where this is another one and it has the setting too."""
        project = self.loaded.project or find_project(Path.cwd()).file
        if project is None or project == self.file:
            return None
        return project if has(read(project), setting.key) else None


@click.command("set")
@click.argument("key")
@click.argument("value")
@project_option
@as_json
@pass_target
@click.pass_context
def set_(
    ctx: click.Context, target: Target, key: str, value: str, project: bool, as_json: bool
) -> None:
    """Write a setting into your file, whose other lines stay as they are."""
    place = place_of(ctx, target, project=project)
    setting = known_setting(key)
    try:
        meant = setting.read(value)
    except BadValue as error:
        raise InvalidArgument(f"{setting.name}: {error}", error.hint) from None
    _check_use(setting, meant, place.loaded)
    keep(place.file, {setting.key: meant})
    if project and not place.loaded.withheld:
        _trust(place.file)
    written = without_password(setting.key, in_toml(meant, place.file.parent))
    report(place, setting, {"value": written}, f"{setting.name} = {toml_value(written)}", as_json)


def _trust(file: Path) -> None:
    """Who says something of a project need not be asked whether it may be said."""
    if record := pointing(read(file)):
        trust(file, record)


def report(place: Place, setting: Setting, done: Any, words: str, as_json: bool) -> None:
    """Say what was done, and whether another file wins."""
    winner = place.winner(setting)
    if as_json:
        record = {"setting": setting.name, **done, "file": str(place.file)}
        emit_json({**record, "wins": str(winner) if winner else None})
        return
    emit(f"{place.file}: {words}")
    if winner:
        say(f"{winner} sets it too and wins here")


def known_setting(key: str) -> Setting:
    """The setting of this name.

    Raises:
        InvalidArgument: there is none.
    """
    try:
        return setting_named(key)
    except BadValue as error:
        hint = error.hint or "`tsmon config show --all` lists them"
        raise InvalidArgument(str(error), hint) from None


def place_of(ctx: click.Context, target: Target, *, project: bool) -> Place:
    """The file to change.

    Raises:
        ConfigError: a file is wrong; one that was named and is not there yet is none.
    """
    loaded, error = target.loaded, problem(ctx)
    own = loaded.own
    if error is not None:
        if error.file.exists():
            raise error
        own = error.file
    return Place(_projects(loaded) if project else own, loaded)


def _projects(loaded: Loaded) -> Path:
    """The project's file, whether it is there or not.

    Raises:
        ConfigError: others can write the one that is there.
    """
    here, unread = Path.cwd(), loaded.unread
    if unread is not None and unread.file.parent == here:
        raise ConfigError(unread.file, f"is not changed: {unread.reason}", unread.hint)
    return loaded.project or find_project(here).file or here / PROJECT_FILE


def _check_use(setting: Setting, value: Any, loaded: Loaded) -> None:
    """Refuse what only the screens know to be wrong: a theme or a key that cannot be.

    Raises:
        InvalidArgument: it cannot be used.
    """
    if setting.key == ("monitor", "theme"):
        from tsmon.tui.text.themes import theme_named

        theme_named(value)
    elif setting.key[0] == "keys":
        from tsmon.tui.keymap.effective import BindError, resolve

        keys = loaded.config.keys
        preset = value if setting.key[1] == "preset" else keys.preset
        bind = {**keys.bind, **({setting.key[2]: value} if setting.key[1] == "bind" else {})}
        try:
            resolve(preset, bind)
        except BindError as error:
            raise InvalidArgument(f"{setting.name}: {error}", error.hint) from None
