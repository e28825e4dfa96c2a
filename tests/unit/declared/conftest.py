"""A server to have states."""

from __future__ import annotations

import pytest

from tests.fake import FakeTorchServe


@pytest.fixture
def fake() -> FakeTorchServe:
    return FakeTorchServe()
