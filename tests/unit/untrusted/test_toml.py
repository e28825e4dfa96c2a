"""TOML of any shape is read or refused, soon, with the line."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsmon.untrusted.toml import BadToml, parse_toml

SOON_S = 5.0

TOO_MUCH = {
    "digits": ("a = 1\nb = " + "9" * 5000, 2, "number of more than"),
    "a line": ("a = 1\n\nb = '" + "x" * 30_000 + "'", 3, "a line of"),
    "parts": ("\n" + ".".join(["a"] * 9_000) + " = 1", 2, "key of more than"),
    "parts of a table": ("[" + ".".join(["a"] * 9_000) + "]", 1, "key of more than"),
    "parts in a table": ("a = {" + ".".join(["'b'"] * 4_000) + " = 1}", 1, "key of more than"),
    "lists": ("a = 1\nb = " + "[" * 5_000, 2, "nested too deeply"),
    "tables": ("a = " + "{b = " * 3_000 + "1" + "}" * 3_000, 1, "nested too deeply"),
    "lists over lines": ("a = [\n" + "[\n" * 5_000, 5_001, "nested too deeply"),
    "an end": ("a = 1\nb", 2, "Expected '='"),
    "a value": ("a = 1\nb = =\n", 2, "Invalid value"),
}


@pytest.mark.parametrize("kind", TOO_MUCH)
def test_what_is_beyond_all_use_is_refused_with_its_line(kind: str) -> None:
    text, line, problem = TOO_MUCH[kind]

    with pytest.raises(BadToml, match=problem) as refused:
        parse_toml(text)

    assert refused.value.line == line


@pytest.mark.parametrize(
    "sign", ['"', "'", "a", "a.", "[", "a = 'b'\n", "'.", "[[a]]\n", "\n", "."]
)
def test_no_repetition_takes_long(sign: str) -> None:
    text = "\n".join([sign * (15_000 // len(sign))] * 15)
    began = time.monotonic()

    with pytest.raises(BadToml):
        parse_toml(text + "\n=")

    assert time.monotonic() - began < SOON_S


@settings(max_examples=300, deadline=None)
@given(
    st.text(st.sampled_from("ab.=[]{}\"'\\u0123456789 \n,#-+eTZ:_"), max_size=60)
    | st.text(max_size=40)
)
def test_only_one_error_comes_out(text: str) -> None:
    try:
        assert isinstance(parse_toml(text), dict)
    except BadToml as error:
        assert error.line is None or 1 <= error.line <= text.count("\n") + 1


def test_what_people_write_is_read() -> None:
    text = '# a\n[servers."a.b".c]\nurl = "http://x"\nlist = ["a.b.c.d.e.f", 1_000]\n'
    assert parse_toml(text)["servers"]["a.b"]["c"]["list"] == ["a.b.c.d.e.f", 1000]
