"""Runs the `docker` command, and says in plain words why it failed.

All functions block.
"""

from __future__ import annotations

import re
import subprocess
from collections import deque
from collections.abc import Iterator

from tsmon.units import period

DOCKER_PATIENCE_S = 15.0
_LAST_LINES = 5
_NO_PERMISSION = re.compile(r"permission denied .*(?:socket|docker API)", re.IGNORECASE)
_NO_ENGINE = re.compile(
    r"cannot connect to the docker daemon|is the docker daemon running|"
    r"failed to connect to the docker API|error during connect",
    re.IGNORECASE,
)
_ENGINE_SAYS = "Error response from daemon: "
_HOLLOW = re.compile(r"\s*$|(?:Run|See) 'docker")


class DockerError(Exception):
    """Docker did not do what it was asked.

    Attributes:
        message: what was wrong.
        hint: what the person can do about it; may be empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class NoEngine(DockerError):
    """Docker cannot be asked at all."""


def run_docker(*arguments: str, stdin: bytes = b"", patience_s: float = DOCKER_PATIENCE_S) -> bytes:
    """What a docker command prints.

    Raises:
        NoEngine: there is no docker command, no engine behind it, or it may not be asked.
        DockerError: it refused.
    """
    try:
        ended = subprocess.run(
            ["docker", *arguments],
            input=stdin,
            capture_output=True,
            timeout=patience_s,
            check=False,
        )
    except OSError as error:
        raise _no_command(error) from None
    except subprocess.TimeoutExpired:
        raise NoEngine(f"docker did not answer within {period(patience_s)}") from None
    if ended.returncode:
        raise docker_refusal(ended.stderr, ended.returncode)
    return ended.stdout


def output_lines(*arguments: str) -> Iterator[str]:
    """What a docker command prints, line by line; it is ended when the iterator is closed.

    Its standard input is open and empty until then.

    Raises:
        NoEngine: there is no docker command, no engine behind it, or it may not be asked.
        DockerError: it failed.
    """
    try:
        process = subprocess.Popen(
            ["docker", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that ctrl+c reaches tsmon alone, which then ends it
        )
    except OSError as error:
        raise _no_command(error) from None
    said: deque[bytes] = deque(maxlen=_LAST_LINES)
    with process:
        assert process.stdout is not None  # noqa: S101 (it is a pipe)
        try:
            for line in process.stdout:
                said.append(line)
                yield line.decode(errors="replace").rstrip()
        except BaseException:
            process.terminate()
            raise
    if process.returncode:
        raise docker_refusal(b"".join(said), process.returncode)


def docker_refusal(stderr: bytes, code: int) -> DockerError:
    """The error of a docker command that wrote this and ended with *code*."""
    said = stderr.decode(errors="replace")
    if _NO_PERMISSION.search(said):
        return NoEngine(
            "this user may not use the Docker engine",
            "join its group and log in again: sudo usermod -aG docker $USER",
        )
    if _NO_ENGINE.search(said):
        return NoEngine(
            "no Docker engine is answering",
            "start it: sudo systemctl start docker, or open Docker Desktop",
        )
    return DockerError(reason(stderr, code))


def reason(stderr: bytes, code: int) -> str:
    """Why a docker command failed, from what it wrote."""
    said = [line.strip() for line in stderr.decode(errors="replace").splitlines()]
    by_engine = [line.partition(_ENGINE_SAYS)[2] for line in said if _ENGINE_SAYS in line]
    reasons = by_engine or [line for line in said if not _HOLLOW.match(line)]
    return reasons[-1] if reasons else f"docker exited with code {code}"


def _no_command(error: OSError) -> NoEngine:
    if isinstance(error, FileNotFoundError):
        return NoEngine("docker is not on this machine's PATH", "install Docker")
    return NoEngine(f"docker cannot be started: {error.strerror or error}")
