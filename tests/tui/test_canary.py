"""Two versions of a model beside each other, and the promotion of one."""

from __future__ import annotations

from itertools import count

from textual.widgets import Button

from tests.fake import FakeTorchServe
from tests.tui.seat import Seat, watching
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.screens.canary import Canary
from tsmon.tui.screens.confirm import Confirm


async def opened(seat: Seat) -> None:
    await seat.until(lambda: seat.monitor.sending.desk.folder)
    await seat.until(lambda: seat.monitor.model is not None)
    await seat.press("V")
    await seat.until(lambda: isinstance(seat.app.screen, Canary))


def two_versions(fake: FakeTorchServe) -> None:
    """One that takes every digit for a 7, and one that takes every second image for a 3."""
    asked = count()
    fake.load("mnist", "1.0")
    fake.load("mnist", "2.0", digit=lambda image: 3 if next(asked) % 2 else 7)


async def test_disagreements_come_first_and_the_numbers_stand_beside_each_other(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    two_versions(fake)
    async with watching(fake, options, size=(80, 24)) as seat:
        await opened(seat)
        await seat.sees("1.0 ★", "2.0", "1/1 ready", "not enough to compare", "n sends the same")
        await seat.press("n")
        await seat.sees("they differ in 5 of 10")
        seen = [line.split()[0] for line in seat.text.splitlines() if "91.0%" in line]
        assert seen == sorted(seen, key=["≠", "="].index)
        desk = seat.monitor.sending.desk
        assert desk.comparison is not None
        assert all(
            pair.first.payload.path == pair.second.payload.path for pair in desk.comparison.pairs
        )


async def test_the_second_version_is_promoted_after_the_usual_question_and_back(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    two_versions(fake)
    async with watching(fake, options) as seat:
        await opened(seat)
        await seat.press("D")
        await seat.until(lambda: isinstance(seat.app.screen, Confirm) and seat.app.focused)
        await seat.sees("Make mnist 2.0 the default version?")
        seat.find(Button, "#accept").press()
        await seat.sees("2.0 ★", "U default 1.0 again")
    assert fake.registry.models["mnist"].default == "2.0"


async def test_the_selected_version_is_compared_and_another_one_by_key(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    two_versions(fake)
    fake.load("mnist", "10.0")
    async with watching(fake, options) as seat:
        await opened(seat)
        await seat.sees("1.0 beside 10.0", "1 of 2 other versions")
        await seat.press("v")
        await seat.sees("1.0 beside 2.0")
        await seat.press("escape")
        await seat.until(lambda: seat.app.screen is seat.monitor)
        await seat.press("down")
        await seat.until(lambda: str(seat.monitor.selected) == "mnist 2.0")
        await seat.press("V")
        await seat.sees("1.0 beside 2.0")


async def test_read_only_sends_and_does_not_promote(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    two_versions(fake)
    async with watching(fake, options, read_only=True) as seat:
        await opened(seat)
        await seat.press("n")
        await seat.sees("they differ in 5 of 10")
        await seat.press("D")
        await seat.sees("the default version cannot be changed here")
    assert not fake.sent("PUT")


async def test_one_version_has_nothing_beside_it(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.until(lambda: seat.monitor.model is not None)
        await seat.press("V")
        await seat.sees("mnist has no other version")
