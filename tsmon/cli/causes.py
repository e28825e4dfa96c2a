"""Why a model's workers died, told by a command where the server's logs can be read."""

from __future__ import annotations

from pathlib import Path

from tsmon.telemetry.logs.causes import Cause, read_cause
from tsmon.telemetry.logs.locate import find_log_folder
from tsmon.torchserve.addresses import Addresses


def log_folder(named: Path | None, addresses: Addresses) -> Path | None:
    """The folder that --logs names, else that of a server on this machine."""
    if named is not None:
        return named
    return find_log_folder(addresses.management) if addresses.is_local else None


def cause_of(
    named: Path | None, addresses: Addresses, model: str, version: str | None
) -> Cause | None:
    """The last cause that the logs have for a model; None without logs or failures."""
    folder = log_folder(named, addresses)
    return read_cause(folder, model=model, version=version) if folder else None


def cause_lines(cause: Cause) -> list[str]:
    """The cause as lines: what, where, and what to do."""
    where = f"worker {cause.worker_id}" if cause.worker_id else "registration"
    sure = "" if cause.certain else " (told by another attempt)"
    return [
        f"{cause.kind.value}: {cause.message}",
        f"  {where} at {cause.time:%H:%M:%S}{sure}",
        f"  → {cause.hint}",
    ]
