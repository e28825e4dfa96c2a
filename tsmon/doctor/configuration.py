"""Finds the config.properties that a server starts with, and reads it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tsmon.doctor.facts import ConfigFacts
from tsmon.serving.java_process import log_folder
from tsmon.serving.settings_file import newest_snapshot, read_settings, settings_file

if TYPE_CHECKING:
    from tsmon.doctor.facts import MachineFacts


def look_at_config(named: Path | None, machine: MachineFacts) -> ConfigFacts:
    """The file that was named, else the one of the server asked about, where it runs here."""
    server = machine.server
    snapshots = newest_snapshot(log_folder(server)) if server and server.files_here else None
    if named is not None:
        return _read(named, snapshots)
    if server is not None and not server.files_here:
        return ConfigFacts(problem="the server's files are in a container; pass one with --config")
    if server is not None:
        path = settings_file(server)
        if path is None:
            return ConfigFacts(problem="the server runs without a config.properties")
        return _read(path, snapshots)
    return ConfigFacts(problem="no config.properties is known; pass one with --config")


def _read(path: Path, snapshots: Path | None) -> ConfigFacts:
    try:
        return ConfigFacts(path, read_settings(path), snapshots=snapshots)
    except OSError as error:
        reason = f"cannot read {path}: {error.strerror or error}"
    except ValueError as error:
        reason = f"cannot read {path}: {error}"
    return ConfigFacts(path, problem=reason, snapshots=snapshots)
