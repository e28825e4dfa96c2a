"""Where a command's words cannot go, or not as they are."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys

import click
import pytest

from tsmon.cli.group import CommandGroup
from tsmon.cli.monitor_screen import need_terminal
from tsmon.cli.outcome import Exit, run

INSTEAD = "--plain prints a line per tick instead"
STREAMS = ("stdin", "stdout", "stderr")


class Tty(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


def in_terminal(monkeypatch: pytest.MonkeyPatch) -> Tty:
    """A terminal for all three streams; what is complained of is written to it.

    No fixture, since pytest puts its own streams into place after those.
    """
    terminal = Tty()
    for name in STREAMS:
        monkeypatch.setattr(sys, name, terminal)
    for name in ("SSH_CONNECTION", "SSH_TTY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    return terminal


def refused() -> None:
    with pytest.raises(click.exceptions.Exit) as raised:
        need_terminal(INSTEAD)
    assert raised.value.exit_code == Exit.USAGE


def test_a_terminal_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    in_terminal(monkeypatch)
    need_terminal(INSTEAD)


@pytest.mark.parametrize("instead", [None, io.StringIO()], ids=["closed", "pipe"])
@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_that_is_none_is_told_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch, name: str, instead: io.StringIO | None
) -> None:
    screen = in_terminal(monkeypatch)
    monkeypatch.setattr(sys, name, instead)

    refused()

    words = screen if name != "stderr" else instead
    if words is not None:
        assert "needs a terminal" in words.getvalue()
        assert INSTEAD in words.getvalue()


def test_over_ssh_without_a_terminal_the_way_to_one_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = in_terminal(monkeypatch)
    monkeypatch.setenv("SSH_CONNECTION", "127.0.0.1 1 127.0.0.1 2")
    monkeypatch.setattr(sys, "stdin", io.StringIO())

    refused()

    assert "`ssh -t` gives it one" in screen.getvalue()


def test_a_terminal_that_only_writes_lines_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = in_terminal(monkeypatch)
    monkeypatch.setenv("TERM", "dumb")

    refused()

    assert "cannot show a screen (TERM=dumb)" in screen.getvalue()


def test_a_full_disk_is_told_in_two_lines(capsys: pytest.CaptureFixture[str]) -> None:
    @click.group(cls=CommandGroup)
    def group() -> None:
        """Commands."""

    @group.command()
    def write() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    assert run(group, ["write"]) == Exit.FAILED
    assert "cannot write: No space left on device" in capsys.readouterr().err


def test_words_that_the_encoding_does_not_have_stop_no_command() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tsmon", "keys"],
        env=os.environ | {"PYTHONIOENCODING": "ascii", "TSMON_CONFIG": os.devnull},
        capture_output=True,
        check=True,
    )

    assert b"KEY" in ended.stdout
    assert ended.stdout.isascii()
