"""The server found among real processes of this machine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.unit.doctor.made import java
from tsmon.doctor.machine import look_at_machine, measure
from tsmon.serving.java_process import log_folder, named_config, temp_folder
from tsmon.torchserve.addresses import Addresses, port_of
from tsmon.torchserve.process import MAIN_CLASS

_SERVER = """
import socket, subprocess, sys, time
worker = [sys.executable, sys.argv[-1], "--sock-type", "unix"]
with socket.create_server(("127.0.0.1", 0)) as listener:
    with subprocess.Popen(worker, stdout=subprocess.PIPE, cwd="models/one") as process:
        process.stdout.readline()
        print(listener.getsockname()[1], flush=True)
        try:
            sys.stdin.read()
        finally:
            process.kill()
"""
_WORKER = "import time; print(flush=True); time.sleep(60)"


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """The port of a process that looks like a TorchServe with one worker, until it is closed."""
    script = tmp_path / "model_service_worker.py"
    script.write_text(_WORKER)
    for folder in ("models/one", "models/two", "logs"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "logs" / "ts_log.log").write_bytes(bytes(1234))
    command = [sys.executable, "-c", _SERVER, f"-Djava.io.tmpdir={tmp_path}", MAIN_CLASS]
    with ExitStack() as stack:
        process = stack.enter_context(
            subprocess.Popen(
                [*command, str(script)],
                cwd=tmp_path,
                env={"OMP_NUM_THREADS": "3"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        )
        assert process.stdout is not None
        yield int(process.stdout.readline())


def test_the_server_its_worker_and_its_folders_are_found(port: int, tmp_path: Path) -> None:
    facts = look_at_machine(Addresses.from_server(f"127.0.0.1:{port}"))

    assert facts.server is not None
    assert facts.server.directory == tmp_path
    (worker,) = facts.server.workers
    assert (worker.threads, worker.directory) == (3, tmp_path / "models" / "one")
    assert worker.memory > 1_000_000
    assert facts.logs is not None
    assert (facts.logs.size, facts.logs.entries) == (1234, ("ts_log.log",))
    assert facts.models is not None
    assert facts.models.entries == ("one", "two")


def test_a_server_at_another_port_is_another_one(port: int) -> None:
    facts = look_at_machine(Addresses.from_server("127.0.0.1:9"))

    assert facts.server is None
    assert "listening at 127.0.0.1:9" in facts.why_no_server
    assert (port,) in [other.ports for other in facts.others]


def test_the_processes_of_another_machine_are_not_looked_for() -> None:
    facts = look_at_machine(Addresses.from_server("models.example.org"))

    assert facts.why_no_server == "the server is on another machine"
    assert facts.others == ()
    assert facts.cores > 0


@pytest.mark.parametrize(
    ("url", "port"), [("http://a:81", 81), ("http://a", 80), ("https://a", 443)]
)
def test_the_port_of_an_address(url: str, port: int) -> None:
    assert port_of(url) == port


def test_folders_as_the_command_line_and_environment_say() -> None:
    plain = java(command=("java", MAIN_CLASS))
    told = java(
        command=("java", "-Djava.io.tmpdir=/big/tmp", MAIN_CLASS, "-f", "c.properties"),
        environment={"LOG_LOCATION": "/var/log/ts"},
    )

    assert (log_folder(plain), temp_folder(plain)) == (Path("/srv/logs"), Path("/tmp"))
    assert (log_folder(told), temp_folder(told)) == (Path("/var/log/ts"), Path("/big/tmp"))
    assert (named_config(plain), named_config(told)) == (None, Path("/srv/c.properties"))
    assert named_config(java(environment={"TS_CONFIG_FILE": "/etc/ts"})) == Path("/etc/ts")
    assert log_folder(java(directory=None)) is None


def test_a_folder_that_is_not_there_is_not_measured(tmp_path: Path) -> None:
    assert measure(None) is None
    assert measure(tmp_path / "none") is None
