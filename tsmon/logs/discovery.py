"""Finds the logs of a TorchServe on this machine by who listens: a process or a container."""

from __future__ import annotations

from pathlib import Path

from tsmon.logs.files import ACCESS_LOG, TS_LOG
from tsmon.logs.places import Container, LogPlace
from tsmon.torchserve.addresses import port_of
from tsmon.torchserve.process import log_folder_in, place_of, server_at, shares_files


def find_logs(management: str) -> LogPlace | None:
    """Where the server at this local management address logs; None where it cannot be known."""
    return find_log_folder(management) or _find_container(port_of(management))


def find_log_folder(management: str) -> Path | None:
    """The folder of the server whose management address this is; None where it cannot be known."""
    server = server_at(management)
    if server is None or not shares_files(server.pid):
        return None
    folder = log_folder_in(*place_of(server))
    if folder is None:
        return None
    return folder if (folder / TS_LOG).exists() or (folder / ACCESS_LOG).exists() else None


def _find_container(port: int) -> Container | None:
    from tsmon.docker.containers import running_containers
    from tsmon.docker.engine import DockerError

    try:
        found = running_containers(publishing=port)
    except DockerError:
        return None
    return Container(found[0].name) if found else None
