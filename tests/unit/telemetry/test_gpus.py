"""The GPU beside its worker: `nvidia-smi`, the gauges, describe, in this order.

There is no GPU where these run: a script stands in for `nvidia-smi`.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.unit.telemetry.scrapes import at
from tsmon.telemetry.gpus import OLD_S, REST_S, GpuReader, gpu_now, published_gpus
from tsmon.telemetry.scrape import parse_scrape
from tsmon.torchserve.gpu import GpuUse
from tsmon.units import MIB

GAUGES = """# TYPE GPUUtilization gauge
GPUUtilization{Level="Host",DeviceId="0",Hostname="h",} 10.0
GPUUtilization{Level="Host",DeviceId="1",Hostname="h",} 90.0
# TYPE GPUMemoryUsed gauge
GPUMemoryUsed{Level="Host",DeviceId="1",Hostname="h",} 2048.0
"""


def test_gauges_are_read_by_device() -> None:
    found = published_gpus(parse_scrape(GAUGES, at(0)).published)
    assert found == {"0": GpuUse("0", 0.1), "1": GpuUse("1", 0.9, 2048 * MIB)}


def test_the_first_that_knows_the_device_is_believed() -> None:
    described, gauges = GpuUse("1", 0.0, 0), {"1": GpuUse("1", 0.5)}
    assert gpu_now(described, {"1": GpuUse("1", 0.9)}, gauges).share == 0.9
    assert gpu_now(described, {"0": GpuUse("0", 0.9)}, gauges).share == 0.5
    assert gpu_now(described, {}, {}) is described


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def _stand_in(folder: Path, script: str) -> None:
    path = folder / "nvidia-smi"
    path.write_text(f"#!/bin/sh\necho asked >> {folder}/log\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def _settled(reader: GpuReader) -> None:
    deadline = time.monotonic() + 10
    while reader._thread is not None and reader._thread.is_alive():
        assert time.monotonic() < deadline
        reader._thread.join(0.1)


def test_nvidia_smi_is_asked_beside_the_ticks(here: Path) -> None:
    _stand_in(here, "echo '0, 35, 18950, 24576'")
    clock = Clock()
    reader = GpuReader(clock)
    assert reader.read() == {}  # nothing waits for it
    _settled(reader)
    assert reader.read() == {"0": GpuUse("0", 0.35, 18950 * MIB, 24576 * MIB)}
    assert (here / "log").read_text().count("asked") == 1
    clock.now += OLD_S + 1
    (here / "nvidia-smi").unlink()
    assert reader.read() == {}


def test_failure_is_left_alone_for_a_while(here: Path) -> None:
    _stand_in(here, "exit 9")
    clock = Clock()
    reader = GpuReader(clock)
    reader.read()
    _settled(reader)
    clock.now += REST_S / 2
    reader.read()
    _settled(reader)
    assert (here / "log").read_text().count("asked") == 1
