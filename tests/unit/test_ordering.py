"""Rows in an order: both directions, the unknown last, numbers in texts as people count."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tsmon.ordering import Value, arrange
from tsmon.telemetry.traffic import Missing

numbers = st.floats(allow_nan=True)
texts = st.text(max_size=12)
unknown = st.sampled_from([None, Missing.NO_TRAFFIC, Missing.FIRST_SAMPLE])


def ordered(values: list[Value], *, descending: bool = False) -> list[Value]:
    return arrange(values, lambda value: value, descending=descending)


def test_texts_are_sorted_as_people_count() -> None:
    assert ordered(["model-10", "model-9", "Model-1", "a"]) == [
        "a",
        "Model-1",
        "model-9",
        "model-10",
    ]
    assert ordered(["10.0", "2.0", "2.0.1"], descending=True) == ["10.0", "2.0.1", "2.0"]


def test_the_unknown_is_last_in_both_directions() -> None:
    values: list[Value] = [None, 2.0, Missing.NO_TRAFFIC, 0.0]
    assert ordered(values) == [0.0, 2.0, None, Missing.NO_TRAFFIC]
    assert ordered(values, descending=True) == [2.0, 0.0, None, Missing.NO_TRAFFIC]


@given(st.lists(numbers | texts | unknown), st.booleans())
def test_nothing_is_lost_and_the_known_come_first(values: list[Value], descending: bool) -> None:
    rows = list(enumerate(values))
    sorted_rows = arrange(rows, lambda row: row[1], descending=descending)
    assert sorted(row for row, _ in sorted_rows) == list(range(len(values)))
    known = [_is_known(value) for _, value in sorted_rows]
    assert known == sorted(known, reverse=True)


@given(st.lists(st.sampled_from([0.0, 1.0, 2.0]) | unknown), st.booleans())
def test_equal_rows_stay_as_they_came(values: list[Value], descending: bool) -> None:
    rows = list(enumerate(values))
    sorted_rows = arrange(rows, lambda row: row[1], descending=descending)
    for value in {0.0, 1.0, 2.0}:
        same = [row for row, other in sorted_rows if other == value]
        assert same == sorted(same)


@given(st.lists(st.floats(allow_nan=False)))
def test_numbers_are_sorted_by_size(values: list[Value]) -> None:
    assert ordered(values) == sorted(values)  # type: ignore[type-var]
    assert ordered(values, descending=True) == sorted(values, reverse=True)  # type: ignore[type-var]


def _is_known(value: Value) -> bool:
    return value is not None and not isinstance(value, Missing) and value == value
