"""Situations for tests of the advice."""

from __future__ import annotations

from tsmon.load.capacity.curve import ServicePoint
from tsmon.load.capacity.situation import Situation
from tsmon.telemetry.snapshot import ModelKey

KEY = ModelKey("mnist", "1.0")
MB = 1_000_000


def situation(
    *,
    rate: float | None = 50.0,
    service_ms: float | None = 10.0,
    scv: float | None = 1.0,
    workers: int = 1,
    cores: int | None = 4,
    **fields: object,
) -> Situation:
    """One worker that is half busy on four cores, unless said otherwise."""
    service = None
    if service_ms is not None:
        service = ServicePoint(workers, service_ms, scv, 700 * MB, rate)
    return Situation(
        key=KEY,
        workers=workers,
        rate=rate,
        service=service,
        worker_ms=service_ms,
        answered=5000,
        cores=cores,
        **fields,  # type: ignore[arg-type]
    )
