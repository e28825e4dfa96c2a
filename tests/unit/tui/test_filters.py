"""The grammar of filters."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.tui.state.filters import parse_filter

TEXTS = st.text(max_size=30)
PLAIN = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(
    lambda text: text == text.strip() and text[0] not in "!~/"
)


@pytest.mark.parametrize(
    ("typed", "shown", "hidden"),
    [
        ("MN", "mnist 1.0", "bert 1.0"),
        ("1.0", "mnist 1.0", "mnist 150"),
        ("~mn.*2", "mnist 2.0", "mnist 1.0"),
        ("/^b/", "bert 1.0", "mnist b"),
        ("/^b", "bert 1.0", "mnist b"),
        ("!mnist", "bert 1.0", "mnist 1.0"),
        ("! ~t$", "bert 1.0", "bert"),
        ("!/t$/", "bert 1.0", "bert"),
        ("~(?-i:B)", "Bert", "bert"),
        ("a!b", "a!b", "ab"),
    ],
)
def test_each_form_shows_and_hides(typed: str, shown: str, hidden: str) -> None:
    found = parse_filter(typed)
    assert found
    assert found.passes(shown)
    assert not found.passes(hidden)


@pytest.mark.parametrize("typed", ["", "  ", "!", "~", "/", "//", "!~", "! /"])
def test_a_filter_that_is_only_begun_hides_nothing(typed: str) -> None:
    found = parse_filter(typed)
    assert not found
    assert not found.problem
    assert found.passes("mnist")


@pytest.mark.parametrize("typed", ["~[", "/(/", "!~*", "~(?P<", "~a{9999999999999999999}"])
def test_a_bad_expression_says_so_and_hides_nothing(typed: str) -> None:
    found = parse_filter(typed)
    assert found.problem.startswith("not a valid regular expression: ")
    assert not found
    assert found.passes("mnist")


@given(PLAIN, TEXTS, TEXTS)
def test_plain_text_is_found_wherever_it_stands(text: str, before: str, after: str) -> None:
    assert parse_filter(text).passes(before + text + after)


@given(PLAIN, TEXTS)
def test_plain_text_means_its_own_letters_alone(text: str, row: str) -> None:
    expected = re.search(re.escape(text), row, re.IGNORECASE) is not None
    assert parse_filter(text).passes(row) is expected


@given(TEXTS, TEXTS)
def test_the_inverse_shows_just_what_was_hidden(typed: str, row: str) -> None:
    found, inverse = parse_filter(typed), parse_filter(f"!{typed}")
    if found and not found.inverse and inverse:
        assert found.passes(row) is not inverse.passes(row)


@given(TEXTS, TEXTS)
def test_nothing_that_can_be_typed_raises(typed: str, row: str) -> None:
    found = parse_filter(typed)
    assert isinstance(found.passes(row), bool)
    assert not (found and found.problem)


@pytest.mark.filterwarnings("error")
def test_an_expression_that_python_warns_of_prints_nothing() -> None:
    assert parse_filter("~[[a]").passes("[")
