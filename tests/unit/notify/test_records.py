"""What others are given of an event."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.notify.records import event, record
from tsmon.notify.records import event_record, sentence, variables
from tsmon.notify.terminal import desktop_note


def test_a_record_has_the_event_its_model_and_its_limit() -> None:
    assert record() == {
        "time": "2026-11-22T12:00:00+00:00",
        "event": "limit exceeded",
        "bad": True,
        "subject": "mnist 1.0",
        "text": "a: queue 30 (queue > 20)",
        "server": "127.0.0.1:8081",
        "model": "mnist",
        "version": "1.0",
        "limit": {
            "name": "full",
            "condition": "queue > 20",
            "state": "exceeded",
            "value": 30.0,
            "threshold": 20.0,
            "dimension": "count",
        },
    }


def test_passwords_are_in_none_of_it() -> None:
    found = event_record(event("registered from http://me:geheim@host/m.mar?sig=geheim99"), "host")

    assert "geheim" not in json.dumps(found) + str(variables(found)) + sentence(found)


def test_a_name_stays_what_it_is_in_the_environment() -> None:
    found = variables(record(name="$(touch /tmp/x)\x1b]0;\n"))

    assert found["TSMON_MODEL"] == "$(touch /tmp/x)\x1b]0;\n"
    assert found["TSMON_LIMIT"] == "full"


@given(st.text())
def test_no_text_ends_a_notification_or_begins_another(text: str) -> None:
    for kind in ("osc9", "osc777"):
        for environment in ({}, {"TMUX": "x"}, {"TERM": "screen"}):
            written = desktop_note(text, kind, environment)
            inner = written.removeprefix("\x1bPtmux;\x1b").removeprefix("\x1bP").lstrip("\x1b")
            inner = inner.removesuffix("\x1b\\").removesuffix("\a")
            assert all(ord(each) >= 32 and not 127 <= ord(each) < 160 for each in inner)
            assert inner.count(";") == (1 if kind == "osc9" else 3)
            assert len(written) < 260


def test_tmux_and_screen_hand_it_on() -> None:
    assert desktop_note("a", "osc9", {}) == "\x1b]9;tsmon: a\a"
    assert desktop_note("a", "osc777", {}) == "\x1b]777;notify;tsmon;a\a"
    assert desktop_note("a", "osc9", {"TMUX": "x"}) == "\x1bPtmux;\x1b\x1b]9;tsmon: a\a\x1b\\"
    assert desktop_note("a", "osc9", {"TERM": "screen"}) == "\x1bP\x1b]9;tsmon: a\a\x1b\\"
