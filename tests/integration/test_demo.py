"""`tsmon demo` without a terminal: the whole walkthrough, twice in a row."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.integration.commands import LONGEST_S, Shell
from tsmon.cli.digit_server import serve_digits
from tsmon.cli.target import Target
from tsmon.serving.archive import DIGIT_BATCH_SIZE

pytestmark = pytest.mark.integration


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Shell]:
    """An empty folder without a server; one that a test leaves running is stopped."""
    shell = Shell(tmp_path)
    yield shell
    shell.tsmon("serve", "stop")


def test_the_demo_does_every_step_and_leaves_no_server(fresh: Shell) -> None:
    for _ in range(2):
        ended = fresh.tsmon("demo", "--headless", "--seed", "3")

        assert ended.code == 0, ended.stderr
        assert "registered with 0 initial workers" in ended.stdout
        assert "409 ConflictStatusException" in ended.stdout
        assert 'Model "mnist" unregistered' in ended.stdout
        assert "every step gave the expected answer" in ended.stderr
        assert fresh.tsmon("serve", "status", "--json").json["state"] == "stopped"


def test_with_keep_the_server_stays_and_the_next_demo_uses_it(fresh: Shell) -> None:
    first = fresh.tsmon("demo", "--headless", "--keep")
    assert "is still running at" in first.stderr
    pid = fresh.tsmon("serve", "status", "--json").json["server"]["pid"]

    second = fresh.tsmon("demo", "--headless")

    assert second.code == 0, second.stderr
    assert fresh.tsmon("serve", "status", "--json").json["server"]["pid"] == pid


async def test_the_digits_are_served_in_batches_that_nobody_waits_for(fresh: Shell) -> None:
    home = fresh.home
    fresh.tsmon("serve", "start", "--ports", "free", "--model-store", "store")
    target = Target(home=home)

    await serve_digits(target, fresh.directory / "store")

    async with target.client() as client:
        model = await client.management.describe("mnist")
    assert (model.batch_size, model.max_batch_delay_ms) == (DIGIT_BATCH_SIZE, 0)
    answers = await asyncio.to_thread(fresh.tsmon, "send", "mnist", "-n", "20", "--json")
    assert answers.code == 0, answers.stderr


def test_a_step_that_answers_otherwise_fails_the_demo_and_stops_the_server(fresh: Shell) -> None:
    """A server on which the model is registered already refuses the third step."""
    fresh.tsmon("demo", "--headless", "--keep")
    fresh.tsmon("register", "mnist.mar", "--workers", "0")

    ended = fresh.tsmon("demo", "--headless")

    assert ended.code == 1
    assert "already registered" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("interruption", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_stops_the_server_it_started(
    fresh: Shell, interruption: signal.Signals
) -> None:
    demo, java = _demo_under_way(fresh)

    demo.send_signal(interruption)
    _, stderr = demo.communicate(timeout=LONGEST_S)

    assert demo.returncode == 130, stderr
    assert "Traceback" not in stderr
    assert _has_ended(java)


def test_what_a_killed_demo_leaves_is_found_and_stopped_by_the_next(fresh: Shell) -> None:
    demo, java = _demo_under_way(fresh)
    demo.kill()
    demo.communicate(timeout=LONGEST_S)
    assert not _has_ended(java)

    told = fresh.tsmon("serve", "status")
    again = fresh.tsmon("demo", "--headless")

    assert "was killed; `tsmon serve stop` stops it" in told.stdout
    assert again.code == 0, again.stderr
    assert "was killed" in again.stderr
    assert _has_ended(java)
    assert fresh.tsmon("serve", "status", "--json").json["state"] == "stopped"


def test_an_experiment_that_is_killed_is_put_back_by_the_command_that_is_named(
    fresh: Shell,
) -> None:
    fresh.tsmon("serve", "start", "--ports", "free", "--model-store", "store")
    fresh.tsmon("archive", "--export-path", "store")
    fresh.tsmon("register", "mnist.mar", "--workers", "2")
    command = ["experiment", "mnist", "--workers", "1", "--duration", "600"]
    experiment = _started(fresh, *command)
    while _workers(fresh) != 1 and experiment.poll() is None:
        continue
    experiment.kill()
    experiment.communicate(timeout=LONGEST_S)

    told = fresh.tsmon("models")
    assert "was killed" in told.stderr
    mended = fresh.tsmon(*shlex.split(told.stderr.split("`")[1])[1:])

    assert mended.code == 0, mended.stderr
    assert _workers(fresh) == 2
    assert "was killed" not in fresh.tsmon("models").stderr


def _workers(shell: Shell) -> int:
    return len(shell.tsmon("describe", "mnist", "--json").json[0]["workers"])


def _started(shell: Shell, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tsmon", *arguments],
        cwd=shell.directory,
        env=os.environ | {"TSMON_HOME": str(shell.home), "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _demo_under_way(shell: Shell) -> tuple[subprocess.Popen[str], int]:
    """A demo in the middle of its walk, and the pid of its Java process."""
    demo = _started(shell, "demo", "--headless")
    assert demo.stdout is not None
    next(line for line in demo.stdout if "Scale it" in line)
    return demo, json.loads((shell.home / "server.json").read_text())["pid"]


def _has_ended(pid: int) -> bool:
    """Whether no such process runs; where nobody collects orphans it stays as a zombie."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
