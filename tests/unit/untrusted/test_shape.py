"""Values become a dataclass only where each has its field's type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tsmon.untrusted.shape import shaped


@dataclass(frozen=True)
class Thing:
    name: str
    count: int
    share: float | None = None
    words: tuple[str, ...] = ()


def test_fitting_values_become_the_thing() -> None:
    assert shaped(Thing, {"name": "a", "count": 1, "share": 2}) == Thing("a", 1, 2)
    assert shaped(Thing, {"name": "a", "count": 1, "words": ("b",)}) == Thing("a", 1, None, ("b",))


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": 1},
        {"count": "1"},
        {"count": True},
        {"count": 1.5},
        {"count": 10**400},
        {"share": float("nan")},
        {"share": "1"},
        {"words": ["b"]},
        {"words": (1,)},
        {"other": 1},
    ],
)
def test_a_value_of_another_type_is_refused_by_its_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=next(iter(wrong))):
        shaped(Thing, {"name": "a", "count": 1} | wrong)


def test_a_missing_field_is_refused() -> None:
    with pytest.raises(TypeError, match="count"):
        shaped(Thing, {"name": "a"})
