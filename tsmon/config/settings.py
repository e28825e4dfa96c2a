"""One setting by its dotted name: its description, and how its text form is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, get_origin, get_type_hints

from tsmon.config.schema import Config
from tsmon.config.toml_lines import parts
from tsmon.config.values import BadValue, Dotted, checked, choices
from tsmon.untrusted.secrets import HIDDEN, masked_address, without_path

_ADDRESSES = (
    *("server", "url", "inference_url", "metrics_url", "grpc_inference_url", "grpc_management_url"),
    *("prometheus", "proxy"),
)
_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Setting:
    """A place in the configuration that holds one value."""

    key: Dotted
    help: str
    hint: Any
    """The type of its values."""
    default: Any
    least: float | None = None
    """The smallest number it takes."""

    @property
    def name(self) -> str:
        """As a person writes it: `monitor.period`."""
        return ".".join(self.key)

    @property
    def choices(self) -> tuple[str, ...]:
        """The words it takes; empty where any will do."""
        return choices(self.hint)

    @property
    def is_path(self) -> bool:
        """Whether its values are paths."""
        return isinstance(self.hint, UnionType)

    def read(self, text: str) -> Any:
        """The value that a text means; a relative path counts from the working folder.

        Raises:
            BadValue: it is no value of this setting.
        """
        return self.checked(self._plain(text.strip()), Path.cwd())

    def checked(self, value: Any, folder: Path) -> Any:
        """A value of a file in `folder` as the configuration holds it.

        Raises:
            BadValue: it is no value of this setting.
        """
        found: Any = checked(Config, nested(self.key, value), folder)
        for name in self.key:
            found = found[name]
        return found

    def _plain(self, text: str) -> Any:
        """The TOML value that a text stands for, as far as it is one."""
        if self.hint is bool:
            return _BOOLEANS.get(text.lower(), text)
        if get_origin(self.hint) is tuple:
            return [part.strip() for part in text.split(",") if part.strip()]
        if self.is_path and not text:
            raise BadValue(self.key, "a path is required")
        if self.hint is not float:
            return text
        try:
            return float(text)
        except ValueError:
            return text


def setting_named(name: str) -> Setting:
    """The setting of a dotted name such as `monitor.period` or `servers.prod.url`.

    Raises:
        BadValue: there is none.
    """
    key = parts(name)
    if not key or ".".join(key) != name.replace('"', "").replace("'", ""):
        raise BadValue((name,), f"{name!r} is not a setting", "such as monitor.period")
    return setting_at(key)


def setting_at(key: Dotted) -> Setting:
    """The setting at a place.

    Raises:
        BadValue: there is none.
    """
    kind: Any = Config
    for at, name in enumerate(key):
        field = next((field for field in fields(kind) if field.name == name), None)
        if field is None:
            break
        hint = get_type_hints(kind)[name]
        if table_of := field.metadata.get("table_of"):
            # A name may have dots of its own; what comes last is the setting.
            return _of_table(table_of, (*key[: at + 1], ".".join(key[at + 1 : -1]), key[-1]), key)
        if get_origin(hint) is Mapping:
            return _of_mapping(field, (*key[: at + 1], ".".join(key[at + 1 :])), key)
        if not is_dataclass(hint):
            if key[at + 1 :]:
                raise BadValue(key, f"{'.'.join(key[: at + 1])} has no settings below it")
            return _setting(key, field, hint)
        kind = hint
    raise _none(key, kind)


def without_password(key: Dotted, value: Any) -> Any:
    """A value as it may be shown: without what stands before the host of an address, or a secret.

    The values of headers are secrets, whatever they are.
    """
    if key[-1] == "headers" and isinstance(value, Mapping):
        return dict.fromkeys(value, HIDDEN)
    if "headers" in key[:-1]:
        return HIDDEN
    if key == ("notify", "webhook"):
        return without_path(value)
    is_address = key[-1] in _ADDRESSES and isinstance(value, str)
    return masked_address(value) if is_address else value


def nested(key: Dotted, value: Any) -> dict[str, Any]:
    """A value in the tables that its name means."""
    for name in reversed(key):
        value = {name: value}
    return dict(value)


def _of_table(kind: Any, key: Dotted, written: Dotted) -> Setting:
    if len(written) < 3:
        raise BadValue(written, f"{'.'.join(written)} is a table", f"such as {written[0]}.NAME.url")
    field = next((field for field in fields(kind) if field.name == key[-1]), None)
    if field is None:
        raise _none(key, kind)
    return _setting(key, field, get_type_hints(kind)[key[-1]])


def _of_mapping(field: Field[Any], key: Dotted, written: Dotted) -> Setting:
    if not key[-1]:
        name = ".".join(written)
        raise BadValue(written, f"{name} is a table", f"such as {name}.model.register")
    return Setting(key, field.metadata["help"], str, "")


def _setting(key: Dotted, field: Field[Any], hint: Any) -> Setting:
    default = None if field.default is MISSING else field.default
    return Setting(key, field.metadata["help"], hint, default, field.metadata["least"])


def _none(key: Dotted, kind: Any) -> BadValue:
    """What is said of a name that is no setting; `kind` is the table that it got to."""
    try:
        checked(Config, nested(key, {}), Path())
    except BadValue as error:
        return error
    known = ", ".join(field.name for field in fields(kind))
    return BadValue(key, f"{'.'.join(key)} is a table", f"its settings are {known}")
