"""Recording a real server, and what is left of it after a kill."""

from __future__ import annotations

import csv
import os
import re
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from tests.integration.commands import LONGEST_S, Shell
from tests.tui.seat import seated
from tsmon.telemetry.recording.reader import Recording
from tsmon.telemetry.recording.schema import RecordingError
from tsmon.telemetry.snapshot import ModelKey
from tsmon.tui.app.app import TsmonApp
from tsmon.tui.state.session import ReplaySession
from tsmon.tui.widgets.models_pane import ModelsPane

pytestmark = pytest.mark.integration

PERIOD_S = 0.2
SLOWEST_TICK_S = 1.0
"""What reading a server may take on a busy machine."""


def test_a_killed_recording_has_lost_at_most_two_ticks(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "killed.tsmon"
    recorder = subprocess.Popen(
        [sys.executable, "-m", "tsmon", "record", str(file), "--interval", str(PERIOD_S)],
        cwd=shell.directory,
        env=os.environ | {"TSMON_HOME": str(shell.home)},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for_ticks(file, 10)
    finally:
        recorder.send_signal(signal.SIGKILL)
        killed = time.time()
        recorder.wait(LONGEST_S)

    ticks = Recording(file).ticks

    assert killed - ticks[-1].time < 2 * (PERIOD_S + SLOWEST_TICK_S)
    assert all(later.id == earlier.id + 1 for earlier, later in pairwise(ticks))


def test_an_interrupted_recording_is_whole_and_can_be_exported(
    shell: Shell, archive: Path, tmp_path: Path
) -> None:
    shell.tsmon("register", "mnist.mar")
    file = tmp_path / "whole.tsmon"

    recorded = shell.tsmon("record", str(file), "--count", "3", "--interval", "0.2")
    exported = shell.tsmon("replay", str(file), "--csv")
    shell.tsmon("unregister", "mnist")

    assert recorded.code == 0, recorded.stderr
    rows = list(csv.DictReader(exported.stdout.splitlines()))
    assert list(rows[0])[:4] == ["time", "server", "model", "version"]
    there = [row for row in rows if row["gone"] == "False"]
    assert [(row["server"], row["model"], row["version"]) for row in there] == [
        ("up", "mnist", "1.0")
    ] * 3


async def test_a_recording_of_a_real_server_is_replayed_in_the_monitor(
    shell: Shell, archive: Path, tmp_path: Path
) -> None:
    file = tmp_path / "replayed.tsmon"
    shell.tsmon("record", str(file), "--count", "2", "--interval", "0.2")
    shell.tsmon("register", "mnist.mar")
    sent = shell.tsmon("send", "mnist", "-n", "5")
    shell.tsmon("record", str(file), "--count", "3", "--interval", "0.2")
    shell.tsmon("unregister", "mnist")
    assert sent.code == 0, sent.stderr

    session = ReplaySession(Recording(file))
    async with seated(TsmonApp(session)) as seat:
        await seat.until(lambda: session.progress == 1)
        seat.find(ModelsPane).go_to(ModelKey("mnist", "1.0"))
        await seat.press("right_curly_bracket")
        await seat.sees("PAUSED", "RECORDING", "model added", "mnist 1.0", "● 1/1", "since start")
        await seat.press("v")
        await seat.until(lambda: re.search(r"requests +5 ", seat.text))
        await seat.press("left_square_bracket")
        await seat.misses("● 1/1")


def _wait_for_ticks(file: Path, count: int) -> None:
    deadline = time.monotonic() + LONGEST_S
    while time.monotonic() < deadline:
        try:
            if len(Recording(file).ticks) >= count:
                return
        except RecordingError:
            continue  # it is not begun yet
    raise AssertionError(f"{file} did not get {count} ticks")
