"""What a plugin may be, and how what is selected gets into its command."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.config.plugins import OF_SCOPE, BadPlugin, check_plugin, environment, fill_in, variable
from tsmon.config.schema import PluginScope, PluginSettings

VALUES = {"model": "mnist", "version": "1.0", "worker": "9000", "pid": "17"}
SERVER = {
    "management-url": "http://127.0.0.1:8081",
    "inference-url": "http://127.0.0.1:8080",
    "metrics-url": "http://127.0.0.1:8082",
    "key-file": "/srv/my keys.json",
}


def plugin(*command: str, scope: PluginScope = "model", key: str = "ctrl+e") -> PluginSettings:
    return PluginSettings(key=key, command=command, scope=scope)


def test_what_is_selected_stands_in_the_arguments() -> None:
    filled = fill_in(plugin("less", "notes/{model}-{version}.md"), VALUES)

    assert filled == ["less", "notes/mnist-1.0.md"]


def test_other_braces_are_left_alone() -> None:
    assert fill_in(plugin("jq", '{"a": .}'), VALUES) == ["jq", '{"a": .}']


@pytest.mark.parametrize("name", ["a; rm -rf x", "$(id)", "--version", "a b", "", "`id`", "a\nb"])
def test_a_name_that_a_shell_or_a_program_could_take_for_an_order_is_refused(name: str) -> None:
    with pytest.raises(BadPlugin, match="not a plain word") as refused:
        fill_in(plugin("ssh", "host", "cat {model}"), VALUES | {"model": name})

    assert "$TSMON_MODEL" in refused.value.hint


@given(st.text())
def test_whatever_a_server_calls_a_model_it_stays_one_plain_word(name: str) -> None:
    try:
        filled = fill_in(plugin("echo", "{model}"), VALUES | {"model": name})
    except BadPlugin:
        return
    assert filled == ["echo", name]
    assert not set(name) & set(" \t\n\r\0;&|<>$`\"'\\()*?[]{}#~!^/")
    assert not name.startswith("-")


def test_what_the_person_chose_may_be_any_text() -> None:
    assert fill_in(plugin("cat", "{key-file}"), VALUES | SERVER) == ["cat", "/srv/my keys.json"]


def test_the_environment_has_every_value_that_is_known() -> None:
    found = environment(VALUES | SERVER | {"key-file": "", "model": "a; b\0"})

    assert found["TSMON_MODEL"] == "a; b"
    assert found["TSMON_MANAGEMENT_URL"] == "http://127.0.0.1:8081"
    assert variable("key-file") not in found


@pytest.mark.parametrize(
    ("name", "settings", "setting", "words"),
    [
        ("notes", plugin("less", key=""), "key", "a key is required"),
        ("notes", plugin(), "command", "a program is required"),
        ("notes", plugin(""), "command", "a program is required"),
        ("notes", plugin("less", "{modle}"), "command", "{modle} is not known"),
        ("notes", plugin("kill", "{pid}"), "command", "not known to a plugin of the scope model"),
        ("notes", plugin("x", "{model}", scope="server"), "command", "of the scope server"),
        ("My Notes", plugin("less"), "key", "not a valid name"),
    ],
)
def test_what_cannot_be_run_is_said_with_the_setting(
    name: str, settings: PluginSettings, setting: str, words: str
) -> None:
    with pytest.raises(BadPlugin, match=re.escape(words)) as refused:
        check_plugin(name, settings)

    assert refused.value.setting == setting


def test_a_worker_has_all_that_a_model_has() -> None:
    assert set(OF_SCOPE["server"]) < set(OF_SCOPE["model"]) < set(OF_SCOPE["worker"])
