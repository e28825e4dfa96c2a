"""JSON that others wrote: one kind of error, a limit on nesting, no NaN or infinity."""

from __future__ import annotations

import json
import math
from typing import Any

DEEPEST = 100
"""Levels of lists and objects; TorchServe's own answers have six."""


LONGEST_INTEGER = 100
"""Digits; nothing that is counted has more, and Python refuses to read very long ones at all."""


class BadJson(ValueError):
    """The text is not JSON, or nested deeper than anything of use."""


def parse_json(text: str | bytes, *, deepest: int = DEEPEST) -> Any:
    """The value of a JSON text.

    `NaN`, `Infinity`, `1e999` and integers of more than `LONGEST_INTEGER` digits become None: no
    number is known by them. Half a surrogate pair becomes the replacement character, so that all
    text can be encoded.

    Raises:
        BadJson: it is not JSON, not text in UTF-8, or too deeply nested.
    """
    try:
        value = json.loads(
            text, parse_constant=lambda _: None, parse_int=_integer, parse_float=_float
        )
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise BadJson(reason) from None
    _bound(value, deepest)
    half = rb"\ud" if isinstance(text, bytes) else r"\ud"
    return _whole(value) if half in text.lower() else value  # type: ignore[operator]


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) <= LONGEST_INTEGER else None


def _float(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def _whole(value: Any) -> Any:
    """The value without halves of surrogate pairs; its nesting is bounded already."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole(each) for each in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(each) for key, each in value.items()}
    return value


def _bound(value: Any, deepest: int) -> None:
    """Refuse deeper nesting; level by level, so that no recursion can end in an error itself."""
    level = [value]
    for _ in range(deepest):
        level = [child for each in level for child in _children(each)]
        if not level:
            return
    raise BadJson(f"nested more than {deepest} levels deep")


def _children(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [child for child in inner if isinstance(child, dict | list)]
