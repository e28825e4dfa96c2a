"""All rows of the table in docs/reliability.md."""

from __future__ import annotations

from tests.faults.connection_rows import ANSWER_ROWS, CONNECTION_ROWS
from tests.faults.content_rows import CONTENT_ROWS, METRICS_ROWS
from tests.faults.held_rows import HELD_ROWS
from tests.faults.life_rows import FILE_ROWS, LIFE_ROWS, WORKER_ROWS

ROWS = (
    *(*CONNECTION_ROWS, *ANSWER_ROWS, *CONTENT_ROWS, *METRICS_ROWS),
    *(*LIFE_ROWS, *WORKER_ROWS, *FILE_ROWS),
)
"""Those that a command and the monitor are tried in."""

__all__ = ["HELD_ROWS", "ROWS"]
