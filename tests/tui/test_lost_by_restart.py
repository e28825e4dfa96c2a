"""What a restarted server forgot is offered to be registered again."""

from __future__ import annotations

import pytest

from tests.fake import FakeTorchServe, Loading
from tests.tui.seat import Seat, watching
from tsmon.tui.app.app import MonitorOptions


@pytest.fixture
def forgetful(fake: FakeTorchServe) -> FakeTorchServe:
    """A server that loads `kept` by itself, and two versions that were registered since."""
    fake.load("kept", at_start=True)
    fake.load("mnist", "1.0", workers=2)
    fake.load("mnist", "2.0")
    return fake


async def restart(seat: Seat, fake: FakeTorchServe) -> None:
    """Have the server be away for a while, and come back with what it loads by itself."""
    fake.kill()
    await seat.sees("connection refused")
    fake.restart()


async def test_it_is_said_once_and_undo_brings_it_back(
    forgetful: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(forgetful, options) as seat:
        await seat.sees("2/2", "kept")
        await restart(seat, forgetful)
        await seat.sees(
            "the server restarted without 2 versions",
            "U registers them again",
            "U register 2 versions again",
        )
        assert len(seat.app._notifications) == 1
        await seat.press("U")
        await seat.sees("2 versions registered again", "2/2")
        await seat.misses("register 2 versions again")
    assert forgetful.version("mnist", "1.0").min_workers == 2
    assert forgetful.registry.models["mnist"].default == "1.0"
    registered = [r for r in forgetful.requests if "url" in r.url.params]
    assert len(registered) == 2


async def test_one_that_does_not_come_up_is_said(
    forgetful: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(forgetful, options) as seat:
        await seat.sees("2/2", "kept")
        forgetful.version("mnist", "1.0").archive.loading = Loading.DIES
        await restart(seat, forgetful)
        await seat.sees("U register 2 versions again")
        await seat.press("U")
        await seat.sees("register mnist 1.0", "keeps dying while loading")
        assert "2.0" not in forgetful.registry.models["mnist"].versions


async def test_a_read_only_session_is_offered_nothing(
    forgetful: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(forgetful, options, read_only=True) as seat:
        await seat.sees("2/2", "kept")
        await restart(seat, forgetful)
        await seat.sees("2 models gone")
        await seat.misses("again")
