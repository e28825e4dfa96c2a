"""The logs of a TorchServe in a Docker container, asked for with the `docker` command."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.docker.containers import ContainerFacts, Mount, find_container
from tsmon.docker.engine import DockerError, run_docker
from tsmon.torchserve.process import log_folder_in

if TYPE_CHECKING:
    from tsmon.logs.places import Container

# `docker exec` leaves its process running when the docker command is ended. This one ends with its
# standard input, which closes when tsmon does, however that comes to its end.
_FOLLOW = 'tail "$1" "$2" -F "$3" & cat >/dev/null; kill $!'
_FOLLOW_QUIETLY = f"exec 2>/dev/null; {_FOLLOW}"
_OFFICIAL_HOME = "/home/model-server"
"""Where the official image starts TorchServe."""


class NoContainerLogs(Exception):
    """A container's logs cannot be read; the message says why."""


class ContainerFolder(Struct, frozen=True):
    """The log folder of a running container."""

    container: Container
    inside: str
    """Its path in the container."""
    mounted: Path | None = None
    """The same folder on this machine, if it is mounted from here."""

    def command(self, *command: str, stdin: bool = False) -> list[str]:
        """The command line that runs a command in the container."""
        return ["docker", "exec", *(["-i"] if stdin else []), self.container.name, *command]

    def follow(self, name: str, *start: str, quiet: bool = False) -> list[str]:
        """The command line that prints one of its files as it grows; `start` as `tail` has it.

        With `quiet` it says nothing of a file that is not there or was cut.
        """
        script = _FOLLOW_QUIETLY if quiet else _FOLLOW
        return self.command("sh", "-c", script, "sh", *start, self.path(name), stdin=True)

    def path(self, name: str) -> str:
        """The path of one of its files in the container."""
        return f"{self.inside}/{name}"


def find_folder(container: Container) -> ContainerFolder:
    """The container's log folder; blocks.

    Raises:
        NoContainerLogs: there is no docker, no such container, or it does not run.
    """
    try:
        facts = find_container(container.name)
    except DockerError as error:
        raise NoContainerLogs(error.message) from None
    if facts is None:
        raise NoContainerLogs(f"No such container: {container.name}")
    if not facts.running:
        raise NoContainerLogs(f"{container} is not running")
    inside = container.folder or _log_folder(facts)
    return ContainerFolder(container, inside, _mounted(inside, facts.mounts))


def sizes(folder: ContainerFolder, names: Sequence[str]) -> dict[str, int]:
    """The sizes of those of its files that are there; blocks.

    Raises:
        NoContainerLogs: the container cannot be asked, or there are no logs in it.
    """
    script = 'for file; do [ -f "$file" ] && echo "$(stat -c %s "$file") $file"; done; true'
    paths = {folder.path(name): name for name in names}
    answer = _run(folder.command("sh", "-c", script, "sh", *paths)).decode(errors="replace")
    found = (line.partition(" ") for line in answer.splitlines())
    known = {
        paths[path]: int(size) for size, _, path in found if path in paths and size.isdecimal()
    }
    if not known:
        raise NoContainerLogs(f"there are no TorchServe logs in its {folder.inside}")
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
            end = _run(folder.command("tail", "-c", str(most), folder.path(name)))
            (Path(made) / name).write_bytes(end)
        yield Path(made)


def _run(command: Sequence[str]) -> bytes:
    try:
        return run_docker(*command[1:])
    except DockerError as error:
        raise NoContainerLogs(error.message) from None


def _log_folder(facts: ContainerFacts) -> str:
    directory = Path(facts.directory or _OFFICIAL_HOME)
    return str(log_folder_in(directory, facts.environment))


def _mounted(inside: str, mounts: Sequence[Mount]) -> Path | None:
    """The folder on this machine, if the innermost mount that holds it is from here."""
    path = PurePosixPath(inside)
    holding = [mount for mount in mounts if path.is_relative_to(mount.inside)]
    if not holding:
        return None
    innermost = max(holding, key=lambda mount: len(mount.inside))
    here = Path(innermost.source) / path.relative_to(innermost.inside)
    # The engine may be on another machine, and a volume's folder is only root's to read.
    return here if here.is_dir() and os.access(here, os.R_OK | os.X_OK) else None
