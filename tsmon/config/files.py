"""The configuration files: where they are, and reading them into one configuration.

A project's `tsmon.toml` wins over the user's own file, table entry by table entry; what stands in
neither keeps its default. A server is one thing, though: where the project says where it is, the
user's file says nothing of its key and its certificates any more.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from platformdirs import user_config_path

from tsmon.config.errors import ConfigError
from tsmon.config.project import Unread, find_project
from tsmon.config.schema import Config
from tsmon.config.toml_lines import line_of
from tsmon.config.trust import ADDRESSES, UntrustedSettings, is_trusted, pointing, without_untrusted
from tsmon.config.values import BadValue, Dotted, assembled, checked
from tsmon.units import KIB
from tsmon.untrusted.files import read_text
from tsmon.untrusted.toml import BadToml, parse_toml

MOST_CONFIG_BYTES = 256 * KIB
VARIABLE = "TSMON_CONFIG"
"""Names the file to read in place of the user's own."""
_STAYS_WITH_NAME = ("color", "read_only", "log_zone")
"""What the user's file says of a server's name, wherever the project says that the server is."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings in force, and which file each one comes from."""

    config: Config = field(default_factory=Config)
    origins: Mapping[Dotted, Path] = field(default_factory=dict)
    """By dotted name, for the settings that stand in a file."""
    files: tuple[Path, ...] = ()
    """The files that were read, the one that wins last."""
    own: Path = field(default_factory=lambda: user_file())
    """The user's own file, whether it is there or not."""
    project: Path | None = None
    """The project's file, if it was read."""
    withheld: UntrustedSettings = field(default_factory=dict)
    """What the project's file says and may not be used before someone trusts it."""
    unread: Unread | None = None
    """A project's file that was left alone."""

    def is_projects(self, *table: str) -> bool:
        """Whether the project's file says something of a table or setting that is used."""
        return any(
            file == self.project and key[: len(table)] == table
            for key, file in self.origins.items()
        )


def user_file() -> Path:
    """The user's own file, whether it is there or not."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else user_config_path("tsmon") / "config.toml"


def load(user: Path | None = None, folder: Path | None = None) -> Loaded:
    """Read the user's file, then the project's; either may be missing.

    `user` is given where the user named a file, which then must be there.

    Raises:
        ConfigError: a file cannot be read, is no TOML, or has something that is no setting.
    """
    named = user is not None or VARIABLE in os.environ
    own = user or user_file()
    values: dict[str, Any] = {}
    origins: dict[Dotted, Path] = {}
    files = []
    if named or own.is_file():
        _merge(values, read(own), own, origins)
        files.append(own)
    found = find_project(folder or Path.cwd(), named=own)
    project = found.file
    withheld: UntrustedSettings = {}
    if project is not None:
        theirs = read(project)
        withheld = pointing(theirs)
        if withheld and is_trusted(project, withheld):
            withheld = {}
        theirs = without_untrusted(theirs, withheld)
        _clear_redirected(values, theirs, origins)
        _drop_limits(values, theirs)
        _merge(values, theirs, project, origins)
        files.append(project)
    config = assembled(Config, values)
    return Loaded(config, origins, tuple(files), own, project, withheld, found.unread)


def read(file: Path) -> dict[str, Any]:
    """The settings of one file, checked, by their names.

    Raises:
        ConfigError: it cannot be read, is no TOML, or has something that is no setting.
    """
    return parsed(text_of(file), file)


def text_of(file: Path) -> str:
    """What stands in a file, with the ends of its lines as they are.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        return read_text(file, MOST_CONFIG_BYTES)
    except OSError as error:
        raise ConfigError(file, f"cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ConfigError(file, "is not text in UTF-8") from None


def parsed(text: str, file: Path) -> dict[str, Any]:
    """The settings in the text of a file, checked, by their names.

    Raises:
        ConfigError: it is no TOML, or has something that is no setting.
    """
    try:
        return checked(Config, parse_toml(text), file.parent.absolute())
    except BadToml as error:
        raise ConfigError(file, f"is not valid TOML: {error}", line=error.line) from None
    except BadValue as error:
        problem = f"{'.'.join(error.key)}: {error}"
        raise ConfigError(file, problem, error.hint, line=line_of(text, error.key)) from None


def _clear_redirected(
    values: Mapping[str, Any], project: Mapping[str, Any], origins: dict[Dotted, Path]
) -> None:
    """Forget how servers were reached that the project's file puts elsewhere.

    Otherwise the key of one server would go to another.
    """
    known = values.get("servers", {})
    for name, table in project.get("servers", {}).items():
        if name in known and any(each in table for each in ADDRESSES):
            for setting in [each for each in known[name] if each not in _STAYS_WITH_NAME]:
                del known[name][setting]
                del origins["servers", name, setting]


def _drop_limits(values: Mapping[str, Any], project: Mapping[str, Any]) -> None:
    """Leave out what the project's file says of a limit of the user's, which it could hide."""
    for name in values.get("limits", {}):
        project.get("limits", {}).pop(name, None)


def _merge(
    values: dict[str, Any],
    more: Mapping[str, Any],
    file: Path,
    origins: dict[Dotted, Path],
    key: Dotted = (),
) -> None:
    for name, value in more.items():
        if isinstance(value, Mapping):
            _merge(values.setdefault(name, {}), value, file, origins, (*key, name))
        else:
            values[name] = value
            origins[(*key, name)] = file
