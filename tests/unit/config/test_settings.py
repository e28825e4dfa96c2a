"""Naming a setting, and what a person's words for it mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tsmon.config.settings import setting_named
from tsmon.config.values import BadValue, Dotted


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("server", ("server",)),
        ("monitor.period", ("monitor", "period")),
        ("keys.bind.model.register", ("keys", "bind", "model.register")),
        ("servers.prod.url", ("servers", "prod", "url")),
        ("servers.ts.example.url", ("servers", "ts.example", "url")),
        ('servers."ts.example".url', ("servers", "ts.example", "url")),
    ],
)
def test_a_setting_is_found_by_its_name(name: str, key: Dotted) -> None:
    assert setting_named(name).key == key


@pytest.mark.parametrize(
    ("name", "problem", "hint"),
    [
        ("monitor.peroid", "peroid is not a setting", "did you mean period?"),
        ("montior", "montior is not a setting of the file", "did you mean monitor?"),
        ("monitor", "monitor is a table", "its settings are period"),
        ("monitor.period.x", "monitor.period has no settings below it", ""),
        ("servers.prod", "servers.prod is a table", "such as servers.NAME.url"),
        ("servers.prod.colour", "colour is not a setting", "did you mean color?"),
        ("keys.bind", "keys.bind is a table", "keys.bind.model.register"),
        ("a b", "'a b' is not a setting", "such as monitor.period"),
        ("", "'' is not a setting", "such as monitor.period"),
    ],
)
def test_what_is_no_setting_is_told(name: str, problem: str, hint: str) -> None:
    with pytest.raises(BadValue, match=problem) as raised:
        setting_named(name)
    assert hint in raised.value.hint


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("monitor.period", " 2.5 ", 2.5),
        ("monitor.theme", "nord", "nord"),
        ("servers.prod.insecure", "True", True),
        ("fleet.file_sd", "a.json, b/*.json", (Path.cwd() / "a.json", Path.cwd() / "b/*.json")),
        ("fleet.file_sd", "", ()),
        ("limits.slow.when", "p95 > 50 ms for 1 min", "p95 > 50 ms for 1 min"),
        ("notify.events", "5xx, server away", ("5xx", "server away")),
        ("monitor.samples", "~/digits", Path.home() / "digits"),
        ("monitor.samples", "digits", Path.cwd() / "digits"),
    ],
)
def test_a_text_is_read_as_the_setting_needs_it(name: str, text: str, value: Any) -> None:
    assert setting_named(name).read(text) == value


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("monitor.period", "soon", "'soon' is not a number"),
        ("monitor.period", "inf", "inf is not a number"),
        ("monitor.period", "0.1", "0.1 is less than 0.2"),
        ("monitor.symbols", "dots", "not one of braille, block, ascii"),
        ("servers.prod.insecure", "maybe", "'maybe' is not true or false"),
        ("monitor.samples", " ", "a path is required"),
        ("limits.slow.when", "p95 > 50", "p95 needs a unit"),
        ("limits.slow.clear", "soon", "'soon' is not a length of time"),
        ("notify.events", "limit exceeded, worker dies", "'worker dies' is not a kind of event"),
    ],
)
def test_a_text_that_is_no_value_is_told(name: str, text: str, problem: str) -> None:
    with pytest.raises(BadValue, match=problem):
        setting_named(name).read(text)
