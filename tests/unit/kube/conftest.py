from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.fake.loopback import Loopback, beside
from tests.kubectl_stand_in import Cluster, install


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    return install(tmp_path / "kube", monkeypatch)


@pytest.fixture
def answering() -> Iterator[Loopback]:
    """What answers in a pod."""
    with beside() as loopback:
        yield loopback


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until something holds, of which there is no news to wait for."""
    deadline = time.monotonic() + 20.0
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def runs(pid: int) -> bool:
    """Whether a process is there and has not ended."""
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False
