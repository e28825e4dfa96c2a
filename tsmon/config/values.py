"""Turns the values of a TOML file into settings, or says which one is wrong."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import Field, fields, is_dataclass
from difflib import get_close_matches
from functools import cache
from math import isfinite
from pathlib import Path
from types import MappingProxyType, UnionType
from typing import Any, Literal, TypeVar, cast, get_args, get_origin, get_type_hints

from tsmon.conditions import BadCondition
from tsmon.untrusted.files import expand_home

T = TypeVar("T")
_LONGEST = 80
"""Characters of a wrong value that a message quotes."""
Dotted = tuple[str, ...]
"""Where a value stands, such as `("servers", "prod", "url")`."""


class BadValue(Exception):
    """A value, or the name of one, that is no setting."""

    def __init__(self, key: Dotted, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        self.key = key
        self.hint = hint


def checked(kind: type, table: Mapping[str, Any], folder: Path, key: Dotted = ()) -> dict[str, Any]:
    """The values of a table as its dataclass wants them; relative paths count from `folder`.

    Raises:
        BadValue: a name that is no setting, or a value of the wrong kind.
    """
    known = {field.name: field for field in fields(kind)}
    values = {}
    for name, value in table.items():
        if name not in known:
            raise _unknown((*key, name), list(known))
        values[name] = _value(known[name], _hints(kind)[name], value, folder, (*key, name))
    return values


def assembled(kind: type[T], values: Mapping[str, Any]) -> T:
    """A dataclass of settings from checked values; what is not among them has its default."""
    made = {}
    for field in fields(cast("Any", kind)):
        if field.name not in values:
            continue
        value, hint = values[field.name], _hints(cast("Hashable", kind))[field.name]
        if table_of := field.metadata.get("table_of"):
            value = {name: assembled(table_of, table) for name, table in value.items()}
        elif is_dataclass(hint):
            value = assembled(cast("Any", hint), value)
        made[field.name] = MappingProxyType(value) if isinstance(value, dict) else value
    return kind(**made)


def choices(hint: Any) -> tuple[str, ...]:
    """The words a setting allows; empty where any will do."""
    return get_args(hint) if get_origin(hint) is Literal else ()


@cache
def _hints(kind: Hashable) -> dict[str, Any]:
    return get_type_hints(kind)


def _value(field: Field[Any], hint: Any, value: Any, folder: Path, key: Dotted) -> Any:
    if table_of := field.metadata.get("table_of"):
        tables = {
            name: checked(table_of, _table(table, (*key, name)), folder, (*key, name))
            for name, table in _table(value, key).items()
        }
        if (table_check := field.metadata.get("table_check")) is not None:
            for name, table in tables.items():
                _check_table(table_check, table, (*key, name))
        return tables
    if is_dataclass(hint):
        return checked(cast("type", hint), _table(value, key), folder, key)
    if get_origin(hint) is Mapping:
        return {name: _text(text, (*key, name)) for name, text in _table(value, key).items()}
    found = _scalar(hint, value, folder, key, field.metadata.get("least"))
    if check := field.metadata.get("check"):
        _check(check, found, key)
    return found


def _check_table(
    check: Callable[[Mapping[str, Any]], object], table: Mapping[str, Any], key: Dotted
) -> None:
    """See that the settings of one table go together."""
    try:
        check(table)
    except BadCondition as error:
        raise BadValue((*key, "when"), str(error), error.hint) from None


def _check(check: Callable[[str], object], found: str | tuple[str, ...], key: Dotted) -> None:
    """See that the texts of a setting will do; an empty one is as good as none."""
    for text in (found,) if isinstance(found, str) else found:
        if not text:
            continue
        try:
            check(text)
        except BadCondition as error:
            raise BadValue(key, str(error), error.hint) from None


def _scalar(hint: Any, value: Any, folder: Path, key: Dotted, least: float | None) -> Any:
    if allowed := choices(hint):
        return _choice(value, allowed, key)
    if hint is bool:
        return _boolean(value, key)
    if hint is float:
        return _number(value, least, key)
    if get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise _wrong(key, "a list of strings", value)
        texts = (_text(text, key) for text in value)
        return tuple(_path(text, folder) if Path in get_args(hint) else text for text in texts)
    if isinstance(hint, UnionType):
        return _path(_text(value, key), folder)
    return _text(value, key)


def _path(text: str, folder: Path) -> Path:
    return folder / expand_home(text)


def _choice(value: Any, allowed: tuple[str, ...], key: Dotted) -> str:
    if value in allowed:
        return str(value)
    near = _nearest(_shown(value), allowed)
    words = ", ".join(word for word in allowed if word)
    raise BadValue(key, f"{_shown(value)} is not one of {words}", near)


def _boolean(value: Any, key: Dotted) -> bool:
    if not isinstance(value, bool):
        raise _wrong(key, "true or false", value)
    return value


def _number(value: Any, least: float | None, key: Dotted) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(key, "a number", value)
    try:
        number = float(value)
    except OverflowError:  # an integer of more digits than a float has room for
        raise BadValue(key, "is too large for a number") from None
    if not isfinite(number):
        raise _wrong(key, "a number", value)
    if least is not None and number < least:
        raise BadValue(key, f"{number:g} is less than {least:g}, the least that is possible")
    return number


def _text(value: Any, key: Dotted) -> str:
    if not isinstance(value, str):
        raise _wrong(key, "a quoted string", value)
    return value


def _table(value: Any, key: Dotted) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _wrong(key, f"a table, [{'.'.join(key)}]", value)
    return value


def _wrong(key: Dotted, wanted: str, value: Any) -> BadValue:
    return BadValue(key, f"{_shown(value)} is not {wanted}")


def _shown(value: Any) -> str:
    """The value in a message; of a long one the beginning."""
    try:
        words = repr(value)
    except (ValueError, RecursionError):  # a number of more digits than Python writes
        return f"this {type(value).__name__}"
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}…"


def _unknown(key: Dotted, known: list[str]) -> BadValue:
    place = f"[{'.'.join(key[:-1])}]" if key[:-1] else "the file"
    hint = _nearest(key[-1], known) or f"{place} has {', '.join(known)}"
    return BadValue(key, f"{key[-1]} is not a setting of {place}", hint)


def _nearest(word: str, known: list[str] | tuple[str, ...]) -> str:
    near = get_close_matches(word, [name for name in known if name], n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else ""
