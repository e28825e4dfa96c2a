"""Earlier experiments as what the advice and the next experiment know."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tsmon.load.capacity.batch_queue import batch_queue
from tsmon.load.capacity.curve import ServicePoint
from tsmon.load.capacity.experience import experienced_points, predictor
from tsmon.load.experiment.kept import keep_result
from tsmon.load.experiment.plan import Load
from tsmon.load.experiment.result import Before, ExperimentResult, Measurement
from tsmon.telemetry.snapshot import ModelKey

MNIST = ModelKey("mnist", "1.0")
SERVER = "127.0.0.1:8081"
START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def measured(workers: int, inference_ms: float, queue_ms: float) -> Measurement:
    return Measurement(
        workers=workers,
        batch_size=1,
        max_batch_delay_ms=100,
        sent=80,
        answered=80,
        errors=0,
        foreign=0,
        seconds=2.0,
        inference_ms=inference_ms,
        queue_ms=queue_ms,
        memory_bytes=workers * 100,
    )


def keep(home: Path, hours: int, *measurements: Measurement) -> None:
    before = Before(
        workers=1,
        min_workers=1,
        max_workers=1,
        batch_size=1,
        max_batch_delay_ms=100,
        url="mnist.mar",
        default_version="1.0",
    )
    result = ExperimentResult(
        server=SERVER,
        model="mnist",
        version="1.0",
        load=Load((10,)),
        warm_up=0,
        seed=1,
        started=START + timedelta(hours=hours),
        before=before,
        measurements=measurements,
        notes=(),
        complete=True,
    )
    keep_result(result, home)


def test_the_newest_measurement_of_each_number_of_workers_counts(tmp_path: Path) -> None:
    keep(tmp_path, 0, measured(1, 12.0, 2.0), measured(2, 30.0, 1.0))
    keep(tmp_path, 1, measured(2, 9.0, 1.0), replace(measured(4, 9.0, 1.0), errors=3))
    points = experienced_points(SERVER, MNIST, tmp_path)
    assert [(each.workers, each.service_ms, each.memory_bytes) for each in points] == [
        (1, 10.0, 100),
        (2, 8.0, 100),
    ]
    assert experienced_points("gpu7:8081", MNIST, tmp_path) == ()


def test_a_prediction_is_that_of_the_queueing_model(tmp_path: Path) -> None:
    keep(tmp_path, 0, measured(1, 12.0, 2.0))
    queue_ms = predictor(experienced_points(SERVER, MNIST, tmp_path), MNIST)
    assert queue_ms is not None
    # M/M/1: rho / (1 - rho) * service time, with 50 requests a second of 10 ms
    assert queue_ms(50.0, measured(1, 12.0, 2.0)) == pytest.approx(10.0)
    assert queue_ms(101.0, measured(1, 12.0, 2.0)) is None


def test_times_that_hardly_vary_are_predicted_to_wait_half_as_long(tmp_path: Path) -> None:
    keep(tmp_path, 0, replace(measured(1, 12.0, 2.0), backend_scv=0.0))
    queue_ms = predictor(experienced_points(SERVER, MNIST, tmp_path), MNIST)
    assert queue_ms is not None
    # Pollaczek and Khinchine
    assert queue_ms(50.0, measured(1, 12.0, 2.0)) == pytest.approx(5.0)


def test_batches_are_predicted_from_their_measured_times_alone(tmp_path: Path) -> None:
    batched = replace(measured(1, 12.0, 2.0), batch_size=8, max_batch_delay_ms=0)
    known = replace(batched, backend_scv=0.1, alone_ms=10.0, more_ms=2.0, largest_batch=2)
    unknown = predictor((ServicePoint(1, 10.0, 0.1),), MNIST)
    predict = predictor((ServicePoint(1, 10.0, 0.1, more_ms=2.0, largest_batch=2),), MNIST)
    assert predict is not None
    assert unknown is not None
    by_hand = batch_queue(80.0, [10.0, 12.0], [1.0], 0.1)
    assert by_hand is not None

    assert predict(80.0, known) == pytest.approx(by_hand.mean_wait_ms)
    assert unknown(80.0, batched) is None


def test_without_experience_nothing_is_predicted() -> None:
    assert predictor((), MNIST) is None
