"""Values of JSON as the fields of a struct, each of the type that the field has."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import cache
from math import isfinite
from types import UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")


def shaped(kind: type[T], values: Mapping[str, Any]) -> T:
    """The struct made of these values.

    Raises:
        TypeError: a value is not of its field's type, a field is not known, or one is missing.
        ValueError: the class refuses a value.
    """
    hints = _hints(cast("Hashable", kind))
    for name, value in values.items():
        if name not in hints or not _fits(value, hints[name]):
            raise TypeError(f"{name[:80]} is not what belongs there")
    return kind(**values)


def _fits(value: Any, hint: Any) -> bool:
    origin = get_origin(hint)
    if origin in {Union, UnionType}:
        return any(_fits(value, each) for each in get_args(hint))
    if origin is tuple:
        inner = get_args(hint)[0]
        return isinstance(value, tuple) and all(_fits(each, inner) for each in value)
    if hint is float:
        return _is_number(value, int | float)
    if hint is int:
        return _is_number(value, int)
    return isinstance(value, origin or hint)


def _is_number(value: Any, kind: Any) -> bool:
    """Whether it is one that arithmetic can go on with."""
    if isinstance(value, bool) or not isinstance(value, kind):
        return False
    return abs(value) < 2**63 and isfinite(value)


@cache
def _hints(kind: Hashable) -> dict[str, Any]:
    return get_type_hints(kind)
