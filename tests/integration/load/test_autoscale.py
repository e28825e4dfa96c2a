"""tsmon autoscale on a real TorchServe: a step of load is followed up and down, and back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from tests.integration.commands import Shell

pytestmark = pytest.mark.integration

LONGEST_S = 85.0
NAME = "steady"
HANDLER = """
import time


def handle(data, context):
    if data is None:
        return None
    time.sleep(0.05)
    return ["0"] * len(data)
"""
LOW, HIGH = "6", "45"
"""Requests per second; a worker answers 20."""


@pytest.fixture
def served(shell: Shell, archive: Path) -> Iterator[None]:
    """A model whose requests take 50 ms, with one worker."""
    manifest = {"modelName": NAME, "handler": "steady.py", "modelVersion": "1.0"}
    with zipfile.ZipFile(archive.with_name("steady.mar"), "w") as mar:
        mar.writestr("steady.py", HANDLER)
        manifests = json.dumps({"runtime": "python", "model": manifest})
        mar.writestr("MAR-INF/MANIFEST.json", manifests)
    registered = shell.tsmon("register", "steady.mar", "--workers", "1")
    assert registered.code == 0, registered.stderr
    yield
    shell.tsmon("unregister", NAME, "--yes")


@contextmanager
def running(shell: Shell, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A command beside the test, ended with it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tsmon", *words],
        cwd=shell.directory,
        env=os.environ | {"TSMON_HOME": str(shell.home), "TSMON_CONFIG": os.devnull},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = Timer(LONGEST_S, process.kill)
    deadline.start()
    try:
        yield process
    finally:
        deadline.cancel()
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate()


def sending(shell: Shell, rate: str) -> Any:
    """Requests at that rate, for as long as it is open."""
    return running(shell, "load", NAME, "--rate", rate, "--duration", "120", "--json")


def until_ready(
    process: subprocess.Popen[str], seen: list[dict[str, Any]], *targets: int
) -> dict[str, Any]:
    """The step with which so many workers became ready."""
    assert process.stdout is not None
    for line in process.stdout:
        seen.append(json.loads(line))
        if seen[-1]["step"] == "ready" and seen[-1]["target"] in targets:
            return seen[-1]
    raise AssertionError(f"it ended without {targets} workers: {seen}")


@pytest.mark.usefixtures("served")
def test_a_step_of_load_is_followed_and_the_model_put_back(shell: Shell) -> None:
    words = ("--max", "3", "--up-after", "2", "--down-after", "8", "--apply", "--restore")
    seen: list[dict[str, Any]] = []
    with (
        sending(shell, LOW),
        running(shell, "autoscale", NAME, *words, "--json", "--interval", "0.5") as scaling,
    ):
        with sending(shell, HIGH):
            until_ready(scaling, seen, 3)
        down = until_ready(scaling, seen, 1, 2)
        scaling.send_signal(signal.SIGTERM)
        rest, talk = scaling.communicate()

    targets = [step["target"] for step in seen if step["step"] == "scaling"]
    assert targets in ([2, 3, 2], [2, 3, 1])
    assert [kind for kind, _ in groupby(step["step"] for step in seen if step["target"])] == [
        "scaling",
        "ready",
    ] * 3
    assert down["rate"] < 20
    for step in seen:
        if step["step"] == "scaling":
            assert 45 < step["service_ms"] < 80
            assert step["why"] in talk
    ended = json.loads(rest.splitlines()[-1])
    assert (ended["step"], ended["workers"], ended["restored"]) == ("ended", 1, True)
    assert scaling.returncode == 130
    assert "steady 1.0 stands at 1 of 1 worker ready; it had 1 before" in talk
