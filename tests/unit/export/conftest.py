"""Programs that check what was exported, where they are installed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Promtool = Callable[..., str]


@pytest.fixture
def promtool() -> Promtool:
    """Runs promtool, which must be content, and gives what it says."""
    binary = shutil.which("promtool")
    if binary is None:
        pytest.skip("no `promtool` on PATH; Debian and Ubuntu: apt-get install prometheus")

    def call(*words: str | Path) -> str:
        done = subprocess.run(
            [binary, *map(str, words)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return call
