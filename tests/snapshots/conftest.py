"""What every picture rests on: a time and a place that are the same each time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.elsewhere import no_other_server
from tests.fake import FakeTorchServe
from tests.snapshots.clock import SceneClock
from tests.snapshots.scene import ELSEWHERE, record_scene
from tsmon.telemetry import monitor
from tsmon.telemetry.instant import Instant
from tsmon.torchserve import inference, procedure, rollout
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.state import rollouts

__all__ = ["no_other_server"]

SAMPLES = Path(__file__).parents[2] / "artifacts" / "samples"
ANSWER_S = 0.0083
STEP_S = 0.4


@pytest.fixture(autouse=True)
def nowhere_in_particular(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The pictures show times and folders, which must not depend on where they are taken."""
    monkeypatch.setenv("HOME", "/home/user")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recording."""
    file = tmp_path_factory.mktemp("scene") / "scene.tsmon"
    asyncio.run(record_scene(file))
    return file


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SceneClock:
    """The time of a scene; each answer and each step takes as long as any other."""
    clock = SceneClock()
    monkeypatch.setattr(Instant, "now", lambda: clock.now)
    monkeypatch.setattr(Instant, "age", lambda instant: clock.second - instant.monotonic)
    monkeypatch.setattr(inference, "time", SceneClock(stride_s=ANSWER_S))
    monkeypatch.setattr(procedure, "time", SceneClock(stride_s=STEP_S))
    monkeypatch.setattr(rollout, "time", SceneClock())
    monkeypatch.setattr(monitor, "random", SceneClock())
    monkeypatch.setattr(rollout, "ROLLOUT_POLL_S", 0.1)
    monkeypatch.setattr(rollouts, "ROLLOUT_QUIET_S", 0.02)
    return clock


@pytest.fixture
def elsewhere() -> FakeTorchServe:
    """A server on another machine, with two models; one has two versions."""
    fake = FakeTorchServe(addresses=ELSEWHERE)
    fake.load("mnist", "1.0", workers=2, digit=_reads_samples)
    fake.load("mnist", "2.0")
    fake.load("resnet", workers=1)
    return fake


def _reads_samples(body: bytes) -> int:
    """Reads the samples right, but for those of four; everything else is a seven to it."""
    label = _labels().get(body, 7)
    return 9 if label == 4 else label


@cache
def _labels() -> dict[bytes, int]:
    """The digits of the samples, by what is in their files."""
    return {path.read_bytes(): int(path.suffixes[0][1:]) for path in SAMPLES.glob("*.png")}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MonitorOptions:
    """The options of somebody who works in a project folder, named by relative paths."""
    folder = tmp_path / "digits"
    (folder / "store").mkdir(parents=True)
    (folder / "samples").symlink_to(SAMPLES)
    monkeypatch.chdir(folder)
    return MonitorOptions(
        samples=Path("samples"),
        drawings=Path("drawings"),
        model_store=Path("store"),
        server_home=Path("home"),
    )
