"""A server to have states."""

from __future__ import annotations

import pytest

from tests.fake import FakeTorchServe
from tsmon.declared import applying


@pytest.fixture
def fake() -> FakeTorchServe:
    return FakeTorchServe()


@pytest.fixture(autouse=True)
def little_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait long for requests that no one sends."""
    monkeypatch.setattr(applying, "GRACE_S", 0.01)
