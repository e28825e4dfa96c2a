"""Terminals and streams that fail, and signals: what is left, and how it ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.fake import FakeTorchServe
from tests.fake.loopback import beside
from tests.tui.seat import PERIOD_S, watching
from tests.tui.test_terminal import LONGEST_S, MAIN_SCREEN, Terminal
from tsmon.tui.app.app import MonitorOptions

SIZES = ((1, 1), (2, 50), (300, 1), (20, 5), (500, 200), (120, 30))


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path)
    try:
        yield terminal
    finally:
        terminal.close()


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONGEST_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


async def test_any_size_of_the_terminal_is_survived() -> None:
    fake = FakeTorchServe()
    fake.load("mnist")
    async with watching(fake, MonitorOptions(period_s=PERIOD_S)) as seat:
        for width, height in SIZES:
            await seat.pilot.resize_terminal(width, height)
            await seat.press("down", "question_mark", "escape")
        await seat.sees("● up", "mnist")


def test_a_stopped_monitor_gives_the_terminal_back_and_goes_on_when_continued(
    terminal: Terminal,
) -> None:
    terminal.see(b"Models")
    terminal.process.send_signal(signal.SIGTSTP)
    process = psutil.Process(terminal.process.pid)
    _until(lambda: process.status() == psutil.STATUS_STOPPED)
    terminal.see(MAIN_SCREEN)
    terminal.output = b""

    terminal.process.send_signal(signal.SIGCONT)

    terminal.see(b"\x1b[?1049h")
    terminal.see(b"Models")
    terminal.process.send_signal(signal.SIGTERM)
    terminal.see(MAIN_SCREEN)
    assert terminal.process.wait(LONGEST_S) == 130


def test_a_terminal_that_nobody_reads_holds_up_no_ending(terminal: Terminal) -> None:
    terminal.see(b"Models")
    for _ in range(3):  # each draws all of the screen into a pipe that is not emptied
        terminal.process.send_signal(signal.SIGWINCH)

    terminal.process.send_signal(signal.SIGTERM)

    terminal.see(MAIN_SCREEN)
    assert terminal.process.wait(LONGEST_S) == 130


def _tsmon(*args: str, home: Path, redirected: str) -> subprocess.CompletedProcess[str]:
    """A command line of a shell, with streams as it says."""
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {redirected}', "sh", sys.executable, "-m", "tsmon", *args],
        env=os.environ | {"TSMON_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_behind_stdout_is_said_in_two_lines(tmp_path: Path) -> None:
    with beside() as loopback:
        loopback.fake.load("mnist")
        server = loopback.fake.addresses.management
        ended = _tsmon("models", "--server", server, home=tmp_path, redirected=">/dev/full")

    assert ended.returncode == 1
    assert "cannot write: No space left on device" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("redirected", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_streams_that_the_shell_closed_break_no_command(redirected: str, tmp_path: Path) -> None:
    with beside() as loopback:
        loopback.fake.load("mnist")
        server = loopback.fake.addresses.management
        ended = _tsmon("models", "--server", server, home=tmp_path, redirected=redirected)

    assert ended.returncode in {0, 1}
    assert "Traceback" not in ended.stderr + ended.stdout


def test_without_an_input_the_monitor_says_so(tmp_path: Path) -> None:
    ended = _tsmon("--server", "127.0.0.1:9", home=tmp_path, redirected="<&-")

    assert ended.returncode == 2
    assert "needs a terminal" in ended.stderr


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT], ids=lambda n: n.name
)
def test_a_watch_in_front_of_a_server_that_is_away_ends_by_signal(
    number: signal.Signals, tmp_path: Path
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tsmon", "--server", "127.0.0.1:9", "--plain"],
        env=os.environ | {"TSMON_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert "away" in process.stdout.readline()
        process.send_signal(number)
        _, told = process.communicate(timeout=LONGEST_S)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Traceback" not in told
