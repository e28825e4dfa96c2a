"""Text of others holds no order to a terminal, and stays itself where it is harmless."""

import csv
import io
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.untrusted.text import brief, csv_cell, few_lines, file_word, harmless, one_line, visible

ANY_TEXT = st.text(st.characters())
HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mnist", "mnist"),
        ("naïve 数字 👍", "naïve 数字 👍"),
        ("\x1b]52;c;aGk=\x07", r"\x1b]52;c;aGk=\x07"),
        ("\x9b2J", r"\x9b2J"),
        ("a\x7fb", r"a\x7fb"),
        ("abc\u202egpj", r"abc\u202egpj"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("two\u2028lines", r"two\u2028lines"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("a\nb\tc", r"a\x0ab\x09c"),
    ],
)
def test_what_cannot_be_seen_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_lines_stay_lines_where_they_are_asked_for() -> None:
    assert visible("a\n\tb\x1bc\rd", keep_lines=True) == "a\n\tb\\x1bc\\x0dd"


@given(ANY_TEXT)
def test_nothing_hidden_is_left(text: str) -> None:
    assert not [each for each in visible(text) if unicodedata.category(each) in HIDDEN]


@given(ANY_TEXT)
def test_what_is_visible_stays_as_it_is(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@given(ANY_TEXT, st.integers(1, 60))
def test_one_line_is_one_bounded_line(text: str, most: int) -> None:
    assert len(one_line(text, most)) <= most + len(f"… ({len(text):,} characters)")
    assert len(one_line(text, most).splitlines()) <= 1


def test_a_long_message_says_how_long_it_is() -> None:
    assert one_line("x" * 1_000_000, 10) == "xxxxxxxxxx… (1,000,000 characters)"


@pytest.mark.parametrize("cell", ["=1+1", "+A1", "-A1", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1"])
def test_a_formula_is_quoted(cell: str) -> None:
    assert csv_cell(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["mnist", "-1.5", "+2", "-3e4", "", 4, 0.5, None])
def test_what_is_no_formula_stays(cell: object) -> None:
    assert csv_cell(cell) == cell


@given(ANY_TEXT)
def test_no_cell_read_back_begins_like_a_formula(text: str) -> None:
    written = io.StringIO()
    csv.writer(written).writerow([csv_cell(text)])
    cell = next(csv.reader(io.StringIO(written.getvalue(), newline="")), [""])[0]
    assert not cell.startswith(("=", "@", "\t", "\r"))


def test_the_quick_look_and_the_pattern_are_of_one_opinion() -> None:
    different = [
        hex(code)
        for code in range(sys.maxunicode + 1)
        if chr(code).isprintable() and harmless(f"{chr(code)}") != harmless(f"\x1b{chr(code)}")[1:]
    ]

    assert not different


def test_brief_keeps_blanks_and_few_lines_keeps_lines() -> None:
    assert brief("  a  b\n") == r"  a  b\x0a"
    assert brief("x" * 501) == "x" * 500 + "…"
    assert few_lines("  a\n b\x1b\nc", 2) == "  a\n b\\x1b"


@pytest.mark.parametrize("name", ["../../x", "a/b", "-\x1b[1m", "x" * 1000])
def test_a_word_of_a_file_name_stays_in_its_folder(name: str) -> None:
    word = file_word(name)

    assert "/" not in word
    assert len(word) <= 100
    assert visible(word) == word
