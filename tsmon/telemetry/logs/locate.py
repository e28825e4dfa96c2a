"""Finds the log folder of a TorchServe on this machine by the process that listens."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import psutil

from tsmon.telemetry.logs.reader import ACCESS_LOG, TS_LOG

SERVER_CLASS = "org.pytorch.serve.ModelServer"


def find_log_folder(management: str) -> Path | None:
    """The folder of the server whose management address this is; None where it cannot be told.

    TorchServe logs to LOG_LOCATION, by default `logs` in the directory it was started in. A
    loopback address may lead into a container or through a tunnel: then no Java process of
    TorchServe's listens here, and nothing is found.
    """
    server = _listening_server(urlsplit(management).port)
    if server is None:
        return None
    try:
        directory = Path(server.cwd())
        location = server.environ().get("LOG_LOCATION", "logs")
    except psutil.Error:
        return None
    folder = directory / location
    return folder if (folder / TS_LOG).exists() or (folder / ACCESS_LOG).exists() else None


def _listening_server(port: int | None) -> psutil.Process | None:
    for process in psutil.process_iter(["cmdline"]):
        if SERVER_CLASS not in (process.info["cmdline"] or ()):
            continue
        try:
            connections = process.net_connections("tcp")
        except psutil.Error:
            continue
        if any(
            connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
            for connection in connections
        ):
            return process
    return None
