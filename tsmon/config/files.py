"""The configuration files: where they are, and reading them into one configuration.

A project's `tsmon.toml` wins over the user's own file, table entry by table entry; what stands in
neither keeps its default.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from platformdirs import user_config_path

from tsmon.config.errors import ConfigError
from tsmon.config.schema import Config
from tsmon.config.toml_lines import line_of
from tsmon.config.values import BadValue, Dotted, assembled, checked
from tsmon.untrusted.files import KIB, read_text
from tsmon.untrusted.toml import BadToml, parse_toml

MOST_BYTES = 256 * KIB
PROJECT_FILE = "tsmon.toml"
VARIABLE = "TSMON_CONFIG"
"""Names the file to read in place of the user's own."""


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


def user_file() -> Path:
    """The user's own file, whether it is there or not."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else user_config_path("tsmon") / "config.toml"


def project_file(folder: Path) -> Path | None:
    """The nearest `tsmon.toml` in a folder or above it."""
    places = (place / PROJECT_FILE for place in (folder, *folder.parents))
    return next((place for place in places if place.is_file()), None)


def load(user: Path | None = None, folder: Path | None = None) -> Loaded:
    """Read the user's file, then the project's; either may be missing.

    `user` is given where the user named a file, which then must be there.

    Raises:
        ConfigError: a file cannot be read, is no TOML, or has something that is no setting.
    """
    named = user is not None or VARIABLE in os.environ
    own = user or user_file()
    files = [own] if named or own.is_file() else []
    project = project_file(folder or Path.cwd())
    if project is not None and project != own:
        files.append(project)
    values: dict[str, Any] = {}
    origins: dict[Dotted, Path] = {}
    for file in files:
        _merge(values, read(file), file, origins)
    return Loaded(assembled(Config, values), origins, tuple(files), own)


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
        return read_text(file, MOST_BYTES)
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
        raise ConfigError(file, f"is no valid TOML: {error}", line=error.line) from None
    except BadValue as error:
        problem = f"{'.'.join(error.key)}: {error}"
        raise ConfigError(file, problem, error.hint, line=line_of(text, error.key)) from None


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
