"""What earlier experiments say about a model, as service times to predict from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tsmon.load.capacity.batching import BatchRule
from tsmon.load.capacity.curve import ServiceCurve, ServicePoint
from tsmon.load.capacity.doubts import doubts_about
from tsmon.load.capacity.prediction import predict
from tsmon.load.capacity.situation import Situation
from tsmon.load.experiment.kept import load_results
from tsmon.load.experiment.result import Measurement, measured_points

if TYPE_CHECKING:
    from tsmon.load.experiment.experiment import Predict
    from tsmon.telemetry.snapshot import ModelKey


def experienced_points(
    server: str, key: ModelKey, home: Path | None = None
) -> tuple[ServicePoint, ...]:
    """The newest measurement of each number of workers that was kept; it reads files.

    `server` is the management address without its scheme.
    """
    newest: dict[int, ServicePoint] = {}
    for result in load_results(server, key.name, key.version, home):
        for point in measured_points(result):
            each = None if point.memory_bytes is None else point.memory_bytes // point.workers
            newest.setdefault(
                point.workers,
                ServicePoint(
                    point.workers,
                    point.service_ms,
                    point.scv,
                    each,
                    point.throughput,
                    point.more_ms,
                    point.largest_batch,
                ),
            )
    return tuple(newest[workers] for workers in sorted(newest))


def predictor(
    points: tuple[ServicePoint, ...], key: ModelKey, cores: int | None = None
) -> Predict | None:
    """Predicts by these points; None without any. `cores` are those of the server's machine."""
    if not points:
        return None

    def queue_ms(rate: float, measurement: Measurement) -> float | None:
        rule = BatchRule(measurement.batch_size, measurement.max_batch_delay_ms)
        workers = measurement.workers
        curve = ServiceCurve(points, cores, batches=rule)
        situation = Situation(key=key, workers=workers, batches=rule, cores=cores)
        if any(doubt.stops for doubt in doubts_about(situation, curve, asked=True)):
            return None
        if rule.taken > 1 and all(point.more_ms is None for point in points):
            return None  # one by one is no prediction of batches
        return predict(situation, curve, rate, workers).queue_ms

    return queue_ms
