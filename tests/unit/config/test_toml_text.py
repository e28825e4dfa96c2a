"""Changing one setting in the text of a file: what it means then, and that all else stays."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsmon.config.commented import commented
from tsmon.config.toml_text import has, with_value, without
from tsmon.config.values import Dotted

VALUES: dict[Dotted, list[Any]] = {
    ("server",): ["local", 'a "quoted" one'],
    ("monitor", "period"): [2, 0.5],
    ("monitor", "theme"): ["nord", "ümlaut"],
    ("monitor", "span"): [300],
    ("keys", "preset"): ["vim"],
    ("keys", "bind", "model.register"): ["ctrl+r"],
    ("fleet", "file_sd"): [["a.json", "b.json"]],
    ("servers", "a.b", "url"): ["http://127.0.0.1:8081"],
    ("servers", "prod", "insecure"): [True],
}
keys = st.sampled_from(list(VALUES))
NOISE = ["", "# a comment", "# period = 1.0", "#theme=1", "  # [monitor]", "# span = 120.0  # s"]
HEADS = {
    (): "",
    ("monitor",): "[monitor]  # how it looks",
    ("keys",): "[ keys ]",
    ("keys", "bind"): "[keys.bind]",
    ("fleet",): "[fleet]",
    ("servers", "a.b"): '[servers."a.b"]',
    ("servers", "prod"): "[servers.prod]",
}
WRITTEN = {
    ("server",): 'server = "x" # mine',
    ("monitor", "period"): "period   =  7 # slow",
    ("monitor", "theme"): "theme = '''a\n[keys]\n# preset = 1'''",
    ("monitor", "span"): '"span" = 60',
    ("keys", "preset"): "\tpreset = 'default'",
    ("keys", "bind", "model.register"): '"model.register" = "x"',
    ("fleet", "file_sd"): "file_sd = [\n  # the first\n  'x.json',\n]",
    ("servers", "a.b", "url"): "url='y'",
    ("servers", "prod", "insecure"): "insecure = false",
}


@st.composite
def files(draw: st.DrawFn) -> str:
    """A file with some settings, comments and blank lines, its tables in any order."""
    tables = draw(st.permutations([head for head in HEADS if head]))
    lines: list[str] = []
    for table in [(), *tables[: draw(st.integers(0, len(tables)))]]:
        lines += [HEADS[table]] if table else []
        for key in [key for key in WRITTEN if key[:-1] == table]:
            lines += draw(st.lists(st.sampled_from(NOISE), max_size=2))
            lines += [WRITTEN[key]] * draw(st.integers(0, 1))
        lines += draw(st.lists(st.sampled_from(NOISE), max_size=2))
    text = "\n".join(lines) + draw(st.sampled_from(["", "\n"]))
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


def value_at(text: str, key: Dotted) -> Any:
    found: Any = tomllib.loads(text)
    for name in key:
        found = found[name]
    return found


def is_part_of(fewer: list[str], more: list[str]) -> bool:
    """Whether all lines of one text are in the other, in the same order."""
    rest = iter(more)
    return all(line in rest for line in fewer)


@settings(max_examples=60)
@given(files(), keys, st.data())
def test_setting_a_value_leaves_every_other_line_as_it_was(
    text: str, key: Dotted, data: st.DataObject
) -> None:
    value = data.draw(st.sampled_from(VALUES[key]))
    after = with_value(text, key, value)

    assert value_at(after, key) == value
    own = WRITTEN[key].splitlines() if has(tomllib.loads(text), key) else []
    others = [line for line in text.splitlines() if line not in own]
    assert is_part_of(others, after.splitlines())
    added = len(after.splitlines()) - len(text.splitlines())
    assert added <= (0 if own else 3)  # the setting, and a blank line and a head for its table


@settings(max_examples=60)
@given(files(), keys)
def test_what_is_taken_out_is_gone_and_nothing_else(text: str, key: Dotted) -> None:
    after = without(text, key)

    wanted = tomllib.loads(text)
    assert not has(tomllib.loads(after), key)
    if not has(wanted, key):
        assert after == text
    assert is_part_of(after.splitlines(), text.splitlines())


@settings(max_examples=60)
@given(files(), keys)
def test_setting_and_taking_out_again_gives_the_same_settings(text: str, key: Dotted) -> None:
    if has(tomllib.loads(text), key):
        return
    back = without(with_value(text, key, VALUES[key][0]), key)

    def flat(table: dict[str, Any], at: Dotted = ()) -> dict[Dotted, Any]:
        """Without the tables that are empty."""
        found: dict[Dotted, Any] = {}
        for name, value in table.items():
            more = flat(value, (*at, name)) if isinstance(value, dict) else {(*at, name): value}
            found |= more
        return found

    assert flat(tomllib.loads(back)) == flat(tomllib.loads(text))


@pytest.mark.parametrize("key", [key for key in VALUES if key[0] in {"server", "monitor"}])
def test_in_the_commented_file_a_setting_stands_below_what_explains_it(key: Dotted) -> None:
    lines = with_value(commented(), key, VALUES[key][0]).splitlines()

    at = next(at for at, line in enumerate(lines) if line.startswith(f"{key[-1]} = "))
    assert lines[at - 1].startswith(f"# {key[-1]} = ")


def test_without_a_line_that_explains_it_it_follows_the_last_setting_of_its_table() -> None:
    text = "[monitor]\nperiod = 2\n\n# About keys.\n[keys]\n"

    after = with_value(text, ("monitor", "span"), 300)

    assert after == "[monitor]\nperiod = 2\nspan = 300\n\n# About keys.\n[keys]\n"


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("monitor = { period = 2 } # x\n", "monitor = { period = 2 , span = 300} # x\n"),
        ("monitor.period = 2\n", "monitor.period = 2\nmonitor.span = 300\n"),
    ],
)
def test_tables_without_a_head_are_changed_too(text: str, after: str) -> None:
    assert tomllib.loads(with_value(text, ("monitor", "span"), 300)) == tomllib.loads(after)
