"""Tests on a fake server, and the servers that happen to run on this machine."""

from __future__ import annotations

import psutil
import pytest

from tsmon.docker import containers
from tsmon.serving import contained


@pytest.fixture(autouse=True)
def no_other_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else runs here: a fake server's address must not lead to the logs of a real one."""
    none: list[containers.ContainerFacts] = []
    monkeypatch.setattr(psutil, "process_iter", lambda: iter(()))
    monkeypatch.setattr(containers, "running_containers", lambda publishing=None: none)
    monkeypatch.setattr(contained, "running_containers", lambda: none)
