"""The first steps where no server answers."""

from __future__ import annotations

from msgspec.structs import replace

from tests.fake import FakeTorchServe
from tests.tui.seat import watching
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.screens.start_server import StartServerDialog


def welcomed(options: MonitorOptions) -> MonitorOptions:
    return replace(options, welcome=True)


async def test_without_a_server_the_demo_is_offered_and_leaves_for_it(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.kill()
    async with watching(fake, welcomed(options)) as seat:
        await seat.sees("No TorchServe here yet", "Try the demo", "tsmon --server")
        await seat.press("enter")
        await seat.until(lambda: seat.app.wants_demo)
    assert seat.app.return_value == 0


async def test_a_server_can_be_started_from_there(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.kill()
    async with watching(fake, welcomed(options)) as seat:
        await seat.sees("No TorchServe here yet")
        await seat.press("down", "enter")
        await seat.until(lambda: isinstance(seat.app.screen, StartServerDialog))


async def test_it_is_offered_once(fake: FakeTorchServe, options: MonitorOptions) -> None:
    fake.kill()
    async with watching(fake, welcomed(options)) as seat:
        await seat.sees("No TorchServe here yet")
        await seat.press("escape")
        ticks = len(seat.monitor.session.monitor.past)
        await seat.until(lambda: len(seat.monitor.session.monitor.past) > ticks + 1)
        assert "No TorchServe here yet" not in seat.text


async def test_where_a_server_answers_nothing_is_offered(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(fake, welcomed(options)) as seat:
        await seat.sees("up", "No models are registered.")
        assert "No TorchServe here yet" not in seat.text
