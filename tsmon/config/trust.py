"""Which settings of a project's file need a person's word before they are used, and who gave it.

A project comes from anywhere: what it says of colours and keys does no harm, but where requests and
keys go, and which programs are run, is asked once, and remembered until it says something else (as
direnv does).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from platformdirs import user_state_path

from tsmon.config.errors import ConfigError
from tsmon.config.values import Dotted
from tsmon.units import KIB
from tsmon.untrusted.files import read_text
from tsmon.untrusted.private import write_private

HARMLESS: tuple[Dotted, ...] = (
    ("monitor",),
    ("keys",),
    ("limits",),
    ("metrics",),
    ("fleet", "period"),
    ("fleet", "job"),
)
"""Tables and settings that need no word; whatever is not among them does."""
HARMLESS_OF_SERVERS = ("color", "log_zone")
ADDRESSES = (
    *("url", "inference_url", "metrics_url", "grpc_inference_url", "grpc_management_url"),
    *("kube", "kube_context", "proxy"),
)

UntrustedSettings = Mapping[Dotted, Any]
"""Checked values by their dotted names."""


class NotTrusted(ConfigError):
    """A project's file says where to connect to, and it is not trusted."""

    def __init__(self, file: Path) -> None:
        super().__init__(
            file,
            "sets where tsmon connects to or what it runs, and is not trusted yet",
            "`tsmon config trust` shows its contents and trusts it; --server URL works without",
        )


def pointing(values: Mapping[str, Any]) -> UntrustedSettings:
    """The settings of a file that need a person's word.

    A server of which one setting needs it is among them whole: half of it would be another server.
    """
    found = {key: value for key, value in flat(values) if not _is_harmless(key, value)}
    servers = {key[:2] for key in found if key[0] == "servers"}
    return {key: value for key, value in flat(values) if key in found or key[:2] in servers}


def without_untrusted(values: Mapping[str, Any], settings: UntrustedSettings) -> dict[str, Any]:
    """The values without these settings, and without tables that are empty then."""
    return _without(values, settings, ())


def is_trusted(file: Path, settings: UntrustedSettings) -> bool:
    """Whether someone said that these settings of a file may be used."""
    try:
        kept = read_text(_place(file), 8 * KIB)
    except (OSError, UnicodeDecodeError):
        return False
    return kept.splitlines()[-1:] == [_fingerprint(settings)]


def trust(file: Path, settings: UntrustedSettings) -> None:
    """Remember that these settings of a file may be used.

    Raises:
        ConfigError: it cannot be remembered.
    """
    place = _place(file)
    try:
        write_private(place, f"{file.resolve()}\n{_fingerprint(settings)}\n")
    except OSError as error:
        raise ConfigError(place, f"cannot be written: {error.strerror or error}") from None


def distrust(file: Path) -> bool:
    """Forget that word; whether there was one.

    Raises:
        ConfigError: it cannot be forgotten.
    """
    place = _place(file)
    try:
        place.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise ConfigError(place, f"cannot be removed: {error.strerror or error}") from None
    return True


def flat(values: Mapping[str, Any], key: Dotted = ()) -> Iterator[tuple[Dotted, Any]]:
    """Each setting of a file by its dotted name."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(value, (*key, name))
        else:
            yield (*key, name), value


def _is_harmless(key: Dotted, value: Any) -> bool:
    if key[0] == "servers":
        return key[-1] in HARMLESS_OF_SERVERS or (key[-1] == "read_only" and value is True)
    return any(key[: len(each)] == each for each in HARMLESS)


def _without(values: Mapping[str, Any], settings: UntrustedSettings, key: Dotted) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            if inner := _without(value, settings, (*key, name)):
                kept[name] = inner
        elif (*key, name) not in settings:
            kept[name] = value
    return kept


def _place(file: Path) -> Path:
    name = hashlib.sha256(bytes(file.resolve())).hexdigest()
    return user_state_path("tsmon") / "trusted" / name


def _fingerprint(settings: UntrustedSettings) -> str:
    listed = sorted([list(key), _plain(value)] for key, value in settings.items())
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()


def _plain(value: Any) -> Any:
    return [str(each) for each in value] if isinstance(value, tuple) else repr(value)
