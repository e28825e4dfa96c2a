"""Finds the config.properties that a server starts with, and reads it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tsmon.doctor.facts import ConfigFacts, JavaProcess, MachineFacts
from tsmon.doctor.machine import log_folder, named_config
from tsmon.serving import properties
from tsmon.units import MIB
from tsmon.untrusted.files import read_text


def look_at_config(named: Path | None, machine: MachineFacts, home: Path | None) -> ConfigFacts:
    """The file that was named, else the one of the running server, else that of the home folder.

    `home` is None when the server asked about is not the home's.
    """
    server = machine.server
    snapshots = newest_snapshot(log_folder(server)) if server and server.files_here else None
    if named is not None:
        return _read(named, snapshots)
    if server is not None and not server.files_here:
        return ConfigFacts(problem="the server's files are in a container; pass one with --config")
    if server is not None:
        path = _config_of(server, snapshots)
        if path is None:
            return ConfigFacts(problem="the server runs without a config.properties")
        return _read(path, snapshots)
    if home is not None and home.is_file():
        return _read(home, None)
    return ConfigFacts(problem="no config.properties is known; pass one with --config")


def settings_of(server: JavaProcess) -> Mapping[str, str]:
    """What a server of this machine was started with, as far as that can be read."""
    path = _config_of(server, newest_snapshot(log_folder(server)))
    return (path and _read(path, None).settings) or {}


def newest_snapshot(logs: Path | None) -> Path | None:
    """The snapshot that a TorchServe without --ncs and --ts-config would start from."""
    if logs is None:
        return None
    # Their names begin with the time.
    return max((logs / "config").glob("*.cfg"), key=lambda path: path.name, default=None)


def _config_of(server: JavaProcess, snapshots: Path | None) -> Path | None:
    candidates = [named_config(server), snapshots]
    if server.directory is not None:
        candidates.append(server.directory / "config.properties")
    return next((each for each in candidates if each and each.is_file()), None)


def _read(path: Path, snapshots: Path | None) -> ConfigFacts:
    try:
        settings = properties.parse(read_text(path, MIB, encoding="latin-1"))
    except OSError as error:
        reason = f"cannot read {path}: {error.strerror or error}"
        return ConfigFacts(path, problem=reason, snapshots=snapshots)
    except ValueError as error:
        return ConfigFacts(path, problem=f"cannot read {path}: {error}", snapshots=snapshots)
    return ConfigFacts(path, settings, snapshots=snapshots)
