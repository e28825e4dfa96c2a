"""The one way from a command to a terminal."""

from __future__ import annotations

import json

import pytest

from tsmon.cli import output
from tsmon.untrusted.text import visible

HOSTILE = "x\x1b]0;t\x07[red]y[/]\x9b\u202e\x7f"
SEEN = r"x\x1b]0;t\x07[red]y[/]\x9b\u202e\x7f"


def test_every_way_out_shows_it_visibly(capsys: pytest.CaptureFixture[str]) -> None:
    output.emit(HOSTILE)
    output.emit_text(HOSTILE)
    output.emit_table([HOSTILE], [[HOSTILE]])
    output.emit_csv(["name"], [{"name": HOSTILE}])
    output.say(HOSTILE)
    output.complain(HOSTILE, HOSTILE)

    written = capsys.readouterr()
    for stream in (written.out, written.err):
        assert SEEN in stream
        assert visible(stream, keep_lines=True) == stream
    assert written.out.count(SEEN) == 5
    assert written.err.count(SEEN) == 3


def test_a_line_feed_forges_no_other_line(capsys: pytest.CaptureFixture[str]) -> None:
    output.emit("a\ntsmon: all is well")
    output.say("a\ntsmon: all is well")

    written = capsys.readouterr()
    assert written.out.count("\n") == written.err.count("\n") == 1


def test_json_keeps_the_value_and_holds_no_order(capsys: pytest.CaptureFixture[str]) -> None:
    output.emit_json({"name": HOSTILE})

    written = capsys.readouterr().out
    assert json.loads(written) == {"name": HOSTILE}
    assert visible(written, keep_lines=True) == written
    assert written.isascii()


def test_a_message_without_an_end_is_cut_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    output.complain("x" * 1_000_000)

    written = capsys.readouterr().err
    assert len(written) < 700
    assert "(1,000,000 characters)" in written


@pytest.mark.parametrize(
    ("answer", "piped"), [(b"7", "7\n"), (b"a\x1b[1mb\n", "a\x1b[1mb\n"), (b"", "")]
)
def test_what_is_piped_keeps_its_bytes(
    answer: bytes, piped: str, capsys: pytest.CaptureFixture[str]
) -> None:
    output.emit_raw(answer)

    assert capsys.readouterr().out == piped


def test_on_a_terminal_an_answer_is_visible(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "_on_terminal", lambda: True)

    output.emit_raw(b"a\x1b[1mb\nc")

    assert capsys.readouterr().out == "a\\x1b[1mb\nc\n"
