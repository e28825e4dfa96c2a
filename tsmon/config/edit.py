"""Keeps settings in a configuration file: comments and order stay, a wrong file is left alone."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tsmon.config.commented import commented
from tsmon.config.errors import ConfigError
from tsmon.config.files import parsed, text_of
from tsmon.config.toml_text import NoPlace, has, with_value, without
from tsmon.config.values import Dotted
from tsmon.untrusted.private import FILE_MODE, private_folder


def keep(file: Path, values: Mapping[Dotted, Any]) -> None:
    """Write settings into a file; one that is not there begins as `commented()`.

    Raises:
        ConfigError: the file is wrong or cannot be written, or a value is no setting; nothing is
            written then.
    """
    text = _text(file)
    for key, value in values.items():
        try:
            text = with_value(text, key, in_toml(value, file.parent))
        except NoPlace:
            raise _stuck(file, key) from None
    _write(file, text)


def forget(file: Path, keys: Iterable[Dotted]) -> bool:
    """Take settings out of a file, so that it says nothing of them; whether one was in it.

    Raises:
        ConfigError: the file is wrong or cannot be written; nothing is written then.
    """
    if not file.is_file():
        return False
    text = _text(file)
    present = [key for key in keys if has(parsed(text, file), key)]
    for key in present:
        try:
            text = without(text, key)
        except NoPlace:
            raise _stuck(file, key) from None
    if present:
        _write(file, text)
    return bool(present)


def in_toml(value: Any, folder: Path) -> Any:
    """A setting as a file in `folder` has it; a path within that folder is relative to it."""
    if isinstance(value, Path):
        path = value.absolute()
        base = folder.absolute()
        return str(path.relative_to(base) if path.is_relative_to(base) else path)
    if isinstance(value, tuple):
        return [in_toml(each, folder) for each in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _text(file: Path) -> str:
    """What stands in the file, or in a new one; it is right."""
    if file.exists() and not file.is_file():
        raise ConfigError(file, "is not a file that can be written", "choose one with TSMON_CONFIG")
    text = text_of(file) if file.is_file() else commented()
    parsed(text, file)
    return text


def _stuck(file: Path, key: Dotted) -> ConfigError:
    problem = f"{'.'.join(key)} cannot be changed in the form it is written there"
    return ConfigError(file, problem, "edit the file by hand")


def _write(file: Path, text: str) -> None:
    """Put a text in the place of the file's, all of it or nothing."""
    parsed(text, file)
    target = file.resolve()  # so that a link to the file stays one
    try:
        private_folder(target.parent)
        handle, made = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        new = Path(made)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as opened:
                opened.write(text)
                opened.flush()
                os.fsync(opened.fileno())
            new.chmod(target.stat().st_mode & 0o7777 if target.exists() else FILE_MODE)
            new.replace(target)
        except BaseException:
            new.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ConfigError(file, f"cannot be written: {error.strerror or error}") from None
