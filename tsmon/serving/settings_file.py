"""The settings that a TorchServe of this machine runs with, and the file they are from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from tsmon.serving import properties
from tsmon.serving.java_process import JavaProcess, log_folder, named_config
from tsmon.units import MIB
from tsmon.untrusted.files import read_text

NO_SNAPSHOT = "-ncs"
_VARIABLE = re.compile(r"\$\$([^$]+)\$\$")


def read_settings(path: Path) -> dict[str, str]:
    """The settings of a file.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not a settings file.
    """
    return properties.parse(read_text(path, MIB, encoding="latin-1"))


def newest_snapshot(logs: Path | None) -> Path | None:
    """The snapshot that a TorchServe without --ncs and --ts-config would start from."""
    if logs is None:
        return None
    # Their names begin with the time.
    return max((logs / "config").glob("*.cfg"), key=lambda path: path.name, default=None)


def settings_file(server: JavaProcess) -> Path | None:
    """The file that a server took its settings from; None where it has none."""
    candidates = [named_config(server)]
    if NO_SNAPSHOT not in server.command:
        candidates.append(newest_snapshot(log_folder(server)))
    if server.directory is not None:
        candidates.append(server.directory / "config.properties")
    return next((each for each in candidates if each and each.is_file()), None)


def settings_of(server: JavaProcess) -> Mapping[str, str]:
    """What a server of this machine was started with, as far as that can be read."""
    path = settings_file(server)
    try:
        settings = read_settings(path) if path else {}
    except (OSError, ValueError):
        settings = {}
    return in_environment(settings, server.environment)


def in_environment(settings: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """The settings that hold where a server has these environment variables.

    A variable that `$$NAME$$` names and that is not there stays as it is written.
    """

    def filled(found: re.Match[str]) -> str:
        return environment.get(found[1], found[0])

    held = {key: _VARIABLE.sub(filled, value) for key, value in settings.items()}
    if held.get("enable_envvars_config", "").lower() == "true":
        for name, value in environment.items():
            if name.startswith("TS_"):
                held[name.removeprefix("TS_").lower()] = value
    return held
