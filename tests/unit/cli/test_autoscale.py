"""autoscale: a dry run unless it is told to act, what it holds still for, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path

import pytest

from tests.fake import FakeTorchServe
from tests.unit.cli.conftest import Tsmon

SHORT = ("--interval", "0.2", "--seconds", "1")


@pytest.fixture
def logs(tmp_path: Path) -> tuple[str, str]:
    """A log folder that can be read, in which nothing is written yet."""
    folder = tmp_path / "logs"
    folder.mkdir()
    for name in ("ts_log.log", "model_log.log", "access_log.log", "ts_metrics.log"):
        (folder / name).touch()
    return "--logs", str(folder)


def steps(text: str) -> list[str]:
    return [json.loads(line)["step"] for line in text.splitlines()]


def test_without_apply_it_says_what_it_would_do(
    tsmon: Tsmon, server: FakeTorchServe, logs: tuple[str, str]
) -> None:
    server.load("mnist")
    ended = tsmon("autoscale", "mnist", "--min", "2", "--max", "3", "--json", *SHORT, *logs)

    assert ended.code == 0, ended.stderr
    begun, would, stands = [
        line for line in ended.stderr.splitlines() if "mnist 1.0" in line and "holding" not in line
    ]
    assert "1 worker now: 2 to 3 workers" in begun
    assert "a dry run, --apply carries it out" in begun
    assert "mnist 1.0 would scale 1 → 2: --min is 2" in would
    assert stands == "mnist 1.0 stands at 1 of 1 worker ready; it had 1 before"
    assert steps(ended.stdout)[-2:] == ["would scale", "ended"]
    assert not server.sent("PUT")


def test_with_apply_it_scales_and_says_how_the_model_stands(
    tsmon: Tsmon, server: FakeTorchServe, logs: tuple[str, str]
) -> None:
    server.load("mnist")
    ended = tsmon("autoscale", "mnist", "--min", "2", "--max", "3", "--apply", *SHORT, *logs)

    assert ended.code == 0, ended.stderr
    assert "mnist 1.0 scaling 1 → 2: --min is 2" in ended.stderr
    assert "mnist 1.0 ready: 2 workers ready after" in ended.stderr
    assert "mnist 1.0 stands at 2 of 2 workers ready; it had 1 before" in ended.stderr
    assert ended.stdout == ""


def test_it_puts_the_model_back_where_that_was_asked_for(
    tsmon: Tsmon, server: FakeTorchServe, logs: tuple[str, str]
) -> None:
    version = server.load("mnist")
    server.registry.scale(version, 1, 4)
    words = ("--min", "2", "--max", "3", "--apply", "--restore", "--json")
    ended = tsmon("autoscale", "mnist", *words, *SHORT, *logs)

    last = json.loads(ended.stdout.splitlines()[-1])
    assert (last["workers"], last["before"], last["restored"]) == (1, 1, True)
    assert (version.min_workers, version.max_workers, len(version.workers)) == (1, 4, 1)


def test_without_logs_it_holds_still_and_says_so(tsmon: Tsmon, server: FakeTorchServe) -> None:
    server.load("mnist")
    server.serve("mnist", n=1000)
    ended = tsmon("autoscale", "mnist", "--min", "2", "--max", "3", "--apply", "--json", *SHORT)

    assert "holding: service times are not known: no log files were found" in ended.stderr
    assert json.loads(ended.stdout.splitlines()[-2])["unknown"] == "no logs"
    assert not server.sent("PUT")


def test_a_server_that_goes_away_is_waited_for(
    tsmon: Tsmon, server: FakeTorchServe, logs: tuple[str, str]
) -> None:
    server.load("mnist")
    gone = threading.Timer(0.5, server.kill)
    gone.start()
    ended = tsmon("autoscale", "mnist", "--max", "3", "--apply", *SHORT, *logs)
    gone.join()

    assert "holding: " in ended.stderr
    assert "connection refused" in ended.stderr
    assert "how mnist 1.0 stands is not known" in ended.stderr
    assert ended.code == 3
    assert not server.sent("PUT")


def test_ctrl_c_ends_it_with_how_the_model_stands(
    tsmon: Tsmon, server: FakeTorchServe, logs: tuple[str, str]
) -> None:
    server.load("mnist")
    pressed = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT))
    pressed.start()
    ended = tsmon("autoscale", "mnist", "--max", "3", "--json", "--interval", "0.2", *logs)
    pressed.join()

    assert ended.code == 130
    assert "mnist 1.0 stands at 1 of 1 worker ready" in ended.stderr
    assert steps(ended.stdout)[-1] == "ended"


def test_a_read_only_session_may_look(
    tsmon: Tsmon, server: FakeTorchServe, logs: tuple[str, str]
) -> None:
    server.load("mnist")
    ended = tsmon("--read-only", "autoscale", "mnist", "--min", "2", "--max", "3", *SHORT, *logs)
    assert "would scale 1 → 2" in ended.stderr
    refused = tsmon("--read-only", "autoscale", "mnist", "--max", "3", "--apply", *SHORT, *logs)
    assert refused.code == 1
    assert "read-only session" in refused.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "Missing option '--max'"),
        (("--min", "4", "--max", "3"), "there is no number of workers from 4 to 3"),
        (("--max", "3", "--queue-ms", "1", "--p95-ms", "2"), "one target at a time"),
    ],
)
def test_limits_that_make_no_sense_are_wrong_usage(
    tsmon: Tsmon, options: tuple[str, ...], words: str
) -> None:
    ended = tsmon("autoscale", "mnist", *options)
    assert ended.code == 2
    assert words in ended.stderr
