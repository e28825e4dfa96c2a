"""A fake server on real sockets with a model of three workers, and images to send."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fake.loopback import Loopback, on_loopback
from tsmon.digits.images import DigitImage
from tsmon.load.experiment import restoring, subject
from tsmon.torchserve import rollout
from tsmon.torchserve.client import TorchServe


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for a real server's pace."""
    monkeypatch.setattr(rollout, "ROLLOUT_POLL_S", 0.01)
    monkeypatch.setattr(subject, "SUBJECT_RETRY_S", 0.01)
    monkeypatch.setattr(restoring, "PAUSE_S", 0.01)
    monkeypatch.setattr(restoring, "ERRORS_S", 0.1)


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with on_loopback() as loopback:
        loopback.fake.load("mnist", workers=3)
        yield loopback


@pytest.fixture
async def client(server: Loopback) -> AsyncIterator[TorchServe]:
    async with server.fake.client() as opened:
        yield opened


@pytest.fixture
def images(tmp_path: Path) -> tuple[DigitImage, ...]:
    """Two images; the model answers 7 to both."""
    for name in ("a.7.png", "b.3.png"):
        (tmp_path / name).write_bytes(name.encode())
    return tuple(DigitImage.at(path) for path in sorted(tmp_path.glob("*.png")))
