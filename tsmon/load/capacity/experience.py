"""What earlier experiments tell of a model, as service times to predict from."""

from __future__ import annotations

from pathlib import Path

from tsmon.load.capacity.advice import predict
from tsmon.load.capacity.curve import ServiceCurve, ServicePoint
from tsmon.load.capacity.situation import Situation
from tsmon.load.experiment.experiment import Predict
from tsmon.load.experiment.kept import load_results
from tsmon.load.experiment.result import measured_points
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
                    memory_bytes=each,
                    throughput=point.throughput,
                ),
            )
    return tuple(newest[workers] for workers in sorted(newest))


def predictor(
    points: tuple[ServicePoint, ...], key: ModelKey, cores: int | None = None
) -> Predict | None:
    """Predicts by these points; None without any. `cores` are those of the server's machine."""
    if not points:
        return None
    curve = ServiceCurve(points, cores)
    situation = Situation(key=key, workers=points[-1].workers, cores=cores)

    def queue_ms(workers: int, rate: float) -> float | None:
        return predict(situation, curve, rate, workers).queue_ms

    return queue_ms
