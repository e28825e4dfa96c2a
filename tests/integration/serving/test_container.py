"""The walkthrough on TorchServe's image, where there is an engine that has it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.commands import Shell
from tsmon.config.schema import ServerSettings
from tsmon.docker.engine import DockerError
from tsmon.fleet.access import Access
from tsmon.serving.image import DEFAULT_IMAGE, is_here
from tsmon.serving.local_server import LocalServer
from tsmon.serving.running import find_running
from tsmon.telemetry.live import LiveSource

NAME = f"tsmon-test-{os.getpid()}"


def why_not() -> str:
    """Why there can be no container here; empty if there can."""
    try:
        return "" if is_here(DEFAULT_IMAGE) else f"the image {DEFAULT_IMAGE} is not on this machine"
    except DockerError as error:
        return str(error)


WHY_NOT = why_not()
pytestmark = [pytest.mark.integration, pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)]


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A shell whose server runs in a container, on free ports."""
    shell = Shell(tmp_path_factory.mktemp("container"))
    assert shell.tsmon("archive").code == 0
    started = shell.tsmon("serve", "start", "--docker", "--ports", "free", "--name", NAME)
    try:
        assert started.code == 0, started.stderr
        yield shell
    finally:
        subprocess.run(["docker", "rm", "--force", NAME], check=False, capture_output=True)


def test_the_walkthrough(shell: Shell) -> None:
    registered = shell.tsmon("register", "artifacts/mnist.mar", "--workers", "1")
    assert registered.code == 0, registered.stderr

    sent = shell.tsmon("send", "mnist", "-n", "10", "--seed", "1")
    assert sent.code == 0, sent.stderr
    assert len(sent.stdout.splitlines()) == 11

    (counted,) = shell.tsmon("metrics", "--json").json
    assert counted["ts_inference_requests_total"] == 10
    status = shell.tsmon("serve", "status", "--json").json
    assert status["server"]["container"] == NAME
    assert len(status["worker_memory_bytes"]) == 1
    assert min(status["memory_bytes"], *status["worker_memory_bytes"].values()) > 50e6
    assert "POST /predictions/mnist" in shell.tsmon("serve", "logs", "access").stdout


async def test_its_logs_are_found_without_being_named(shell: Shell) -> None:
    home = LocalServer(shell.home).home
    async with Access(ServerSettings(), lambda: find_running(home)).client() as client:
        with closing(LiveSource(client)) as source:
            observed = await source.observe(None)

    assert observed.log_problem == ""
    assert observed.log_folder is not None


def test_one_that_was_stopped_starts_again_without_its_models(shell: Shell) -> None:
    before = shell.tsmon("serve", "status", "--json").json["server"]

    stopped = shell.tsmon("serve", "stop")
    assert stopped.code == 0, stopped.stderr
    assert shell.tsmon("serve", "status").code == 1
    taken = shell.tsmon("serve", "start", "--docker", "--name", NAME)
    assert taken.code == 1
    assert f"A container {NAME} already exists (exited)" in taken.stderr
    again = shell.tsmon("serve", "resume", "--name", NAME)

    assert again.code == 0, again.stderr
    after = shell.tsmon("serve", "status", "--json").json["server"]
    assert after["management"] == before["management"]
    assert shell.tsmon("models", "--json").json == []


def test_a_start_that_fails_leaves_no_container(shell: Shell, tmp_path: Path) -> None:
    name = f"{NAME}-failing"

    ended = shell.tsmon(
        *("--home", str(tmp_path), "serve", "start", "--docker", "--ports", "free"),
        *("--name", name, "--set", "default_workers_per_model=some"),
    )

    assert ended.code == 1
    assert 'Invalid configuration: For input string: "some"' in ended.stderr
    listed = subprocess.run(
        ["docker", "ps", "--all", "--format", "{{.Names}}"], check=True, capture_output=True
    )
    assert name not in listed.stdout.decode().split()
