"""What is drawn on terminals that have little, and what is left when the monitor ends."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import stat
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import TextIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.drivers._writer_thread import WriterThread

from tests.fake import FakeTorchServe
from tests.tui.seat import watching
from tsmon.torchserve.errors import InvalidArgument
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.app.crash import format_crash, keep_report
from tsmon.tui.app.driver import TerminalDriver, UntilGone
from tsmon.tui.app.terminal import AsciiOnly, correct_colors, in_ascii
from tsmon.tui.state.session import LiveSession
from tsmon.tui.text.symbols import Symbols, symbols_of
from tsmon.tui.text.themes import opposite, theme_named

NOBODY = "http://127.0.0.1:9"
LONGEST_S = 30.0
MAIN_SCREEN = b"\x1b[?1049l"
"""Leaves the alternate screen."""
SHOWN_CURSOR = b"\x1b[?25h"
WRITTEN_LAST = b"\x1b[?1004l"
MODES = frozenset((b"1000", b"1003", b"1006", b"1015", b"1016", b"1004", b"2004"))
"""Reports of the mouse and of the focus, and marks around pasted text: on no longer than needed."""
FRAMES = 100
"""More than fit into what lies between the app and its terminal."""


@given(st.text())
def test_any_text_in_ascii_takes_the_same_cells(text: str) -> None:
    assert in_ascii(text).isascii()
    assert cell_len(in_ascii(text)) == cell_len(text) or not text.isprintable()


def test_a_line_in_ascii_keeps_its_styles() -> None:
    box = Segment("╭─ 1 Models ● ready ─╮")

    assert AsciiOnly().apply([box, Segment("x")], Color(0, 0, 0)) == [
        Segment("+- 1 Models o ready -+"),
        Segment("x"),
    ]


@pytest.mark.parametrize(
    ("environment", "symbols"),
    [
        ({}, Symbols.BRAILLE),
        ({"TERM": "xterm-256color", "LANG": "en_US.UTF-8"}, Symbols.BRAILLE),
        ({"LANG": "de_DE.utf8"}, Symbols.BRAILLE),
        ({"LANG": "en_US.ISO-8859-1"}, Symbols.ASCII),
        ({"LC_ALL": "C", "LANG": "en_US.UTF-8"}, Symbols.ASCII),
        ({"LC_ALL": "", "LANG": "en_US.UTF-8"}, Symbols.BRAILLE),
        ({"TERM": "linux", "LANG": "en_US.UTF-8"}, Symbols.ASCII),
        ({"LC_CTYPE": "C.UTF-8", "LANG": "C"}, Symbols.ASCII),  # Python itself put LC_CTYPE there
        ({"LC_CTYPE": "C.UTF-8", "LANG": "POSIX"}, Symbols.ASCII),
        ({"LC_CTYPE": "C.UTF-8"}, Symbols.BRAILLE),
        ({"LC_CTYPE": "en_US.UTF-8", "LANG": "C"}, Symbols.BRAILLE),
    ],
)
def test_the_terminal_tells_what_it_can_show(environment: dict[str, str], symbols: Symbols) -> None:
    assert symbols_of(environment) is symbols


@pytest.mark.parametrize(
    ("environment", "colors"),
    [
        ({"STY": "1.tty", "TERM": "screen-256color"}, None),
        ({"STY": "1.tty", "TERM": "xterm-256color"}, "truecolor"),  # left on purpose
        ({"TMUX": "/tmp/tmux-0/default,1,0", "TERM": "screen-256color"}, "truecolor"),
    ],
)
def test_the_colours_are_those_of_gnu_screen_inside_it(
    environment: dict[str, str], colors: str | None
) -> None:
    environment["COLORTERM"] = "truecolor"

    correct_colors(environment)

    assert environment.get("COLORTERM") == colors


async def test_the_whole_screen_can_be_ascii(fake: FakeTorchServe, options: MonitorOptions) -> None:
    fake.archive("mnist")
    async with watching(fake, replace(options, symbols=Symbols.ASCII)) as seat:
        await seat.sees("+- 1 Models")
        assert seat.text.isascii()
        await seat.press("g")
        await seat.sees("╭─ 1 Models")
        await seat.press("question_mark", "escape", "g", "g")
        await seat.until(lambda: seat.text.isascii())


async def test_dark_and_light_change_in_every_family(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(fake, replace(options, theme="ansi-dark")) as seat:
        await seat.press("t")
        assert seat.app.theme == "ansi-light"
        await seat.press("t")
        assert seat.app.theme == "ansi-dark"


def test_a_theme_that_there_is_not_names_one_that_there_is() -> None:
    with pytest.raises(InvalidArgument) as raised:
        theme_named("nrod")

    assert raised.value.hint == "similar: nord"
    assert theme_named("nord") == "nord"
    assert opposite("nord", dark=True) == "textual-light"


def test_a_fault_is_told_in_two_lines_and_kept(tmp_path: Path) -> None:
    try:
        raise KeyError("boom")
    except KeyError as raised:
        report = keep_report(raised, tmp_path / "crashes")
        words = format_crash(raised, report).plain

    assert report is not None
    assert "KeyError: 'boom'" in report.read_text()
    assert words.splitlines() == [
        "tsmon: tsmon crashed: KeyError: 'boom'",
        f"  → please report it and attach {report}",
    ]


def test_a_report_is_private_and_tells_no_secret(tmp_path: Path) -> None:
    def fails(password: str) -> None:
        raise ValueError(f"cannot read https://me:{password}@s3/m.mar?X-Sig={password}")

    try:
        fails("Pa55" + "word")  # the report quotes this line
    except ValueError as raised:
        report = keep_report(raised, tmp_path / "crashes")
        words = format_crash(raised, report).plain

    assert report is not None
    assert "Pa55word" not in report.read_text() + words
    assert "https://***@s3/m.mar?***" in report.read_text()
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert stat.S_IMODE(report.parent.stat().st_mode) == 0o700


def test_where_no_report_can_be_kept_the_fault_is_told_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert keep_report(ValueError(), tmp_path / "file" / "crashes") is None
    assert keep_report(ValueError(), None) is None
    assert format_crash(ValueError("no"), None).plain.endswith("ValueError: no")


async def test_a_fault_of_the_app_ends_it_without_a_traceback(
    fake: FakeTorchServe,
    options: MonitorOptions,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(app: TsmonApp) -> None:
        raise ValueError("a fault")

    monkeypatch.setattr(TsmonApp, "action_symbols", fail)
    with pytest.raises(ValueError, match="a fault"):
        async with watching(fake, replace(options, crash_folder=tmp_path)) as seat:
            await seat.press("g")

    assert "please report it" in capsys.readouterr().err
    assert ["a fault" in report for report in reports_in(tmp_path)] == [True]


def reports_in(folder: Path) -> list[str]:
    return [file.read_text() for file in folder.glob("*.txt")]


class Terminal:
    """A monitor in a terminal of its own."""

    def __init__(self, home: Path) -> None:
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.output = b""
        self._master = master
        self._is_open = True
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tsmon", "--server", NOBODY],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=os.environ | {"TERM": "xterm-256color", "TSMON_HOME": str(home)},
            start_new_session=True,
        )

    def see(self, words: bytes) -> None:
        """Read until the words were written."""
        deadline = time.monotonic() + LONGEST_S
        while words not in self.output:
            left = deadline - time.monotonic()
            readable, _, _ = select.select([self._master], [], [], max(left, 0))
            assert readable, self.output
            self.output += os.read(self._master, 65536)

    @property
    def modes_on(self) -> set[bytes]:
        """The private modes that were switched on last, and not off."""
        found = re.findall(rb"\x1b\[\?(\d+)([hl])", self.output)
        return {mode for mode, switch in dict(found).items() if switch == b"h"}

    def hang_up(self) -> None:
        """Break the connection, as when a network fails."""
        os.close(self.slave)
        os.close(self._master)
        self._is_open = False
        self.process.send_signal(signal.SIGHUP)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        if self._is_open:
            os.close(self.slave)
            os.close(self._master)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path)
    try:
        yield terminal
    finally:
        terminal.close()


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_the_terminal_is_given_back_whatever_ends_the_monitor(
    terminal: Terminal, ending: signal.Signals
) -> None:
    terminal.see(b"Models")

    terminal.process.send_signal(ending)
    terminal.see(MAIN_SCREEN)

    assert terminal.process.wait(LONGEST_S) == 130
    terminal.see(SHOWN_CURSOR)
    terminal.see(WRITTEN_LAST)
    assert termios.tcgetattr(terminal.slave) == terminal.before
    assert terminal.modes_on.isdisjoint(MODES)
    assert b"Traceback" not in terminal.output


def test_it_ends_with_its_terminal(terminal: Terminal) -> None:
    terminal.see(b"Models")

    terminal.hang_up()

    assert terminal.process.wait(LONGEST_S) == 130


def write_frames(writer: WriterThread) -> None:
    for _ in range(FRAMES):
        writer.write("frame" * 1000)


def test_nothing_waits_for_a_terminal_that_has_gone(fake: FakeTorchServe) -> None:
    master, slave = pty.openpty()
    with os.fdopen(slave, "w") as file:
        writer = WriterThread(cast("TextIO", UntilGone(file)))
        writer.start()
        frames = Thread(target=write_frames, args=[writer], daemon=True)
        frames.start()
        os.close(master)
        frames.join(LONGEST_S)
        assert not frames.is_alive()
        writer.stop()
    assert TsmonApp(LiveSession(fake.client())).driver_class is TerminalDriver


async def test_a_few_lines_are_all_for_the_server_and_the_rows(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options, size=(40, 4)) as seat:
        await seat.sees("● 1/1")
        server, titles, row, *blank = seat.text.splitlines()
        assert "● up" in server
        assert "VERSION" in titles
        assert "mnist" in row
        assert not any(blank)
