"""Finds TorchServe's Java processes in this machine's process table."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from tsmon.torchserve.addresses import SOCKET, port_of

MAIN_CLASS = "org.pytorch.serve.ModelServer"


def find_servers() -> dict[psutil.Process, tuple[int, ...]]:
    """The TorchServe processes of this machine, and the ports at which they listen."""
    found = {}
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if MAIN_CLASS in process.cmdline():
                found[process] = _listening(process)
    return found


def server_at(
    url: str, servers: Mapping[psutil.Process, tuple[int, ...]] | None = None
) -> psutil.Process | None:
    """The process that listens at a local address; None when none that this user can see does.

    A loopback address may lead into a container or through a tunnel: then nothing is found.
    """
    found = find_servers() if servers is None else servers
    if url.startswith(SOCKET):
        path = url.removeprefix(SOCKET)
        return next((each for each in found if path in _sockets(each)), None)
    port = port_of(url)
    at_port = [process for process, ports in found.items() if port in ports]
    # One in a container listens at ports of its own, which may have the same numbers.
    return max(at_port, key=lambda process: shares_files(process.pid), default=None)


def place_of(process: psutil.Process) -> tuple[Path | None, Mapping[str, str]]:
    """Working directory and environment, as far as the system shows."""
    try:
        return Path(process.cwd()), process.environ()
    except psutil.Error:
        return None, {}


def log_folder_in(directory: Path | None, environment: Mapping[str, str]) -> Path | None:
    """Where a server logs that was started there so; None if a relative folder has no base."""
    location = Path(environment.get("LOG_LOCATION", "logs"))
    if location.is_absolute():
        return location
    return directory / location if directory else None


def shares_files(pid: int) -> bool:
    """Whether the paths of a process mean here what they mean to it: not so in a container."""
    try:
        return Path(f"/proc/{pid}/root").samefile("/")
    except OSError:  # no /proc here, or another user's
        return True


def _listening(process: psutil.Process) -> tuple[int, ...]:
    connections = process.net_connections("tcp")
    return tuple(
        sorted({each.laddr.port for each in connections if each.status == psutil.CONN_LISTEN})
    )


def _sockets(process: psutil.Process) -> list[str]:
    """The paths of the unix sockets it has open."""
    try:
        return [str(each.laddr) for each in process.net_connections("unix")]
    except psutil.Error:
        return []
