"""A folder on a file server that is gone: who reads it waits, and nothing else does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fake import FakeTorchServe
from tests.tui.seat import watching
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.screens import archive_list
from tsmon.tui.screens.register import RegisterDialog

MORE_THAN_ASYNCIO_HAS = 36


@pytest.fixture
def dead_store(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Looking into the model store never comes back; the looks that were begun."""
    released, begun = threading.Event(), list[Any]()

    def hang(store: Any) -> list[Any]:
        begun.append(store)
        released.wait()
        return []

    monkeypatch.setattr(archive_list, "list_archives", hang)
    yield begun
    released.set()


async def test_the_server_is_still_polled(
    fake: FakeTorchServe, options: MonitorOptions, dead_store: list[Any]
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        for number in range(1, MORE_THAN_ASYNCIO_HAS + 1):
            await seat.press("r")
            await seat.until(lambda: isinstance(seat.app.screen, RegisterDialog))
            await seat.until(lambda number=number: len(dead_store) == number)  # type: ignore[misc]
            await seat.press("escape")
            await seat.until(lambda: seat.app.screen is seat.monitor)
        fake.load("resnet")
        await seat.sees("resnet")
