"""How the requests of the last minute ended, by one look at the end of a server's log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tsmon.telemetry.logs.files import ACCESS_LOG, TS_LOG
from tsmon.telemetry.logs.lines import parse_stamp
from tsmon.telemetry.logs.requests import RequestLines
from tsmon.telemetry.logs.sieve import sift
from tsmon.telemetry.logs.tail import LogTail
from tsmon.telemetry.logs.times import MINUTE_S, TimesKey

if TYPE_CHECKING:
    from tsmon.telemetry.logs.zone import LogZone

BACKLOG = 4 << 20
"""Bytes that are read; where a minute has more, its end is counted."""


def statuses_lately(
    folder: Path, zone: LogZone, now: datetime
) -> Mapping[TimesKey, Mapping[int, int]]:
    """How many requests of the last minute ended with which HTTP status, by version.

    `now` is this machine's local time, without a zone. It blocks while it reads.
    """
    path = folder / TS_LOG
    tail = LogTail(path if path.exists() else folder / ACCESS_LOG, backlog=BACKLOG)
    try:
        lines = tail.read(BACKLOG)
    finally:
        tail.close()
    first = now - timedelta(seconds=MINUTE_S)
    recent = [line for line in lines if b"ACCESS_LOG" in line or b"HTTP/" in line]
    recent = [line for line in recent if _is_since(first, line, zone)]
    found: dict[TimesKey, Counter[int]] = {}
    for key, samples in RequestLines().read(sift(recent)).items():
        found[key] = samples.statuses
    return found


def _is_since(first: datetime, line: bytes, zone: LogZone) -> bool:
    stamp = parse_stamp(line.partition(b" ")[0].decode(errors="replace"))
    return stamp is not None and zone.here(stamp) >= first
