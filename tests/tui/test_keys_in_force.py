"""Where keys are moved to: how they are written, what is refused, and why."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.config.errors import ConfigError
from tsmon.config.files import load
from tsmon.tui.commands.reference import as_markdown
from tsmon.tui.keymap import ALL_KEYS, KEYS
from tsmon.tui.keymap.configured import configured
from tsmon.tui.keymap.effective import ANY_ID, SCREENS, BindError, Keymap, resolve
from tsmon.tui.keymap.names import BadKey, read_key, read_keys, show_key
from tsmon.tui.keymap.presets import PRESETS

PAGE = Path(__file__).parents[2] / "docs" / "keys.md"
HINT = re.compile(r"\{([a-z]+\.[a-z-]+)\}")
"""Stands in a text for the key to press."""
MOVABLE = [key for key in ALL_KEYS if not key.is_many]
SENT = [name for key in MOVABLE for name in key.names]
"""Keys that terminals do send, by Textual's names."""

WRITTEN = {
    "r": "r",
    "R": "R",
    "shift+r": "R",
    "ctrl+r": "ctrl+r",
    "Ctrl+R": "ctrl+r",
    "alt+r": "alt+r",
    "+": "plus",
    "ctrl+\\": "ctrl+backslash",
    "alt++": "alt+plus",
    "-": "minus",
    "[": "left_square_bracket",
    "?": "question_mark",
    "/": "slash",
    "comma": "comma",
    "esc": "escape",
    "Enter": "enter",
    "PgDn": "pagedown",
    "↑": "up",
    "f5": "f5",
    "shift+tab": "shift+tab",
    "ctrl+space": "ctrl+at",
    "ctrl+left": "ctrl+left",
}
REFUSED = {
    "ctrl+i": "what a terminal sends for tab",
    "ctrl+m": "what a terminal sends for enter",
    "ctrl+h": "what a terminal sends for backspace",
    "ctrl+[": "what a terminal sends for escape",
    "ctrl+1": "not sent by a terminal",
    "ctrl+?": "not sent by a terminal",
    "ctrl+enter": "not sent by a terminal",
    "ctrl+shift+r": "sends the same without shift",
    "shift+1": "not sent by a terminal",
    "super+r": "super is not sent",
    "ctrl+q": "it always quits",
    "ctrl+c": "is reserved",
    "strg": "not the name of a key",
    "rr": "not the name of a key",
    "": "not the name of a key",
}


@pytest.mark.parametrize(("written", "name"), WRITTEN.items())
def test_keys_are_read_as_a_person_writes_them(written: str, name: str) -> None:
    assert read_key(written) == name


@pytest.mark.parametrize(("written", "why"), REFUSED.items())
def test_a_key_that_does_not_reach_a_program_is_refused(written: str, why: str) -> None:
    with pytest.raises(BadKey, match=why):
        read_key(written)


@pytest.mark.parametrize("name", sorted(set(SENT)))
def test_what_is_shown_is_read_as_the_same_key(name: str) -> None:
    assert name == "comma" or read_key(show_key(name)) == name


@given(st.text(max_size=12))
def test_any_text_is_a_key_or_told(written: str) -> None:
    try:
        name = read_key(written)
    except BadKey as error:
        assert str(error)
    else:
        assert "," not in name
        assert name == "comma" or read_key(show_key(name)) == name


def test_several_keys_are_separated_by_commas() -> None:
    assert read_keys("p, space ,p") == "p,space"
    with pytest.raises(BadKey, match="a key is missing"):
        read_keys("p,")


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_has_no_conflict(preset: str) -> None:
    resolve(preset)  # type: ignore[arg-type]


def test_every_key_belongs_to_a_screen() -> None:
    placed = {key.id for keys in SCREENS.values() for key in keys}
    assert {key.id for key in ALL_KEYS} - placed == set(), "add their table to keymap/effective.py"


def test_a_key_is_moved() -> None:
    keymap = resolve("default", {"model.register": "ctrl+r,X"})
    moved = keymap.by_id("model.register")
    assert (moved.keys, moved.shown) == ("ctrl+r,X", "ctrl+r")
    assert keymap.pressed("X", KEYS) == moved
    assert keymap.pressed("r", KEYS) is None
    assert keymap.for_textual() == {"model.register": "ctrl+r,X"}
    assert keymap.expand("{model.register} registers one") == "ctrl+r registers one"


def test_two_keys_can_change_places() -> None:
    keymap = resolve("default", {"model.register": "u", "model.unregister": "r"})
    assert keymap.by_id("model.register").shown == "u"
    assert keymap.by_id("model.unregister").shown == "r"


def test_what_a_person_binds_wins_over_the_preset() -> None:
    assert resolve("vim", {"view.symbols": "ctrl+s"}).by_id("view.symbols").shown == "ctrl+s"


@pytest.mark.parametrize(
    ("bind", "blamed", "why"),
    [
        ({"model.register": "s"}, "model.register", "s is workers.scale as well"),
        ({"workers.more": "j"}, "workers.more", "j is move.down as well"),
        ({"app.help": "X"}, "app.help", "X is picker.invert as well"),
        (
            {"time.pause": "f5", "model.describe": "f5"},
            "model.describe",
            "f5 is time.pause as well",
        ),
        (
            {"model.describe": "f5", "time.pause": "f5"},
            "time.pause",
            "f5 is model.describe as well",
        ),
        ({"model.registre": "f5"}, "model.registre", "there is no action with"),
        ({"picker.label": "f5"}, "picker.label", "cannot be changed"),
        ({"model.register": "ctrl+i"}, "model.register", "what a terminal sends for tab"),
    ],
)
def test_a_conflict_names_both(bind: Mapping[str, str], blamed: str, why: str) -> None:
    with pytest.raises(BindError, match=why) as raised:
        resolve("default", bind)
    assert raised.value.id == blamed
    assert raised.value.hint


@given(st.dictionaries(st.sampled_from([key.id for key in MOVABLE]), st.sampled_from(SENT)))
def test_no_key_of_a_screen_is_ever_two(bind: dict[str, str]) -> None:
    written = {id_: show_key(name).replace(",", "comma") for id_, name in bind.items()}
    try:
        keymap = resolve("default", written)
    except BindError as error:
        assert error.id in bind
        return
    for keys in SCREENS.values():
        ids = {key.id for key in keys}
        names = [name for id_ in ids for name in keymap.by_id(id_).names]
        assert len(names) == len(set(names))
    assert {id_: keymap.by_id(id_).keys for id_ in bind} == bind


def test_a_bad_key_is_told_with_file_line_and_remedy(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[keys]\npreset = "vim"\n[keys.bind]\n"time.pause" = "p"\n"time.back" = "s"\n')
    with pytest.raises(ConfigError) as raised:
        configured(load(file, folder=tmp_path))
    assert str(raised.value).startswith(f"{file}, line 5: keys.bind.time.back: s is")
    assert raised.value.hint.startswith("give one of them another key")


def test_the_page_of_the_docs_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == as_markdown(Keymap()), "run make docs-keys"


def test_hints_in_the_sources_name_actions_that_there_are() -> None:
    sources = (PAGE.parents[1] / "tsmon" / "tui").rglob("*.py")
    for source in sources:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert set(HINT.findall(node.value)) <= set(ANY_ID), source
