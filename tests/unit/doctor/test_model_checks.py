from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.doctor.made import (
    facts,
    found,
    java,
    machine,
    model,
    observation,
    only,
    remote,
    server,
    severity,
    with_models,
    worker,
    worker_process,
)
from tsmon.doctor.checks import models as checks
from tsmon.doctor.facts import ReportedDeath
from tsmon.doctor.findings import NotChecked, Severity
from tsmon.telemetry.snapshot import ModelKey
from tsmon.torchserve.records import JobQueue, ModelVersion

ALL = (checks.workers, checks.limits, checks.timeouts, checks.batching, checks.queues)
DOWN = worker(0, status="UNLOADING")


@pytest.mark.parametrize("examine", ALL)
def test_a_healthy_model_is_well(examine: object) -> None:
    assert severity(examine, facts()) is Severity.OK


@pytest.mark.parametrize("examine", ALL)
def test_without_models_nothing_is_judged(examine: object) -> None:
    empty = observation()
    empty = type(empty)(empty.at, empty.facts, (), empty.scrape)

    finding = only(examine, facts(server=server(observation=empty)))

    assert finding.title == "not checked: no model is registered"


def test_a_model_without_workers_gets_the_command_that_adds_one() -> None:
    idle = model(min_workers=0, max_workers=0, workers=())

    finding = only(checks.workers, with_models(idle))

    assert finding.severity is Severity.WARNING
    assert finding.remedy == "tsmon scale mnist --model-version 1.0 1"


def test_a_worker_whose_process_is_gone_is_dead() -> None:
    gone = machine(server=java(worker_process(5)))

    finding = only(checks.workers, with_models(model(workers=(DOWN,)), machine=gone))

    assert finding.severity is Severity.ERROR
    assert finding.title == "mnist 1.0: worker 9000 died"
    assert "tsmon scale mnist --model-version 1.0 0" in finding.remedy


def test_a_worker_whose_process_runs_is_loading() -> None:
    assert severity(checks.workers, with_models(model(workers=(DOWN,)))) is Severity.NOTE


def test_from_afar_a_worker_is_only_not_ready() -> None:
    finding = only(checks.workers, with_models(model(workers=(DOWN,)), machine=remote()))

    assert "worker 9000 is not ready" in finding.title


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.1, Severity.NOTE),
        (60, Severity.ERROR),
        (2 * 3600 + 0.1, Severity.NOTE),
        (2 * 3600 + 60, Severity.ERROR),
        (-3600 + 60, Severity.ERROR),
    ],
)
def test_a_process_much_younger_than_its_worker_is_a_restart_in_any_time_zone(
    seconds: float, expected: Severity
) -> None:
    made = datetime(2026, 11, 22, 12)
    trying = replace(DOWN, start_time=f"{made.isoformat()}Z")
    process = worker_process(started=made.timestamp() + seconds)
    here = machine(server=java(process))

    assert severity(checks.workers, with_models(model(workers=(trying,)), machine=here)) is expected


def test_the_cause_in_the_logs_is_the_evidence() -> None:
    gone = machine(server=java(worker_process(5)))
    death = ReportedDeath("ModuleNotFoundError: No module named 'captum'", "pip install captum")
    made = with_models(
        model(workers=(DOWN,)), machine=gone, deaths={ModelKey("mnist", "1.0"): death}
    )

    finding = only(checks.workers, made)

    assert finding.evidence == f"0 of 1 ready; {death.message}"
    assert finding.remedy.startswith("pip install captum; then tsmon scale")


def test_one_of_two_workers_down_is_a_warning() -> None:
    half = model(min_workers=2, workers=(worker(0), worker(1, status="UNLOADING")))

    finding = only(checks.workers, with_models(half, machine=remote()))

    assert (finding.severity, finding.evidence.split(";")[0]) == (Severity.WARNING, "1 of 2 ready")


def test_a_minimum_above_the_maximum_is_a_warning() -> None:
    finding = only(checks.limits, with_models(model(min_workers=3, max_workers=1)))

    assert finding.evidence == "minWorkers 3, maxWorkers 1"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"response_timeout_s": 0}, Severity.ERROR),
        ({"response_timeout_s": 5, "max_batch_delay_ms": 5000}, Severity.WARNING),
        ({"startup_timeout_s": 0}, Severity.ERROR),
        ({"startup_timeout_s": 3}, Severity.WARNING),
        ({"raw": {"clientTimeoutInMills": 100}}, Severity.ERROR),
        ({"raw": {"clientTimeoutInMills": 101}}, Severity.OK),
        ({"raw": {"clientTimeoutInMills": 0}}, Severity.OK),
        ({"response_timeout_s": 5, "max_batch_delay_ms": 4999}, Severity.OK),
    ],
)
def test_time_outs(changes: dict[str, Any], expected: Severity) -> None:
    assert severity(checks.timeouts, with_models(model(**changes))) is expected


def test_what_a_server_does_not_report_is_not_judged() -> None:
    """TorchServe 0.5 has neither time-outs nor queues in its answer."""
    bare = with_models(ModelVersion("mnist", "1.0", min_workers=1, workers=(worker(),)))

    for check in (checks.timeouts, checks.queues, checks.limits, checks.batching):
        with pytest.raises(NotChecked):
            list(check(bare))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"batch_size": 8, "max_batch_delay_ms": 0}, Severity.WARNING),
        ({"batch_size": 2, "max_batch_delay_ms": 0}, Severity.OK),
        ({"max_batch_delay_ms": -10000}, Severity.WARNING),
        ({"batch_size": 8, "queue": JobQueue(0, 4)}, Severity.WARNING),
        ({"batch_size": 8, "queue": JobQueue(0, 8)}, Severity.OK),
    ],
)
def test_batches(changes: dict[str, Any], expected: Severity) -> None:
    assert severity(checks.batching, with_models(model(**changes))) is expected


@pytest.mark.parametrize(
    ("pending", "expected"), [(79, Severity.OK), (80, Severity.WARNING), (100, Severity.ERROR)]
)
def test_queues(pending: int, expected: Severity) -> None:
    busy = model(queue=JobQueue(pending, 100 - pending))

    assert severity(checks.queues, with_models(busy)) is expected


def test_every_model_gets_its_own_finding() -> None:
    bad = [model(name=name, response_timeout_s=0) for name in ("a", "b")]

    assert len(found(checks.timeouts, with_models(*bad, model()))) == 2


def test_names_are_quoted_for_the_shell() -> None:
    odd = model(name="my model", min_workers=0, workers=())

    assert "'my model'" in only(checks.workers, with_models(odd)).remedy
