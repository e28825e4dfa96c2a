"""The names of TorchServe's log files."""

from __future__ import annotations

TS_LOG = "ts_log.log"
ACCESS_LOG = "access_log.log"
MODEL_LOG = "model_log.log"
TS_METRICS = "ts_metrics.log"
MODEL_METRICS = "model_metrics.log"
