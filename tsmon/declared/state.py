"""A declared state: the versions a server is to have, read from a server or a file."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from tsmon.serving.properties import render_pair
from tsmon.torchserve.errors import InvalidArgument, TorchServeError
from tsmon.torchserve.management import Registration
from tsmon.units import MIB
from tsmon.untrusted.files import read_text
from tsmon.untrusted.json import BadJson, parse_json
from tsmon.untrusted.toml import BadToml, parse_toml

if TYPE_CHECKING:
    from tsmon.torchserve.management import Management
    from tsmon.torchserve.records import ModelVersion

MOST_STATE_BYTES = 4 * MIB
FORMATS = ("toml", "json", "config.properties")
"""Of a state as a file; the last has lines for TorchServe's own."""


class DeclaredVersion(Struct, frozen=True, forbid_unknown_fields=True):
    """A version of a model; None leaves a field as it is, or to the archive."""

    name: str
    version: str
    archive: str
    """File name in the model store, or a URL."""
    default: bool = False
    min_workers: int = 1
    max_workers: int | None = None
    """None is the same as `min_workers`."""
    batch_size: int | None = None
    max_batch_delay: int | None = None
    """Milliseconds."""
    response_timeout: int | None = None
    """Seconds, as `startup_timeout`."""
    startup_timeout: int | None = None

    @property
    def most_workers(self) -> int:
        """The most workers it is to have."""
        return self.min_workers if self.max_workers is None else self.max_workers

    @property
    def registration(self) -> Registration:
        """What registers it."""
        return Registration(
            url=self.archive,
            model_name=self.name,
            initial_workers=self.min_workers,
            batch_size=self.batch_size,
            max_batch_delay=self.max_batch_delay,
            response_timeout=self.response_timeout,
            startup_timeout=self.startup_timeout,
        )

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class DeclaredState(Struct, frozen=True, forbid_unknown_fields=True):
    """All versions of a server, each model's default one marked."""

    models: tuple[DeclaredVersion, ...] = ()

    def of(self, name: str) -> tuple[DeclaredVersion, ...]:
        """The versions of a model."""
        return tuple(each for each in self.models if each.name == name)

    def find(self, name: str, version: str) -> DeclaredVersion | None:
        """The version of a model that is called so; None where there is no such."""
        return next((each for each in self.of(name) if each.version == version), None)

    @property
    def names(self) -> tuple[str, ...]:
        """The models, each once."""
        return tuple(dict.fromkeys(each.name for each in self.models))


class Undumpable(TorchServeError):
    """Describe does not say enough of a model to write it down."""


async def state_of(management: Management) -> DeclaredState:
    """What a server has now.

    Raises:
        Undumpable: a model cannot be described, or a field that matters is missing.
    """
    found: list[DeclaredVersion] = []
    for listed in await management.models():
        if listed.problem:
            raise Undumpable(listed.problem)
        default = (await management.describe(listed.name)).version
        found += [
            declared_version(version, is_default=version.version == default)
            for version in await management.describe_all(listed.name)
        ]
    return DeclaredState(tuple(found))


def declared_version(found: ModelVersion, *, is_default: bool) -> DeclaredVersion:
    """A version as describe has it.

    Raises:
        Undumpable: a field that matters is missing.
    """
    if found.unread:
        raise Undumpable(f"{found.name} {found.version}: {found.problem}")
    return DeclaredVersion(
        found.name,
        found.version,
        found.url,
        is_default,
        found.min_workers,
        found.max_workers,
        found.batch_size,
        found.max_batch_delay_ms,
        found.response_timeout_s or None,
        found.startup_timeout_s or None,
    )


def read_state(path: Path) -> DeclaredState:
    """A state from a file, TOML or, where it is called so, JSON.

    Raises:
        InvalidArgument: it cannot be read, is neither, or says what no server can have.
    """
    try:
        text = read_text(path, MOST_STATE_BYTES)
        values = parse_json(text) if path.suffix == ".json" else parse_toml(text)
        state = msgspec.convert(values, DeclaredState)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", "") or "it is not text in UTF-8"
        raise InvalidArgument(f"cannot read {path}: {reason}") from None
    except (BadToml, BadJson, msgspec.ValidationError) as error:
        hint = "`tsmon dump` writes such a file"
        raise InvalidArgument(f"{path} is not a declared state: {error}", hint) from None
    _check(state, path)
    return state


def _check(state: DeclaredState, path: Path) -> None:
    twice = [key for key, n in Counter((m.name, m.version) for m in state.models).items() if n > 1]
    if twice:
        raise InvalidArgument(f"{path} has {' '.join(twice[0])} twice")
    for name in state.names:
        versions = state.of(name)
        defaults = sum(each.default for each in versions)
        if defaults > 1 or (len(versions) > 1 and defaults == 0):
            words = "no default version" if defaults == 0 else f"{defaults} default versions"
            raise InvalidArgument(f"{path}: {name} has {words}", "give one of them default = true")
    for each in state.models:
        each.registration.parameters()
        if each.most_workers < each.min_workers:
            raise InvalidArgument(
                f"{path}: {each}: max workers ({each.most_workers}) is less than min workers "
                f"({each.min_workers})"
            )


def as_records(state: DeclaredState) -> list[dict[str, Any]]:
    """The versions, without fields that are None."""
    return [
        {key: value for key, value in asdict(each).items() if value is not None}
        for each in state.models
    ]


def as_toml(state: DeclaredState, heading: str) -> str:
    """The state as a TOML file that begins with a comment."""
    import tomlkit

    document = tomlkit.document()
    document.add(tomlkit.comment(heading))
    models = tomlkit.aot()
    for record in as_records(state):
        table = tomlkit.table()
        table.update(record)
        models.append(table)
    if state.models:
        document.add("models", models)
    return tomlkit.dumps(document)


def as_properties(state: DeclaredState) -> dict[str, str]:
    """The same as settings of TorchServe's config.properties, with which it starts so.

    `load_models` names the archives, `models` what each version of them gets. The first version of
    a model that is loaded becomes its default one, whatever `defaultVersion` says.
    """
    models: dict[str, dict[str, Any]] = {}
    for each in state.models:
        models.setdefault(each.name, {})[each.version] = {
            "defaultVersion": each.default or len(state.of(each.name)) == 1,
            "marName": each.archive,
            "minWorkers": each.min_workers,
            "maxWorkers": each.most_workers,
            **{
                key: value
                for key, value in (
                    ("batchSize", each.batch_size),
                    ("maxBatchDelay", each.max_batch_delay),
                    ("responseTimeout", each.response_timeout),
                    ("startupTimeout", each.startup_timeout),
                )
                if value is not None
            },
        }
    by_default = sorted(state.models, key=lambda each: not each.default)
    archives = dict.fromkeys(each.archive for each in by_default)
    return {"load_models": ",".join(archives) or "none", "models": json.dumps(models)}


def as_file(state: DeclaredState, form: str, heading: str) -> str:
    """The state as one of `FORMATS`; JSON has no heading."""
    if form == "json":
        return json.dumps({"models": as_records(state)}, indent=2) + "\n"
    if form == "toml":
        return as_toml(state, heading)
    pairs = as_properties(state).items()
    return "\n".join([f"# {heading}", *(render_pair(*pair) for pair in pairs)]) + "\n"
