from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.doctor.made import (
    GB,
    NOW,
    config,
    facts,
    folder,
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
from tsmon.doctor.checks import disk
from tsmon.doctor.checks import machine as checks
from tsmon.doctor.findings import Severity
from tsmon.telemetry.scrape import MetricsMode

LOCAL = (
    checks.torch_threads,
    checks.memory,
    checks.system_metrics,
    disk.free_space,
    disk.logs,
    disk.leftovers,
)


@pytest.mark.parametrize("examine", LOCAL)
def test_a_healthy_machine_is_well(examine: object) -> None:
    assert severity(examine, facts()) is Severity.OK


@pytest.mark.parametrize("examine", LOCAL)
def test_of_a_server_elsewhere_nothing_is_said(examine: object) -> None:
    finding = only(examine, facts(machine=remote()))

    assert finding.title == "not checked: the server is on another machine"


@pytest.mark.parametrize("examine", [disk.free_space, disk.logs, disk.leftovers])
def test_the_files_of_a_container_are_not_ours_to_measure(examine: object) -> None:
    contained = machine(server=java(files_here=False), logs=None, models=None)

    assert "container" in only(examine, facts(machine=contained)).title


@pytest.mark.parametrize(
    ("threads", "expected"),
    [((1, 1), Severity.OK), ((2, 2), Severity.OK), ((None, None), Severity.WARNING)],
)
def test_torch_threads_against_cores(threads: tuple[int | None, ...], expected: Severity) -> None:
    workers = [worker_process(n, threads=count) for n, count in enumerate(threads)]

    assert severity(checks.torch_threads, facts(machine=machine(server=java(*workers)))) is expected


def test_too_many_threads_get_the_number_that_fits() -> None:
    workers = [worker_process(n, threads=None) for n in range(2)]

    finding = only(checks.torch_threads, facts(machine=machine(server=java(*workers))))

    assert "2 workers, 8 torch threads, 4 cores" in finding.evidence
    assert "OMP_NUM_THREADS=2" in finding.remedy


def test_more_workers_than_cores_is_a_warning_of_its_own() -> None:
    crowd = machine(server=java(*map(worker_process, range(5))))

    assert "more workers than CPU cores" in only(checks.torch_threads, facts(machine=crowd)).title


def test_one_more_worker_that_does_not_fit_is_named() -> None:
    tight = machine(memory_available=2 * GB, server=java(worker_process(memory=3 * GB)))

    finding = only(checks.memory, facts(machine=tight))

    assert finding.title == "one more worker of mnist 1.0 does not fit in memory"
    assert finding.evidence == "its largest has 2.8 GiB, 1.9 GiB are free"


def test_memory_that_is_nearly_gone_is_an_error_wherever_the_server_is() -> None:
    assert severity(checks.memory, facts(machine=machine(memory_available=GB))) is Severity.ERROR


def test_a_worker_never_measured_shows_a_dead_collector() -> None:
    finding = only(checks.system_metrics, with_models(model(workers=(worker(memory=None),))))

    assert finding.severity is Severity.WARNING
    assert "worker 9000" in finding.evidence


def test_a_young_worker_may_be_unmeasured() -> None:
    young = worker_process(started=NOW.timestamp() - 60)
    made = with_models(model(workers=(worker(memory=None),)), machine=machine(server=java(young)))

    assert severity(checks.system_metrics, made) is Severity.OK


def test_missing_gauges_show_a_dead_collector_unless_metrics_go_to_logs() -> None:
    bare = server(observation=observation(gauges={}))
    logged = server(observation=observation(mode=MetricsMode.LOG, gauges={}))

    assert severity(checks.system_metrics, facts(server=bare)) is Severity.WARNING
    assert severity(checks.system_metrics, facts(server=logged)) is Severity.OK


def test_a_young_server_is_given_time() -> None:
    young = machine(server=java(started=NOW.timestamp() - 20))

    assert "been up for 20 s" in only(checks.system_metrics, facts(machine=young)).title


def test_a_collector_that_is_switched_off_is_a_note() -> None:
    off = config({"disable_system_metrics": "true"})

    assert severity(checks.system_metrics, facts(config=off)) is Severity.NOTE


@pytest.mark.parametrize(
    ("free", "expected"),
    [(GB // 2, Severity.ERROR), (4 * GB, Severity.WARNING), (6 * GB, Severity.OK)],
)
def test_disk_space(free: int, expected: Severity) -> None:
    full = machine(models=folder("/tmp/models", free=free))

    assert severity(disk.free_space, facts(machine=full)) is expected


@pytest.mark.parametrize(("size", "expected"), [(3 * GB, Severity.WARNING), (GB, Severity.OK)])
def test_large_logs(size: int, expected: Severity) -> None:
    assert severity(disk.logs, facts(machine=machine(logs=folder(size=size)))) is expected


def test_leftovers_are_named_when_workers_stand_in_all_other_folders() -> None:
    left = machine(models=folder("/tmp/models", entries=("0", "old")))

    finding = only(disk.leftovers, facts(machine=left))

    assert (finding.severity, finding.title) == (Severity.NOTE, "1 unpacked model was left behind")
    assert finding.remedy == "cd /tmp/models && rm -r old"


def test_leftovers_that_cannot_be_told_apart_wait_for_the_servers_end() -> None:
    idle = machine(
        server=java(worker_process(directory=Path("/elsewhere"))),
        models=folder("/tmp/models", entries=("a", "b")),
    )

    assert only(disk.leftovers, facts(machine=idle)).remedy.startswith("stop the server")


def test_many_leftovers_are_a_warning() -> None:
    left = machine(models=folder("/tmp/models", entries=("0", "old"), size=6 * GB))

    assert severity(disk.leftovers, facts(machine=left)) is Severity.WARNING
