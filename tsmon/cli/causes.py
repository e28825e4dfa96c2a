"""Why a model's workers died, told by a command where the server's logs can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tsmon.cli.log_place import log_folder
from tsmon.telemetry.logs.causes import MOST_BYTES, Cause, read_cause
from tsmon.telemetry.logs.files import MODEL_LOG, TS_LOG
from tsmon.telemetry.logs.zone import LogZone

if TYPE_CHECKING:
    from tsmon.telemetry.logs.docker import LogPlace
    from tsmon.torchserve.addresses import Addresses


def cause_of(
    named: LogPlace | None, addresses: Addresses, model: str, version: str | None
) -> Cause | None:
    """The last cause that the logs have for a model; None without logs or failures."""
    with log_folder(named, addresses, (MODEL_LOG, TS_LOG), MOST_BYTES) as folder:
        cause = read_cause(folder, model=model, version=version) if folder else None
        if folder is None or cause is None:
            return None
        zone = LogZone()
        zone.look(folder)
        return cause.here(zone)


def cause_lines(cause: Cause) -> list[str]:
    """The cause as lines: what, where, and what to do."""
    where = f"worker {cause.worker_id}" if cause.worker_id else "registration"
    sure = "" if cause.certain else " (told by another attempt)"
    return [
        f"{cause.kind.value}: {cause.message}",
        f"  {where} at {cause.time:%H:%M:%S}{sure}",
        f"  → {cause.hint}",
    ]
