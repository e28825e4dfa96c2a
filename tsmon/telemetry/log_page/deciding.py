"""The few lines of a log that decide why something failed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tsmon.telemetry.log_page.lines import Level

if TYPE_CHECKING:
    from tsmon.telemetry.log_page.lines import LogLine

BEFORE = timedelta(seconds=10)
"""How long before the moment a line may be that led to it."""
AFTER = timedelta(seconds=2)
MOST_LINES = 8


def deciding_lines(
    rows: Sequence[LogLine], moment: datetime | None, most: int = MOST_LINES
) -> list[LogLine]:
    """The last warnings, errors and tracebacks around a moment, or of all rows without one.

    Where there are none, the last lines before the moment of whatever level. `moment` is in the
    server's local time without a zone.
    """
    near = [row for row in rows if _is_near(row, moment)]
    grave = [row for row in near if row.is_head or (row.level or Level.DEBUG) >= Level.WARN]
    return (grave or near)[-most:]


def _is_near(row: LogLine, moment: datetime | None) -> bool:
    if moment is None:
        return True
    time = row.time
    return time is not None and moment - BEFORE <= time <= moment + AFTER
