"""A fake server and a folder of images for each test."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.elsewhere import no_other_server
from tests.fake import FakeTorchServe
from tests.tui.seat import PATIENCE_S, PERIOD_S
from tsmon.telemetry import incident
from tsmon.torchserve import rollout
from tsmon.tui.app import key_queue
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.state import rollouts

__all__ = ["no_other_server"]

LABELS = "0123456789"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for a person's fingers or a worker's start; wait for a busy machine."""
    monkeypatch.setattr(key_queue, "KEY_PATIENCE_S", PATIENCE_S)
    monkeypatch.setattr(rollouts, "ROLLOUT_QUIET_S", 0.02)
    monkeypatch.setattr(rollout, "ROLLOUT_POLL_S", 0.05)


@pytest.fixture(autouse=True)
def no_fault_isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every fault end the app, so that a test fails with it."""
    monkeypatch.setattr(TsmonApp, "ISOLATES", False)


@pytest.fixture(autouse=True)
def nobodys_clipboard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the clipboard of whoever runs the tests as it is."""
    monkeypatch.delenv("TMUX", raising=False)


@pytest.fixture(autouse=True)
def cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where incidents are written: not to the home of whoever runs the tests."""
    folder = tmp_path / "cards"
    monkeypatch.setattr(incident, "default_incidents", lambda: folder)
    return folder


@pytest.fixture
def fake() -> FakeTorchServe:
    """A server without models."""
    return FakeTorchServe()


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """Ten images, one for each digit."""
    folder = tmp_path / "samples"
    folder.mkdir()
    for label in LABELS:
        Image.new("L", (28, 28), 25 * int(label)).save(folder / f"image.{label}.png")
    return folder


@pytest.fixture
def options(samples: Path, tmp_path: Path) -> MonitorOptions:
    """A quick monitor with images and an empty model store."""
    store = tmp_path / "store"
    store.mkdir()
    return MonitorOptions(
        period_s=PERIOD_S,
        samples=samples,
        drawings=tmp_path / "drawings",
        model_store=store,
        server_home=tmp_path / "home",
    )
