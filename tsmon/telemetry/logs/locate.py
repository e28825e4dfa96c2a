"""Finds the log folder of a TorchServe on this machine by the process that listens."""

from __future__ import annotations

from pathlib import Path

from tsmon.telemetry.logs.files import ACCESS_LOG, TS_LOG
from tsmon.telemetry.server_process import log_folder_in, place_of, server_at, shares_files


def find_log_folder(management: str) -> Path | None:
    """The folder of the server whose management address this is; None where it cannot be told."""
    server = server_at(management)
    if server is None or not shares_files(server.pid):
        return None
    folder = log_folder_in(*place_of(server))
    if folder is None:
        return None
    return folder if (folder / TS_LOG).exists() or (folder / ACCESS_LOG).exists() else None
