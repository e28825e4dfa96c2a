"""The names of TorchServe's log files, and how much of one is read for a cause."""

from __future__ import annotations

TS_LOG = "ts_log.log"
ACCESS_LOG = "access_log.log"
MODEL_LOG = "model_log.log"
TS_METRICS = "ts_metrics.log"
MODEL_METRICS = "model_metrics.log"

SEARCHED_BACK = 128 << 20
"""How far back in a log file something is searched; TorchServe begins another one at 100 MB."""
CAUSE_BYTES = 8 << 20
"""How much of the end of each log file is read; twice this takes about a second."""
