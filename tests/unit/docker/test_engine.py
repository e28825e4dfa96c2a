"""Why a docker command failed, in words that help."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from tests.docker_stand_in import StandIn, install
from tsmon.docker.engine import (
    DockerError,
    NoEngine,
    docker_refusal,
    output_lines,
    reason,
    run_docker,
)


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    return install(tmp_path / "engine", monkeypatch)


@pytest.mark.parametrize(
    "said",
    [
        "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. "
        "Is the docker daemon running?",
        "failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is "
        "correct and if the daemon is running",
        "error during connect: Get http://docker/v1.50/info: command [ssh] has exited",
    ],
)
def test_no_engine(said: str) -> None:
    error = docker_refusal(said.encode(), 1)

    assert isinstance(error, NoEngine)
    assert error.message == "no Docker engine is answering"
    assert "systemctl start docker" in error.hint


@pytest.mark.parametrize("what", ["Docker daemon socket", "docker API"])
def test_no_permission(what: str) -> None:
    said = f"permission denied while trying to connect to the {what} at unix:///var/run/docker.sock"

    error = docker_refusal(said.encode(), 1)

    assert isinstance(error, NoEngine)
    assert "group" in error.hint


def test_no_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    for ask in (run_docker, lambda *words: list(output_lines(*words))):
        with pytest.raises(NoEngine, match="docker is not on this machine's PATH"):
            ask("ps")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("Error response from daemon: No such container: x\n", "No such container: x"),
        (
            "Error response from daemon: address already in use\nError: failed to start: x\n",
            "address already in use",
        ),
        (
            "unknown flag: --x\n\nRun 'docker run --help' for more information\n",
            "unknown flag: --x",
        ),
        ("", "docker exited with code 125"),
    ],
)
def test_the_reason_is_what_the_engine_says_else_the_last_line(said: str, why: str) -> None:
    assert reason(said.encode(), 125) == why


def test_lines_come_one_by_one_and_then_the_failure(engine: StandIn) -> None:
    engine.run(engine.home)
    said = output_lines("exec", "ts", "sh", "-c", "echo one; echo two; exit 3")

    assert [next(said), next(said)] == ["one", "two"]
    with pytest.raises(DockerError, match="two"):
        next(said)


def test_who_reads_no_further_ends_the_command(engine: StandIn) -> None:
    engine.run(engine.home)
    said = output_lines("exec", "ts", "sh", "-c", "echo one; exec sleep 60")
    next(said)

    said.close()  # type: ignore[attr-defined]

    assert not any(psutil.pid_exists(pid) for pid in engine.pids())
