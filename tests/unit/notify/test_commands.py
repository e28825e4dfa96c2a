"""A command for each event: what it gets, and that it holds up nothing."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path

import pytest

from tests.unit.notify.records import record
from tsmon.notify.commands import AT_ONCE, CommandOutlet
from tsmon.notify.outlet import MOST_WAITING

HOSTILE = "a'; touch {place}; $(touch {place}) `touch {place}` \x1b[31m\n-rf"


async def delivered(outlet: CommandOutlet, *names: str, grace_s: float = 20.0) -> None:
    outlet.start()
    for name in names:
        outlet.put(record(name=name))
    await outlet.close(grace_s)


def script(folder: Path, text: str) -> list[str]:
    path = folder / "on_event.py"
    path.write_text(text)
    return [sys.executable, str(path)]


async def test_it_has_the_event_on_standard_input_and_in_the_environment(tmp_path: Path) -> None:
    text = "import os, pathlib, sys\n"
    text += f"pathlib.Path({str(tmp_path / 'in')!r}).write_text(sys.stdin.read())\n"
    text += f"pathlib.Path({str(tmp_path / 'env')!r}).write_text(os.environ['TSMON_MODEL'])\n"
    said: list[str] = []
    name = HOSTILE.format(place=tmp_path / "made")

    await delivered(CommandOutlet(script(tmp_path, text), said.append), name)

    assert said == []
    assert json.loads((tmp_path / "in").read_text()) == record(name=name)
    assert (tmp_path / "env").read_text() == name
    assert not (tmp_path / "made").exists()


async def test_the_output_of_one_that_fails_is_said_and_harmless(tmp_path: Path) -> None:
    said: list[str] = []
    text = "import sys; print('\\x1b]0;x\\x07no such channel'); sys.exit(3)"

    await delivered(CommandOutlet(script(tmp_path, text), said.append), "mnist")

    assert len(said) == 1
    assert "ended with exit code 3: " in said[0]
    assert "no such channel" in said[0]
    assert "\x1b" not in said[0]


async def test_one_that_hangs_is_ended_with_what_it_started(tmp_path: Path) -> None:
    text = "import os, pathlib, signal, subprocess, sys, time\n"
    text += "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    text += "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    text += f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(child.pid))\n"
    text += "time.sleep(60)\n"
    said: list[str] = []

    await delivered(CommandOutlet(script(tmp_path, text), said.append, longest_s=1.0), "mnist")

    assert [each.partition(": ")[2] for each in said] == ["was ended after 1 s"]
    await asyncio.to_thread(_wait_until_ended, int((tmp_path / "pid").read_text()))


async def test_what_it_leaves_running_holds_up_nothing(tmp_path: Path) -> None:
    text = "import subprocess, sys\n"
    text += "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(3)'])\n"
    said: list[str] = []
    began = time.monotonic()

    await delivered(CommandOutlet(script(tmp_path, text), said.append), "mnist")

    assert said == []
    assert time.monotonic() - began < 2.5


async def test_few_run_at_once_and_what_finds_no_room_is_counted() -> None:
    said: list[str] = []
    outlet = CommandOutlet(["sleep", "60"], said.append)
    outlet.start()
    for number in range(MOST_WAITING + AT_ONCE):
        outlet.put(record(name=str(number)))
        if number < AT_ONCE:
            await asyncio.sleep(0.01)
    began = time.monotonic()
    outlet.put(record())
    assert time.monotonic() - began < 0.1  # what gives the events never waits
    await outlet.close(0.1)

    assert said == [
        f"sleep: {MOST_WAITING} events wait, later ones are dropped",
        f"sleep: {MOST_WAITING + AT_ONCE + 1} events were not delivered",
    ]


async def test_one_that_cannot_be_started_is_said(tmp_path: Path) -> None:
    said: list[str] = []

    await delivered(CommandOutlet([str(tmp_path / "none")], said.append), "mnist")

    assert said == [f"{tmp_path / 'none'}: cannot be started: No such file or directory"]


def _wait_until_ended(pid: int) -> None:
    deadline = time.monotonic() + 10
    while _runs(pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("output", ["x" * 1_000_000, ""])
async def test_however_much_it_prints_it_ends(tmp_path: Path, output: str) -> None:
    said: list[str] = []
    text = f"import sys; sys.stdout.write('x' * {len(output)}); sys.exit(1)"

    await delivered(CommandOutlet(script(tmp_path, text), said.append), "mnist")

    assert len(said) == 1
    assert len(said[0]) < 1000
