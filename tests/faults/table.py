"""All rows of the table in docs/reliability.md."""

from __future__ import annotations

from tests.faults import held_rows
from tests.faults.connection_rows import ANSWER_ROWS, CONNECTION_ROWS
from tests.faults.content_rows import CONTENT_ROWS, METRICS_ROWS
from tests.faults.life_rows import FILE_ROWS, LIFE_ROWS, WORKER_ROWS
from tests.faults.recording_rows import RECORDING_ROWS
from tests.faults.trust_rows import KEY_ROWS, OTHERS_ROWS, TEXT_ROWS

ROWS = (
    *(*CONNECTION_ROWS, *ANSWER_ROWS, *CONTENT_ROWS, *METRICS_ROWS),
    *(*LIFE_ROWS, *WORKER_ROWS, *FILE_ROWS),
)
"""Those that a command and the monitor are tried in."""
HELD_ROWS = (*held_rows.HELD_ROWS, *RECORDING_ROWS, *TEXT_ROWS, *KEY_ROWS, *OTHERS_ROWS)
"""Those that have tests of their own."""
