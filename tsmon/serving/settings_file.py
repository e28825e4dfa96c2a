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
_NAMED_OTHERWISE = {
    "TS_TOKEN_EXPIRATION_TIME_MIN": "token_expiration_min",
    "TS_OPEN_INFERENCE_PROTOCOL": "ts_open_inference_protocol",
    "TS_HEADER_KEY_SEQUENCE_ID": "ts_header_key_sequence_id",
    "TS_HEADER_KEY_SEQUENCE_START": "ts_header_key_sequence_start",
    "TS_HEADER_KEY_SEQUENCE_END": "ts_header_key_sequence_end",
}
_IN_THE_FILE_ALONE = frozenset(
    {
        *("enable_envvars_config", "io_ratio", "metric_time_interval", "model_snapshot", "models"),
        *("plugins_path", "python", "snapshot_store", "system_metrics_cmd", "token_expiration_min"),
        *("use_env_allowed_urls", "use_native_io", "version", "vmargs", "config_file"),
    }
)
_VARIABLE = re.compile(r"\$\$([^$]+)\$\$")


def read_settings(path: Path) -> list[tuple[str, str]]:
    """The settings of a file, in their order; the last one of a name holds.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not a settings file.
    """
    return list(properties.pairs(read_text(path, MIB, encoding="latin-1")))


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
        settings = dict(read_settings(path)) if path else {}
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
    if takes_variables(held):
        held |= {setting_of(name): text for name, text in environment.items() if setting_of(name)}
    return held


def named_variables(value: str) -> list[str]:
    """The variables that a value names as `$$NAME$$`."""
    return _VARIABLE.findall(value)


def takes_variables(settings: Mapping[str, str]) -> bool:
    """Whether variables win over the file; without this setting TorchServe ignores them."""
    return settings.get("enable_envvars_config", "").lower() == "true"


def setting_of(variable: str) -> str:
    """The setting that an environment variable stands for; empty where it is none."""
    if not variable.startswith("TS_"):
        return ""
    if variable in _NAMED_OTHERWISE:
        return _NAMED_OTHERWISE[variable]
    name = variable.removeprefix("TS_").lower()
    return "" if name in _IN_THE_FILE_ALONE else name
