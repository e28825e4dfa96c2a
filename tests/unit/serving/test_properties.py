from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.serving.properties import parse, render_pair

# Java strings are UTF-16; a lone half of a surrogate pair is no text that a person can type.
texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.dictionaries(texts, texts))
def test_what_is_rendered_is_parsed_back(settings: dict[str, str]) -> None:
    text = "\n".join(render_pair(key, value) for key, value in settings.items())

    assert parse(text) == settings


@given(texts, texts)
def test_a_rendered_pair_is_one_line_of_ascii(key: str, value: str) -> None:
    line = render_pair(key, value)

    assert line.isascii()
    assert line.isprintable()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("key=value", {"key": "value"}),
        ("key:value", {"key": "value"}),
        ("key value", {"key": "value"}),
        ("  key  =  value ", {"key": "value "}),
        ("key=a=b", {"key": "a=b"}),
        ("key=", {"key": ""}),
        ("key", {"key": ""}),
        (r"a\=b=c", {"a=b": "c"}),
        (r"path=C\:\\temp", {"path": r"C:\temp"}),
        (r"key=caf\u00e9", {"key": "café"}),
        (r"key=\ud83d\ude00", {"key": "😀"}),
        ("key=one,\\\n    two", {"key": "one,two"}),
        ("key=\\\\\nother=1", {"key": "\\", "other": "1"}),
        ("# comment\n! comment\n\n", {}),
        ("key=1\nkey=2", {"key": "2"}),
        ("key=1\r\nother=2\r", {"key": "1", "other": "2"}),
        ("key=open\\", {"key": "open"}),
    ],
)
def test_reads_as_java_does(line: str, expected: dict[str, str]) -> None:
    assert parse(line) == expected
