"""The same change asks the same question by every way to it, and is asked until it is done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import pytest
from textual.widgets import Button

from tests.fake import FakeTorchServe
from tests.tui.seat import Seat, watching
from tests.tui.test_command_line import command
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.screens.confirm import Confirm
from tsmon.tui.screens.plan_experiment import PlanExperiment
from tsmon.tui.screens.scale import ScaleDialog
from tsmon.tui.state import risk as weighing
from tsmon.tui.state.risk import Risk, is_busy

Way = Callable[[Seat], Awaitable[None]]


async def by_key(seat: Seat) -> None:
    await seat.press("minus")


async def by_number(seat: Seat) -> None:
    await seat.press("s")
    await seat.until(lambda: isinstance(seat.app.screen, ScaleDialog) and seat.app.focused)
    await seat.write("2")
    await seat.press("enter")


async def by_command(seat: Seat) -> None:
    await command(seat, "scale 2")
    await seat.until(lambda: isinstance(seat.app.screen, ScaleDialog) and seat.app.focused)
    await seat.press("enter")


async def by_mouse(seat: Seat) -> None:
    await seat.app.run_action("screen.do('workers.fewer')", seat.monitor)


async def marked_by_key(seat: Seat) -> None:
    await seat.press("space", "minus")


async def by_undo(seat: Seat) -> None:
    await seat.press("U")


async def by_experiment(seat: Seat) -> None:
    await seat.press("x")
    await seat.until(lambda: isinstance(seat.app.screen, PlanExperiment) and seat.app.focused)
    await seat.press("enter")


WAYS: Mapping[str, Way] = {
    "key": by_key,
    "number": by_number,
    "command": by_command,
    "mouse": by_mouse,
    "marked": marked_by_key,
    "undo": by_undo,
    "experiment": by_experiment,
}


async def three_workers(seat: Seat, fake: FakeTorchServe, *, busy: bool) -> None:
    """Have a third worker, which can be taken back, and requests that wait perhaps."""
    await seat.sees("2/2 ready")
    await seat.press("plus")
    await seat.sees("3/3 ready")
    fake.version("mnist").queued = 4 if busy else 0
    watched = seat.monitor.session.monitor
    await seat.until(lambda: is_busy(watched.latest.models[0]) == busy)


@pytest.mark.parametrize("way", WAYS)
async def test_fewer_workers_under_traffic_are_asked_about(
    fake: FakeTorchServe, options: MonitorOptions, way: str
) -> None:
    fake.load("mnist", workers=2)
    async with watching(fake, options) as seat:
        await three_workers(seat, fake, busy=True)
        sent = fake.sent("PUT")
        await WAYS[way](seat)
        await seat.until(lambda: isinstance(seat.app.screen, Confirm))
        await seat.sees(Risk.LOSS.words, "newest workers go first")
        await seat.press("escape")
        await seat.until(lambda: seat.app.screen is seat.monitor)
        assert fake.sent("PUT") == sent


@pytest.mark.parametrize("way", [way for way in WAYS if way != "experiment"])
async def test_fewer_workers_without_traffic_are_no_question(
    fake: FakeTorchServe, options: MonitorOptions, way: str
) -> None:
    fake.load("mnist", workers=2)
    async with watching(fake, options) as seat:
        await three_workers(seat, fake, busy=False)
        await WAYS[way](seat)
        await seat.sees("2/2 ready")


async def test_what_was_declined_can_still_be_taken_back(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist", workers=2)
    async with watching(fake, options) as seat:
        await three_workers(seat, fake, busy=True)
        for _ in range(2):
            await seat.press("U")
            await seat.until(lambda: isinstance(seat.app.screen, Confirm))
            await seat.press("escape")
            await seat.until(lambda: seat.app.screen is seat.monitor)
        await seat.press("U")
        await seat.until(lambda: isinstance(seat.app.screen, Confirm))
        seat.find(Button, "#accept").press()
        await seat.sees("2/2 ready")
        await seat.until(lambda: not seat.monitor.offers("model.undo"))


async def test_how_grave_a_change_is_depends_on_it_and_the_present_alone(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist", workers=2).queued = 4
    fake.load("empty", workers=0)
    async with watching(fake, options) as seat:
        await seat.sees("2/2", "0/0")
        empty, busy = seat.monitor.session.monitor.latest.models
    assert weighing.weigh(busy, weighing.WorkerChange(2, 3)) is None
    assert weighing.weigh(busy, weighing.WorkerChange(2, 1)) is Risk.LOSS
    assert weighing.weigh(busy, weighing.WorkerChange(2, 0)) is Risk.LAST
    assert weighing.weigh(busy, weighing.Removal(())) is Risk.LAST
    assert weighing.weigh(busy, weighing.Removal((empty,))) is Risk.LOSS
    assert weighing.weigh(empty, weighing.Removal(())) is Risk.CHANGE
    assert weighing.weigh(empty, weighing.Removal((), "from a URL")) is Risk.FINAL
    assert weighing.weigh(busy, weighing.NewDefault(empty)) is Risk.CHANGE
    assert weighing.weigh(empty, weighing.NewDefault(busy)) is Risk.LAST
    assert weighing.weigh(busy, weighing.Restart(one_at_a_time=True)) is Risk.LOSS
    assert weighing.weigh(busy, weighing.Restart(one_at_a_time=False)) is Risk.LAST
    assert weighing.weigh(empty, weighing.Restart(one_at_a_time=False)) is Risk.CHANGE
    assert weighing.gravest([None, Risk.LOSS, Risk.CHANGE]) is Risk.LOSS
    assert weighing.gravest([None]) is None
