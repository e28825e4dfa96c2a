"""Finds the config.properties that a server starts with, and reads it and what it names."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tsmon.doctor.facts import ConfigFacts
from tsmon.doctor.settings import KNOWN_SETTINGS, PATH_SETTINGS
from tsmon.serving.java_process import log_folder
from tsmon.serving.model_store import folders_without_model
from tsmon.serving.settings_file import (
    in_environment,
    newest_snapshot,
    read_settings,
    setting_of,
    settings_file,
)

if TYPE_CHECKING:
    from tsmon.doctor.facts import MachineFacts
    from tsmon.serving.java_process import JavaProcess


def look_at_config(named: Path | None, machine: MachineFacts) -> ConfigFacts:
    """The file that was named, else the one of the server asked about, where it runs here."""
    server = machine.server
    here = server if server is not None and server.files_here else None
    snapshots = newest_snapshot(log_folder(here)) if here is not None else None
    own = settings_file(here) if here is not None else None
    if named is not None:
        is_own = own is not None and named.exists() and named.samefile(own)
        return _read(named, snapshots, here if is_own else None)
    if server is not None and here is None:
        return ConfigFacts(problem="the server's files are in a container; pass one with --config")
    if here is None:
        return ConfigFacts(problem="no config.properties is known; pass one with --config")
    if own is None:
        return ConfigFacts(problem="the server runs without a config.properties")
    return _read(own, snapshots, here)


def _read(path: Path, snapshots: Path | None, server: JavaProcess | None) -> ConfigFacts:
    """Read the file, as `server` does; without one as a start from this shell would."""
    try:
        pairs = read_settings(path)
    except OSError as error:
        reason = f"cannot read {path}: {error.strerror or error}"
        return ConfigFacts(path, problem=reason, snapshots=snapshots)
    except ValueError as error:
        return ConfigFacts(path, problem=f"cannot read {path}: {error}", snapshots=snapshots)
    variables = _variables(server.environment if server is not None else os.environ)
    settings = in_environment(dict(pairs), variables)
    paths = _paths(settings, server)
    store = _names(paths.get("model_store"))
    return ConfigFacts(
        path,
        settings,
        snapshots=snapshots,
        doubled=tuple(key for key, count in Counter(key for key, _ in pairs).items() if count > 1),
        variables={setting_of(name): name for name in variables if setting_of(name)},
        missing={key: each for key, each in paths.items() if not _exists(each)},
        store=store,
        no_models=_no_models(paths["model_store"]) if store is not None else (),
    )


def _variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Those that settings name, and those that stand for settings."""
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith("TS_") or setting_of(name) in KNOWN_SETTINGS
    }


def _paths(settings: Mapping[str, str], server: JavaProcess | None) -> dict[str, Path]:
    """The files and folders of settings, where it is known from which folder they count."""
    found = {}
    for key in PATH_SETTINGS & settings.keys():
        path = Path(settings[key])
        if not path.is_absolute() and server is not None and server.directory is not None:
            path = server.directory / path
        if path.is_absolute() and "$$" not in settings[key]:
            found[key] = path
    return found


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # no one may look there
        return True


def _names(store: Path | None) -> frozenset[str] | None:
    try:
        return frozenset(each.name for each in store.iterdir()) if store is not None else None
    except OSError:
        return None


def _no_models(store: Path) -> tuple[str, ...]:
    try:
        return tuple(folders_without_model(store))
    except OSError:
        return ()
