"""Comparing a screen with the picture of it that was taken and looked at."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.elsewhere import no_other_server
from tests.snapshots.scene import record_scene

__all__ = ["no_other_server"]

TAKEN = Path(__file__).parent / "taken"
TAKE = "TSMON_TAKE_SNAPSHOTS"
"""Set it to take the pictures anew: `make snapshots`. Look at the difference before committing."""

Compare = Callable[[str, str], None]


@pytest.fixture
def same_as_taken() -> Compare:
    """Compares a screen, as text, with the file of that name."""

    def compare(name: str, text: str) -> None:
        file = TAKEN / f"{name}.txt"
        picture = "".join(f"{line.rstrip()}\n" for line in text.splitlines())
        if os.environ.get(TAKE):
            file.parent.mkdir(exist_ok=True)
            file.write_text(picture, encoding="utf-8")
        assert file.is_file(), f"no picture of {name} was taken; `make snapshots` takes it"
        assert picture == file.read_text(encoding="utf-8")

    return compare


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
