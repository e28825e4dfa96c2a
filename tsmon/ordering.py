"""The order of rows by one value of each, in either direction."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Generic, TypeVar

Value = float | str | StrEnum | None
"""What a row is sorted by: a number, a text, or nothing that is known, perhaps with the reason."""

Item = TypeVar("Item")

_Natural = tuple[tuple[str, int, str], ...]
_Rank = tuple[int, float, _Natural]


class Arranger(Generic[Item]):
    """Arranges items again and again, at hardly any cost while their values stay the same."""

    def __init__(self) -> None:
        self._values: list[Value] = []
        self._descending = False
        self._places: list[int] = []

    def arrange(
        self, items: Sequence[Item], value: Callable[[Item], Value], *, descending: bool = False
    ) -> list[Item]:
        """As `arrange` does."""
        values = [value(item) for item in items]
        if descending != self._descending or values != self._values:
            self._values, self._descending = values, descending
            self._places = arrange(range(len(values)), values.__getitem__, descending=descending)
        return [items[place] for place in self._places]


def arrange(
    items: Iterable[Item], value: Callable[[Item], Value], *, descending: bool = False
) -> list[Item]:
    """The items by their value; equal ones stay as they came, unknown ones come last.

    Texts are sorted as people count: `model-9` before `model-10`, `2.0` before `10.0`.
    """
    known: list[tuple[_Rank, Item]] = []
    unknown: list[Item] = []
    for item in items:
        rank = _rank(value(item))
        if rank is None:
            unknown.append(item)
        else:
            known.append((rank, item))
    known.sort(key=lambda pair: pair[0], reverse=descending)
    return [*(item for _, item in known), *unknown]


def _rank(value: Value) -> _Rank | None:
    # A reason is a str too, so it has to be distinguished first.
    if value is None or isinstance(value, StrEnum):
        return None
    if isinstance(value, str):
        return 1, 0.0, _natural(value)
    return None if value != value else (0, value, ())


@lru_cache(maxsize=1 << 14)
def _natural(text: str) -> _Natural:
    """A text as letters and the number after them, which the longer one of two wins."""
    pairs = re.findall(r"([^0-9]*)([0-9]*)", text)
    stripped = ((letters.casefold(), digits.lstrip("0")) for letters, digits in pairs)
    return tuple((letters, len(digits), digits) for letters, digits in stripped)
