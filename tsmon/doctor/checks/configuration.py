"""Checks of config.properties: TorchServe ignores most mistakes in it without a word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tsmon.doctor import settings as known
from tsmon.doctor.findings import Finding, NotChecked, error, note, ok, warning
from tsmon.serving.settings_file import named_variables, takes_variables

if TYPE_CHECKING:
    from tsmon.doctor.facts import Facts

_LOOPBACK = {"localhost", "::1", "127.0.0.1"}
_ADDRESSES = {
    "inference_address": "http://127.0.0.1:8080",
    "management_address": "http://127.0.0.1:8081",
}


def keys(facts: Facts) -> Iterator[Finding]:
    """Whether TorchServe knows every setting."""
    path, settings = _file(facts)
    unknown = [key for key in settings if key not in known.KNOWN_SETTINGS]
    for key in unknown:
        near = get_close_matches(key, known.KNOWN_SETTINGS, 1)
        yield warning(
            f"TorchServe does not know {key!r} and ignores it",
            str(path),
            f"did you mean {near[0]}?" if near else "remove the line unless a plug-in reads it",
        )
    for key in facts.config.doubled:
        yield warning(
            f"{key} is set more than once; the last line of it holds",
            f"{key}={settings.get(key)!r} in {path}",
            "remove the others",
        )
    if not unknown and not facts.config.doubled:
        yield ok("every setting is known", f"{len(settings)} in {path}")


def values(facts: Facts) -> Iterator[Finding]:
    """Whether all values are valid."""
    path, settings = _file(facts)
    wrong = [
        _wrong_value(key, f"{key}={value!r} {problem}", path)
        for key, value in settings.items()
        if (problem := known.setting_problem(key, value))
    ]
    yield from wrong
    if not wrong:
        yield ok("all values are valid", str(path))


def features(facts: Facts) -> Iterator[Finding]:
    """Whether what tsmon works with is switched on."""
    path, settings = _file(facts)
    command = facts.machine.server.command if facts.machine.server else ()
    missing = []
    if "metrics_mode" not in settings:
        missing.append("metrics_mode=prometheus")
    if "enable_model_api" not in settings and "--enable-model-api" not in command:
        missing.append("enable_model_api=true")
    if missing:
        yield note(
            "TorchServe's defaults apply: no metrics endpoint, or no registering of models",
            f"not in {path}",
            f"add {' and '.join(missing)}, then restart the server",
        )
    else:
        yield ok("metrics and model API are enabled", str(path))


def environment(facts: Facts) -> Iterator[Finding]:
    """Which settings come from the environment, or are expected from it and do not."""
    path, settings = _file(facts)
    where = "the server" if facts.machine.server is not None else "this shell"
    variables = sorted(facts.config.variables.values())
    unfilled = sorted({name for value in settings.values() for name in named_variables(value)})
    if unfilled:
        yield error(
            f"the environment of {where} has no {', '.join(unfilled)}, which the file names; "
            "TorchServe refuses to start without it",
            str(path),
            "set it before the start, or write its value into the file",
        )
    if variables and takes_variables(settings):
        yield note("variables of the environment win over the file", ", ".join(variables))
    elif variables:
        yield note(
            f"TorchServe ignores {', '.join(variables)} in the environment of {where}",
            f"enable_envvars_config is not true in {path}",
            "add enable_envvars_config=true, or write the settings into the file",
        )
    elif not unfilled:
        yield ok("no setting comes from the environment", str(path))


def exposure(facts: Facts) -> Iterator[Finding]:
    """Whether the management API is open to the network without tokens."""
    path, settings = _file(facts)
    open_to = [
        address
        for key, default in _ADDRESSES.items()
        if not _is_loopback(address := settings.get(key, default))
    ]
    command = facts.machine.server.command if facts.machine.server else ()
    disabled = _flag(settings, "disable_token_authorization") or "--disable-token-auth" in command
    if disabled and open_to:
        yield error(
            "the server is open to the network without tokens",
            f"{' and '.join(open_to)}, tokens disabled in {path}",
            "remove disable_token_authorization (and --disable-token-auth), or use 127.0.0.1",
        )
    elif len({settings.get(key, default) for key, default in _ADDRESSES.items()}) == 1:
        yield warning(
            "inference and management share an address",
            f"{settings.get('management_address')} in {path}",
            "give each its own port; with tokens on, the server cannot be managed this way",
        )
    else:
        yield ok("tokens protect the server, or only this machine can reach it", str(path))


def snapshots(facts: Facts) -> Iterator[Finding]:
    """Whether the next start would take its settings from a snapshot."""
    path, settings = _file(facts, needs_settings=False)
    process = facts.machine.server
    if path and path.suffix == ".cfg" and path.parent.name == "config":
        yield warning(
            "the server runs from a snapshot; its own config.properties and --models are ignored",
            str(path),
            "start it with --ncs and --ts-config FILE to use the file again",
        )
    elif "model_snapshot" in (settings or {}):
        yield note(
            "the server starts with the models of model_snapshot, as KServe sets it",
            str(path),
            "change models in that line; without it none of them is loaded",
        )
    elif process is None:
        raise NotChecked(facts.machine.why_no_server)
    elif "-ncs" in process.command:
        yield ok("snapshots are off", "the server was started with --ncs")
    elif facts.config.snapshots:
        yield note(
            "a start without --ncs and --ts-config would take its settings from a snapshot",
            str(facts.config.snapshots),
            "start the server with --ncs",
        )
    else:
        yield ok("no snapshot found")


def _file(facts: Facts, *, needs_settings: bool = True) -> tuple[Path, Mapping[str, str]]:
    config = facts.config
    if config.path is None or config.settings is None:
        if not needs_settings and facts.machine.server is not None:
            return config.path or Path(), {}
        raise NotChecked(config.problem)
    return config.path, config.settings


def _wrong_value(key: str, title: str, path: Path) -> Finding:
    report = warning if known.is_forgiven(key) else error
    return report(title, str(path), f"correct the line {key}=…")


def _is_loopback(address: str) -> bool:
    if address.lower().startswith("unix:"):
        return True
    try:
        return (urlsplit(address).hostname or "") in _LOOPBACK
    except ValueError:
        return False


def _flag(settings: Mapping[str, str], key: str) -> bool:
    return settings.get(key, "").lower() == "true"
