"""Results as an experiment gives them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tsmon.load.experiment.plan import Load
from tsmon.load.experiment.result import Before, ExperimentResult, Measurement

STARTED = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def measurement(workers: int = 1, **values: Any) -> Measurement:
    """One of 80 requests."""
    given: dict[str, Any] = {
        "batch_size": 1,
        "max_batch_delay_ms": 100,
        "sent": 80,
        "answered": 80,
        "errors": 0,
        "foreign": 0,
        "seconds": 2.0,
        "inference_ms": 9.5,
        "queue_ms": 0.5,
        "p50_ms": 10.0,
        "p95_ms": 12.0,
        "p99_ms": 13.0,
        "memory_bytes": workers * 700_000_000,
    }
    return Measurement(workers=workers, **(given | values))


def result(*measurements: Measurement, **values: Any) -> ExperimentResult:
    """One of the walkthrough's load."""
    given: dict[str, Any] = {
        "server": "127.0.0.1:8081",
        "model": "mnist",
        "version": "1.0",
        "started": STARTED,
        "load": Load(),
        "warm_up": 10,
        "seed": 1,
        "before": Before(
            workers=2,
            min_workers=2,
            max_workers=2,
            batch_size=1,
            max_batch_delay_ms=100,
            url="mnist.mar",
            default_version="1.0",
        ),
        "complete": True,
        "notes": ("a note",),
    }
    return ExperimentResult(measurements=measurements, **(given | values))
