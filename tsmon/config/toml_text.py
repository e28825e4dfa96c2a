"""Changes one setting in the text of a TOML file; every other line stays as it is.

tomlkit keeps comments and order. Where a new setting goes it does not know: it would put it below
the comment about the next table, so the line is placed here, beside the one that explains it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from copy import deepcopy
from typing import Any

from tsmon.config.toml_lines import key_in, table_in
from tsmon.config.values import Dotted

_LINE = re.compile(r"[^\n]*\n|[^\n]+")


class NoPlace(Exception):
    """The file is written in a way that a setting cannot be put into it by itself."""


def with_value(text: str, key: Dotted, value: Any) -> str:
    """The text with a setting in it; `value` is as TOML holds it.

    Raises:
        NoPlace: there is no way to write it.
    """
    wanted = tomllib.loads(text)
    _put(wanted, key, value)
    return _first_that_means(wanted, _with(text, key, value))


def without(text: str, key: Dotted) -> str:
    """The text without a setting.

    Raises:
        NoPlace: it cannot be taken out alone.
    """
    wanted = tomllib.loads(text)
    _take(wanted, key)
    return text if wanted == tomllib.loads(text) else _first_that_means(wanted, _less(text, key))


def has(table: Mapping[str, Any], key: Dotted) -> bool:
    """Whether a setting is among those of a file."""
    for name in key:
        if not isinstance(table, Mapping) or name not in table:
            return False
        table = table[name]
    return True


def toml_value(value: Any) -> str:
    """A value as TOML writes it."""
    # Imported where it is used, here and below: it would cost every command 10 ms.
    import tomlkit

    return str(tomlkit.item(value).as_string())


def dotted(key: Dotted) -> str:
    """A name as TOML writes it."""
    import tomlkit

    return ".".join(tomlkit.key(name).as_string() for name in key)


def _first_that_means(wanted: Mapping[str, Any], texts: Iterator[str]) -> str:
    """The first of the texts that is TOML and says exactly what it should."""
    for text in texts:
        try:
            if tomllib.loads(text) == wanted:
                return text
        except tomllib.TOMLDecodeError:
            continue
    raise NoPlace


def _with(text: str, key: Dotted, value: Any) -> Iterator[str]:
    if not has(tomllib.loads(text), key):
        yield from _with_line(text, key, value)
    yield from _by_tomlkit(text, lambda table: _put(table, key, value))


def _less(text: str, key: Dotted) -> Iterator[str]:
    yield from _by_tomlkit(text, lambda table: _take(table, key))


def _by_tomlkit(text: str, change: Callable[[MutableMapping[str, Any]], None]) -> Iterator[str]:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(text)
        change(document)
        yield document.as_string()
    except (TOMLKitError, AttributeError, TypeError, ValueError):
        return  # a shape that tomlkit cannot change


def _with_line(text: str, key: Dotted, value: Any) -> Iterator[str]:
    """The text with a new line, at the best place first."""
    lines = _LINE.findall(text)
    ending = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    new = f"{dotted(key[-1:])} = {toml_value(value)}{ending}"
    for at in _places(lines, key):
        before = lines[:at]
        if before and not before[-1].endswith("\n"):
            before[-1] += ending
        yield "".join((*before, new, *lines[at:]))
    if len(key) > 1:
        gap = "" if not text else ending if text.endswith("\n") else ending * 2
        yield f"{text}{gap}[{dotted(key[:-1])}]{ending}{new}"


def _places(lines: list[str], key: Dotted) -> Iterator[int]:
    """Where in its table a setting can go, the best place first.

    That is below the line that shows its default, below the last setting, below the head.
    """
    table: Dotted = ()
    head = 0 if len(key) == 1 else None
    commented = last = None
    for at, line in enumerate(lines, 1):
        if (found := table_in(line)) is not None:
            table = found
            head = at if table == key[:-1] else head
        elif table != key[:-1]:
            continue
        elif key_in(line) is not None:
            last = at
        elif key_in(line.lstrip("# \t")) == key[-1:] and line.lstrip().startswith("#"):
            commented = at
    yield from (at for at in (commented, last, head) if at is not None)


def _put(table: MutableMapping[str, Any], key: Dotted, value: Any) -> None:
    for name in key[:-1]:
        table = table.setdefault(name, {})
    table[key[-1]] = deepcopy(value)


def _take(table: MutableMapping[str, Any], key: Dotted) -> None:
    if has(table, key):
        for name in key[:-1]:
            table = table[name]
        del table[key[-1]]
