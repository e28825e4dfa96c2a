"""Words of others in lines for a shell."""

from __future__ import annotations

import shlex

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.shell import words_of
from tsmon.untrusted.shell import shell_line
from tsmon.untrusted.text import visible

WORDS = st.lists(
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=20),
    min_size=1,
    max_size=3,
)


@settings(max_examples=60)
@given(WORDS)
@example(["evil\x1b]52;c;eA==\x07", "x; rm -rf ~", "it's \\ $(date) `date`"])
@example(["\u202e1", "\x9b9", "\n'\"\\x41", "-rf"])
def test_a_shell_hands_the_words_on_as_they_were(words: list[str]) -> None:
    line = shell_line(words)

    assert words_of(line) == words


@given(WORDS)
def test_no_character_of_the_line_is_an_order_to_the_terminal(words: list[str]) -> None:
    line = shell_line(words)

    assert visible(line) == line


def test_what_is_plain_is_quoted_as_usual() -> None:
    words = ["curl", "-sS", "http://h:1/a?b=c&d", "a b"]

    assert shell_line(words) == shlex.join(words)
