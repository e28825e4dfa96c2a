"""Limits on a real model that is slow and fails: exceeded, over, reported, and replayed alike."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.hook import hooked
from tests.integration.logs.archives import write_archive
from tests.integration.logs.conftest import PATIENCE_S, Server, until

pytestmark = [
    pytest.mark.integration,
    pytest.mark.since("0.8.0", "percentiles in the log"),
]

SLOW, FAST = bytes(300), b""
"""The handler takes a millisecond for each byte."""
LIMITS = """
[limits.slow]
model = "limited"
when = "p95 > 200 ms for 1 s"

[limits.failing]
model = "limited/1.0"
when = "errors > 10 %"
clear = "1 s"

[limits.few]
model = "limited"
when = "ready < 9"

[limits.another]
model = "another"
when = "ready < 9"
"""
_LIMIT_LINE = re.compile(r"limit (?:exceeded|cleared) .*")


def test_a_limit_is_exceeded_and_over_and_said_where_that_was_asked_for(
    server: Server, tmp_path: Path
) -> None:
    server.register(write_archive(server.folder, "limited", "1.0"))
    until(partial(server.describe, "limited"), lambda found: found.ready_workers > 0)
    config, recording = tmp_path / "config.toml", tmp_path / "limits.tsmon"
    config.write_text(LIMITS)
    tsmon = partial(_tsmon, config, *server.options, "--logs", str(server.logs))
    script = tmp_path / "on_event.py"
    script.write_text(f"import sys; open({str(tmp_path / 'ran')!r}, 'a').write(sys.stdin.read())")
    run = f"{sys.executable} {script}"
    with (
        hooked(failures=2) as hook,
        tsmon("events", "--json", "--exec", run, "--webhook", hook.url) as events,
        tsmon("--plain", "--record", str(recording), "--period", "0.5") as plain,
    ):
        until(plain.read_text, lambda lines: "few: ready 1" in lines)
        until(lambda: _limits(events, "exceeded"), lambda found: found == {"few"})
        _send(server, [SLOW] * 3 + [b"raise"] * 3)
        both = {"slow", "failing"}
        until(lambda: _limits(events, "exceeded"), lambda found: found == both | {"few"})
        _send(server, [FAST] * 150)
        until(lambda: _limits(events, "cleared"), lambda found: found == both)
        until(lambda: len(hook.received), lambda received: received == 2 + 5)
        until((tmp_path / "ran").read_text, lambda lines: lines.count("\n") == 5)
        until(plain.read_text, lambda lines: lines.count("limit cleared") == 2)

    posted = [each["event"] for each in hook.received[2:]]
    assert posted == ["limit exceeded"] * 3 + ["limit cleared"] * 2
    again = subprocess.run(
        [sys.executable, "-m", "tsmon", "events", str(recording)],
        env=os.environ | {"TSMON_CONFIG": str(config)},
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_S,
    ).stdout
    # Two that end at one tick have no order.
    assert sorted(_LIMIT_LINE.findall(again)) == sorted(_LIMIT_LINE.findall(plain.read_text()))


def _send(server: Server, bodies: list[bytes]) -> None:
    for body in bodies:
        server.predict("limited", body)


def _limits(events: Path, what: str) -> set[str]:
    lines: list[dict[str, Any]] = [json.loads(line) for line in events.read_text().splitlines()]
    return {each["limit"]["name"] for each in lines if each["event"] == f"limit {what}"}


@contextmanager
def _tsmon(config: Path, *words: str) -> Iterator[Path]:
    """A command that runs meanwhile; gives the file that it prints to."""
    output = config.parent / f"output{len(list(config.parent.iterdir()))}"
    with output.open("w") as file, output.with_suffix(".err").open("w") as talk:
        process = subprocess.Popen(
            [sys.executable, "-m", "tsmon", *words],
            env=os.environ | {"TSMON_CONFIG": str(config), "TSMON_HOME": str(config.parent / "h")},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=talk,
        )
        try:
            yield output
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(PATIENCE_S)
