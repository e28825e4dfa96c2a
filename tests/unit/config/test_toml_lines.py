"""Where a setting stands in its file."""

from __future__ import annotations

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from tsmon.config.toml_lines import line_of

NAMES = st.text("abcxyz-_", min_size=1, max_size=5)


@given(st.dictionaries(NAMES, st.dictionaries(NAMES, st.integers(), min_size=1), min_size=1))
def test_each_setting_of_each_table_is_found(tables: dict[str, dict[str, int]]) -> None:
    lines = []
    places = {}
    for table, settings in tables.items():
        lines.append(f"[{table}]")
        for name, value in settings.items():
            lines.append(f"{name} = {value}")
            places[table, name] = len(lines)
    text = "\n".join(lines)

    assert tomllib.loads(text) == tables
    assert {key: line_of(text, key) for key in places} == places


@given(st.text())
def test_any_text_has_an_answer(text: str) -> None:
    line = line_of(text, ("a", "b"))

    assert line is None or 1 <= line <= len(text.splitlines())


def test_a_quoted_name_is_found() -> None:
    assert line_of('[keys.bind]\n"model.register" = 3', ("keys", "bind", "model.register")) == 2


def test_inside_an_inline_table_the_line_of_the_table_is_told() -> None:
    assert line_of("[keys]\nbind = { a = 3 }", ("keys", "bind", "a")) == 2
