"""The configuration file that has every setting in it, each one explained and commented out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import Field, fields, is_dataclass
from typing import Any, get_type_hints

from tsmon.config.schema import Config

_HEAD = """\
# Settings of tsmon. A line that starts with # is commented out and shows the default or an example.
# A project's file, tsmon.toml in its folder or at the root of its checkout, wins over this one;
# its servers and keys need `tsmon config trust` first. Options on the command line and
# TSMON_ variables win over both.
"""
_TABLES = {
    "monitor": "How the monitor looks and how often it polls.",
    "keys": "Which key does what.",
    "fleet": "The fleet screen's servers beyond those in [servers].",
    "notify": "What is reported outside of the screen.",
    "metrics": "Which series of /metrics are always in sight.",
    "limits": "What a number of a model or a series must not be; one table each.",
    "servers": "A server that `--server NAME` and `:server NAME` open; one table each.",
    "plugins": "A command of your own on a key of the monitor; one table each.",
}
_EXAMPLES = {"limits": "slow", "servers": "local", "plugins": "notes"}
"""What the limit, the server and the plugin of the example are called."""


def commented() -> str:
    """The text of the file; as it stands it changes nothing."""
    return "\n".join((_HEAD, *_settings(Config), *_sections()))


def toml_value(value: Any) -> str:
    """A default as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    return str(value)


def _sections() -> Iterator[str]:
    for field in fields(Config):
        kind = field.metadata.get("table_of") or get_type_hints(Config)[field.name]
        if not is_dataclass(kind):
            continue
        example = _EXAMPLES.get(field.name)
        yield f"\n# {_TABLES[field.name]}"
        yield f"# [{field.name}.{example}]" if example else f"[{field.name}]"
        yield from _settings(kind)


def _settings(kind: Any) -> Iterator[str]:
    for field in fields(kind):
        if field.metadata.get("help"):
            yield f"# {field.metadata['help']}"
            yield f"# {field.name} = {_example(field)}"


def _example(field: Field[Any]) -> str:
    return field.metadata["example"] or toml_value(field.default)
