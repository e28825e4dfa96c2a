"""JSON that others wrote: one kind of error, a limit on nesting, no number that is none."""

from __future__ import annotations

import json
from typing import Any

DEEPEST = 100
"""Levels of lists and objects; TorchServe's own answers have six."""


class BadJson(ValueError):
    """The text is not JSON, or nested deeper than anything of use."""


def parse_json(text: str | bytes, *, deepest: int = DEEPEST) -> Any:
    """The value of a JSON text.

    `NaN` and `Infinity` become None: JSON has no such numbers, and no number is known by them.

    Raises:
        BadJson: it is not JSON, not text in UTF-8, or too deeply nested.
    """
    try:
        value = json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise BadJson(reason) from None
    _bound(value, deepest)
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
