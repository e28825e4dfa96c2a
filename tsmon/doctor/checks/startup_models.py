"""Checks of the models that a config.properties starts with: `models`, `model_snapshot`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from tsmon.doctor.checks.evidence import config_of
from tsmon.doctor.findings import Finding, error, not_checked, note, ok, warning
from tsmon.units import plural
from tsmon.untrusted.json import BadJson, parse_json

if TYPE_CHECKING:
    from tsmon.doctor.facts import ConfigFacts, Facts

_NUMBERS = (
    *("minWorkers", "maxWorkers", "batchSize", "maxBatchDelay", "responseTimeout"),
    *("startupTimeout", "parallelLevel"),
)
_KNOWN = (*_NUMBERS, "defaultVersion", "marName", "runtimeType")
_FORM = 'write {"name": {"1.0": {…}}}'
_BACKSLASH = "each line of a multi-line value must end in a backslash"
_REMOTE = ("http://", "https://", "file://", "s3://")


class _Entry(Struct, frozen=True):
    """What a setting says of one version of a model."""

    setting: str
    model: str
    version: str
    values: Mapping[str, Any]

    @property
    def name(self) -> str:
        return f"{self.setting}: {self.model} {self.version}"

    @property
    def is_snapshot(self) -> bool:
        """Whether TorchServe takes its values as they are; those of `models` it checks."""
        return self.setting == "model_snapshot"


def startup_models(facts: Facts) -> Iterator[Finding]:
    """Whether the models that it starts with are set in a way that TorchServe can follow."""
    config = config_of(facts)
    wrong = [*_wrong(config)]
    yield from wrong
    if not wrong:
        yield ok("the models to start with are set correctly", _what(config))
    if config.store is None and _archives(config):
        yield not_checked("whether the archives exist: it names no model store of this machine")


def _wrong(config: ConfigFacts) -> Iterator[Finding]:
    for setting in ("models", "model_snapshot"):
        entries = _entries(config, setting)
        if isinstance(entries, Finding):
            yield entries
            continue
        for entry in entries:
            yield from _values(entry)
    yield from _missing(config)
    yield from _load_models(config)


def _entries(config: ConfigFacts, setting: str) -> list[_Entry] | Finding:
    """The versions that a setting names, or what is wrong with all of it."""
    try:
        value = parse_json((config.settings or {}).get(setting, "{}"))
    except BadJson as problem:
        title = f"{setting} is not valid JSON; TorchServe refuses to start"
        return error(title, str(problem), _BACKSLASH)
    if not isinstance(value, dict):
        return error(f"{setting} is not a JSON object", remedy=_FORM)
    models = value.get("models", {}) if setting == "model_snapshot" else value
    shaped = isinstance(models, dict) and all(
        isinstance(versions, dict) and all(isinstance(each, dict) for each in versions.values())
        for versions in models.values()
    )
    if not shaped:
        return error(f"{setting} has no object for each version of a model", remedy=_FORM)
    count = value.get("modelCount", len(models)) if setting == "model_snapshot" else 1
    if models and count in (0, None):
        title = "model_snapshot has a modelCount of 0, so none of its models is loaded"
        return warning(title, str(config.path), f"set modelCount to {len(models)}")
    return [
        _Entry(setting, name, version, values)
        for name, versions in models.items()
        for version, values in versions.items()
    ]


def _values(entry: _Entry) -> Iterator[Finding]:
    for key in entry.values:
        if key not in _KNOWN:
            near = get_close_matches(key, _KNOWN, 1)
            yield warning(
                f"{entry.name}: TorchServe does not know {key!r} and ignores it",
                remedy=f"did you mean {near[0]}?" if near else f"remove {key}",
            )
    numbers = {}
    for key in _NUMBERS:
        if key in entry.values:
            number = _number(entry.values[key])
            if number is None:
                yield error(
                    f"{entry.name}: {key} is not a whole number; TorchServe refuses to start",
                    f"{key} is {entry.values[key]!r}",
                    f"correct {key}",
                )
            else:
                numbers[key] = number
    yield from _least(entry, numbers)
    low, high = numbers.get("minWorkers"), numbers.get("maxWorkers")
    if low is not None and high is not None and low > high:
        yield warning(
            f"{entry.name}: min workers is above max workers",
            f"minWorkers {low}, maxWorkers {high}",
            "set maxWorkers to at least minWorkers",
        )


def _least(entry: _Entry, numbers: Mapping[str, int]) -> Iterator[Finding]:
    """Numbers that are too small: of `models` TorchServe ignores them, of a snapshot it does not.

    It was tried with 0.12: a response time-out of 0 in `models` becomes the default.
    """
    for key, number in numbers.items():
        if number >= 1:
            continue
        if not entry.is_snapshot:
            yield warning(
                f"{entry.name}: {key}={number} is ignored, TorchServe uses its default",
                remedy=f"set {key} to 1 or more, or remove it",
            )
        elif key in {"responseTimeout", "startupTimeout"}:
            what = "every request kills its worker" if key[0] == "r" else "no worker can start"
            yield error(f"{entry.name}: {what}", f"{key} is {number}", f"set {key} to 120")


def _missing(config: ConfigFacts) -> Iterator[Finding]:
    """Archives that are not in the model store."""
    if config.store is None:
        return
    for archive, (title, harm) in _archives(config).items():
        if archive not in config.store:
            report = error if "start" in harm else warning
            yield report(
                f"{title}: there is no {archive} in the model store; {harm}",
                f"model_store={(config.settings or {}).get('model_store')}",
                "put it there, or correct its name",
            )


def _archives(config: ConfigFacts) -> dict[str, tuple[str, str]]:
    """The archives that must be in the model store: who names them, and what happens else."""
    found = {}
    snapshot = _entries(config, "model_snapshot")
    for entry in snapshot if isinstance(snapshot, list) else []:
        if isinstance(archive := entry.values.get("marName"), str):
            found[archive] = (entry.name, "TorchServe refuses to start")
    if snapshot:
        return found
    for word in (config.settings or {}).get("load_models", "").split(","):
        archive = word.rpartition("=")[2].strip()
        if archive and archive.lower() not in {"all", "none"} and not archive.startswith(_REMOTE):
            found[archive] = ("load_models", "it is left out")
    return found


def _load_models(config: ConfigFacts) -> Iterator[Finding]:
    settings = config.settings or {}
    load = settings.get("load_models", "")
    if load and "model_snapshot" in settings:
        yield note("load_models is ignored: model_snapshot has the models", str(config.path))
        return
    if load.lower() == "all" and config.no_models:
        yield warning(
            "load_models=all takes folders for models: " + ", ".join(config.no_models),
            f"they have no manifest, in {settings.get('model_store')}",
            "move them elsewhere, or name the archives: load_models=mnist.mar,other.mar",
        )
    if load and load.lower() != "none" and settings.get("default_workers_per_model") == "0":
        yield warning(
            "default_workers_per_model=0 starts one worker per GPU, or CPU core, for every model",
            str(config.path),
            "set it to 1 or more",
        )


def _what(config: ConfigFacts) -> str:
    counts = []
    for setting in ("models", "model_snapshot"):
        entries = _entries(config, setting)
        if isinstance(entries, list) and entries:
            counts.append(f"{setting} sets {plural(len(entries), 'version')}")
    load = (config.settings or {}).get("load_models", "")
    return ", ".join([*counts, *([f"load_models={load}"] if load else [])]) or "none are set"


def _number(value: object) -> int | None:
    """A whole number as TorchServe's reader of JSON takes it, in quotes or not."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return int(value)
    except ValueError:
        return None
