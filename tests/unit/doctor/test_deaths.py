from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.doctor.made import folder, machine, model, observation, server, worker
from tsmon.doctor.deaths import read_deaths
from tsmon.telemetry.snapshot import ModelKey

_SAID = """\
Backend worker process died.
Traceback (most recent call last):
  File "model_service_worker.py", line 1, in run_server
ModuleNotFoundError: No module named 'captum'
"""
DOWN = model(workers=(worker(status="UNLOADING"),))


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    thread = "2026-11-22T12:00:00,000 [INFO ] W-9000-mnist_1.0-stdout MODEL_LOG - "
    lines = "".join(f"{thread}{line}\n" for line in _SAID.splitlines())
    (tmp_path / "model_log.log").write_text(lines)
    return tmp_path


def test_the_cause_of_a_worker_that_is_down_is_read(logs: Path) -> None:
    found = read_deaths(server(observation=observation(DOWN)), machine(logs=folder(str(logs))))

    assert "captum" in found[ModelKey("mnist", "1.0")].message


def test_the_logs_of_ready_workers_are_not_read(logs: Path) -> None:
    assert read_deaths(server(), machine(logs=folder(str(logs)))) == {}


def test_without_logs_or_server_nothing_is_known(logs: Path) -> None:
    assert read_deaths(server(observation=observation(DOWN)), machine(logs=None)) == {}
    assert read_deaths(None, machine(logs=folder(str(logs)))) == {}
