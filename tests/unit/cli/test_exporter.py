"""tsmon exporter."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.fake import FakeTorchServe
from tests.fake.loopback import beside
from tests.unit.cli.conftest import Tsmon

AT_ONCE_S = 3.0
"""Python's own end included, on a busy machine."""


def test_once_prints_the_metrics_and_ends(
    tsmon: Tsmon, server: FakeTorchServe, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.load("mnist", "1.0")
    monkeypatch.setattr("tsmon.telemetry.live.find_logs", lambda _address: None)

    ended = tsmon("exporter", "--once")

    assert ended.code == 0
    assert "tsmon_server_up 1.0" in ended.stdout.splitlines()
    assert 'tsmon_model_verdict{model_name="mnist",model_version="1.0",verdict="ready"} 1.0' in (
        ended.stdout.splitlines()
    )
    assert "no log files of the server are known" in ended.stderr


def test_it_asks_for_nothing_but_what_is_read(tsmon: Tsmon, server: FakeTorchServe) -> None:
    server.load("mnist", "1.0")

    tsmon("exporter", "--once")

    assert {line.partition(" ")[0] for line in server.sent()} == {"GET"}


def test_a_server_that_is_away_is_said_and_exported(tsmon: Tsmon, server: FakeTorchServe) -> None:
    server.kill()

    ended = tsmon("exporter", "--once")

    assert ended.code == 3
    assert "tsmon_server_up 0.0" in ended.stdout.splitlines()
    assert "tsmon_queue_length{" not in ended.stdout
    assert "no TorchServe is answering" in ended.stderr


def test_a_token_that_is_refused_is_no_server_that_is_away(tsmon: Tsmon) -> None:
    ended = tsmon("exporter", "--once", keys=False)

    assert ended.code == 1
    assert 'tsmon_server_state{state="token_refused"} 1.0' in ended.stdout.splitlines()


def test_a_port_that_is_taken_is_said_with_a_way_out(tsmon: Tsmon) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = tsmon("exporter", "--port", str(port))

    assert ended.code == 1
    assert f"127.0.0.1:{port} is taken" in ended.stderr
    assert "--port" in ended.stderr


def test_an_address_that_is_not_of_this_machine_is_said(tsmon: Tsmon) -> None:
    ended = tsmon("exporter", "--listen", "192.0.2.1", "--port", "0")

    assert ended.code == 1
    assert "cannot listen at 192.0.2.1:0" in ended.stderr


def test_an_address_that_is_none_is_said(tsmon: Tsmon) -> None:
    ended = tsmon("exporter", "--listen", "\x9b." * 9)

    assert ended.code == 1
    assert "is not a valid address" in ended.stderr


@contextmanager
def running(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """An exporter of a fake server, and where it is scraped."""
    with beside(key_file=folder / "key_file.json") as server:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tsmon", "exporter", "--port", "0", "--interval", "0.2"),
                *("--management-url", server.fake.addresses.management),
                *("--metrics-url", server.fake.addresses.metrics),
                *("--key-file", str(folder / "key_file.json")),
            ],
            env=os.environ | {"TSMON_HOME": str(folder / "home")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stderr is not None
            words = process.stderr.readline().split()
            yield process, next(word for word in words if "/metrics" in word).rstrip(";")
        finally:
            process.kill()
            process.communicate()


@pytest.mark.parametrize(("ending", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_it_runs_until_it_is_ended_and_ends_at_once(
    tmp_path: Path, ending: signal.Signals, code: int
) -> None:
    with running(tmp_path) as (process, url):
        assert "tsmon_build_info" in httpx.get(url, trust_env=False).text
        began = time.monotonic()
        process.send_signal(ending)
        _, rest = process.communicate(timeout=60)

    assert process.returncode == code, rest
    assert time.monotonic() - began < AT_ONCE_S
    assert "Traceback" not in rest
