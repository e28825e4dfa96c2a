"""JSON of others is read or refused, and nothing else happens."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.untrusted.json import BadJson, parse_json

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(VALUES)
def test_what_is_json_is_read(value: Any) -> None:
    assert parse_json(json.dumps(value)) == value


@given(st.text() | st.binary())
def test_what_is_not_json_raises_bad_json_alone(text: str | bytes) -> None:
    with suppress(BadJson):
        parse_json(text)


@pytest.mark.parametrize("text", ["[" * 101 + "]" * 101, "[" * 200_000, '{"a":' * 50_000 + "1"])
def test_deep_nesting_is_refused(text: str) -> None:
    with pytest.raises(BadJson):
        parse_json(text)


def test_a_number_of_too_many_digits_is_unknown_and_costs_no_other() -> None:
    assert parse_json(f"[{'9' * 5000}, -{'9' * 101}, 1e999, 7]") == [None, None, None, 7]


def test_half_a_surrogate_pair_becomes_a_text_that_can_be_encoded() -> None:
    name = parse_json(r'{"modelName": ["a\uD800b", "\ud83d\ude00"]}')["modelName"]
    assert name == ["a\ufffdb", "\U0001f600"]


def test_words_that_are_no_numbers_are_unknown() -> None:
    assert parse_json("[NaN, Infinity, -Infinity]") == [None, None, None]
