"""The logs of a TorchServe in a Docker container, asked for with the `docker` command."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from tsmon.telemetry.server_process import log_folder_in

PATIENCE_S = 15.0
_OFFICIAL_HOME = "/home/model-server"
"""Where the official image starts TorchServe."""


class NoContainerLogs(Exception):
    """A container's logs cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Container:
    """A container, and where in it the server logs to if somebody said so."""

    name: str
    folder: str | None = None

    def __str__(self) -> str:
        return f"container {self.name}"


@dataclass(frozen=True, slots=True)
class ContainerFolder:
    """The log folder of a running container."""

    container: Container
    inside: str
    """Its path in the container."""
    mounted: Path | None = None
    """The same folder on this machine, if it is mounted from here."""

    def command(self, *command: str, stdin: bool = False) -> list[str]:
        """The command line that runs a command in the container."""
        return ["docker", "exec", *(["-i"] if stdin else []), self.container.name, *command]

    def path(self, name: str) -> str:
        """The path of one of its files in the container."""
        return f"{self.inside}/{name}"


LogPlace = Path | Container
"""Where somebody said that a server's logs are."""


def find_folder(container: Container) -> ContainerFolder:
    """The container's log folder; blocks.

    Raises:
        NoContainerLogs: there is no docker, no such container, or it does not run.
    """
    facts = json.loads(_run("docker", "inspect", "--type", "container", container.name))[0]
    if not facts["State"]["Running"]:
        raise NoContainerLogs(f"{container} does not run")
    inside = container.folder or _log_folder(facts["Config"])
    return ContainerFolder(container, inside, _mounted(inside, facts.get("Mounts") or ()))


def sizes(folder: ContainerFolder, names: Sequence[str]) -> dict[str, int]:
    """The sizes of those of its files that are there; blocks.

    Raises:
        NoContainerLogs: the container cannot be asked, or there are no logs in it.
    """
    script = 'for file; do [ -f "$file" ] && echo "$(stat -c %s "$file") $file"; done; true'
    paths = {folder.path(name): name for name in names}
    answer = _run(*folder.command("sh", "-c", script, "sh", *paths)).decode(errors="replace")
    found = (line.partition(" ") for line in answer.splitlines())
    known = {paths[path]: int(size) for size, _, path in found if path in paths}
    if not known:
        raise NoContainerLogs(f"there are no logs of TorchServe in its {folder.inside}")
    return known


@contextmanager
def copied(folder: ContainerFolder, names: Sequence[str], most: int) -> Iterator[Path]:
    """The ends of the container's log files, for as long as the context lasts; blocks.

    Raises:
        NoContainerLogs: they cannot be read.
    """
    if folder.mounted is not None:
        yield folder.mounted
        return
    with tempfile.TemporaryDirectory(prefix="tsmon-logs-") as made:
        for name in sizes(folder, names):
            end = _run(*folder.command("tail", "-c", str(most), folder.path(name)))
            (Path(made) / name).write_bytes(end)
        yield Path(made)


def reason(stderr: bytes, code: int) -> str:
    """Why a docker command failed, from what it wrote."""
    lines = [line for line in stderr.decode(errors="replace").splitlines() if line.strip()]
    last = lines[-1].removeprefix("Error response from daemon: ") if lines else ""
    return last or f"docker ended with exit code {code}"


def _run(*command: str) -> bytes:
    try:
        ended = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        )
    except FileNotFoundError:
        raise NoContainerLogs("there is no docker command on this machine's PATH") from None
    except OSError as error:
        raise NoContainerLogs(f"docker cannot be started: {error.strerror or error}") from None
    except subprocess.TimeoutExpired:
        raise NoContainerLogs(f"docker did not answer within {PATIENCE_S:.0f} s") from None
    if ended.returncode:
        raise NoContainerLogs(reason(ended.stderr, ended.returncode))
    return ended.stdout


def _log_folder(config: Mapping[str, Any]) -> str:
    environment = dict(entry.split("=", 1) for entry in config.get("Env") or () if "=" in entry)
    directory = Path(config.get("WorkingDir") or _OFFICIAL_HOME)
    return str(log_folder_in(directory, environment))


def _mounted(inside: str, mounts: Sequence[Mapping[str, Any]]) -> Path | None:
    """The folder on this machine, if the innermost mount that holds it is from here."""
    path = PurePosixPath(inside)
    holding = [mount for mount in mounts if path.is_relative_to(mount["Destination"])]
    if not holding:
        return None
    innermost = max(holding, key=lambda mount: len(mount["Destination"]))
    here = Path(innermost["Source"]) / path.relative_to(innermost["Destination"])
    # The engine may be on another machine, and a volume's folder is only root's to read.
    return here if here.is_dir() and os.access(here, os.R_OK | os.X_OK) else None
