"""What the scale dialog predicts for the number typed."""

from __future__ import annotations

import pytest

from tests.fake import FakeTorchServe
from tests.tui.seat import Seat, watching
from tsmon.telemetry.traffic import Usage
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.screens.scale import ScaleDialog
from tsmon.tui.widgets.outlook_chart import OutlookChart


async def open_scale(seat: Seat) -> None:
    await seat.press("s")
    await seat.until(lambda: isinstance(seat.app.screen, ScaleDialog))


async def see_traffic(seat: Seat, fake: FakeTorchServe) -> None:
    """Twenty requests, half a millisecond of service each."""
    await seat.until(lambda: isinstance(_window(seat), Usage))
    fake.serve("mnist", n=20, inference_ms=0.6, queue_ms=0.1)
    await seat.until(lambda: isinstance(found := _window(seat), Usage) and found.arrived == 20)


def _window(seat: Seat) -> object:
    model = seat.monitor.model
    return model.traffic.window if model else None


async def test_it_predicts_for_the_number_typed_and_says_how_many_would_do(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    fake.serve("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("1/1 ready")
        await see_traffic(seat, fake)
        await open_scale(seat)
        await seat.sees("busy, queue", "p95", "(measured)", "1 worker would be enough")
        await seat.write("2")
        await seat.sees("change    1 → 2", "(extrapolated)", "1 worker would be enough")
        await seat.write("0")
        await seat.sees("every request gets a 503", "1 worker would be enough")
        await seat.misses("busy, queue")


async def test_without_traffic_it_says_why_it_cannot_tell(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    fake.serve("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("1/1 ready")
        await open_scale(seat)
        await seat.sees("The required workers are not known", "no traffic was seen")
        await seat.write("3")
        await seat.sees("change    1 → 3", "The required workers are not known")


async def test_batches_of_unknown_length_that_are_waited_for_are_beyond_the_model(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist").settings["batch_size"] = 8
    fake.serve("mnist")
    async with watching(fake, options, size=(80, 24)) as seat:
        await seat.sees("1/1 ready")
        await see_traffic(seat, fake)
        await open_scale(seat)
        await seat.sees("required workers are not known", "a worker waits 100 ms")


async def test_batches_that_nobody_waits_for_are_predicted_for(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist").settings |= {"batch_size": 8, "max_batch_delay": 0}
    fake.serve("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("1/1 ready")
        await see_traffic(seat, fake)
        await open_scale(seat)
        await seat.sees("busy, queue", "1 worker would be enough")


@pytest.mark.parametrize("size", [(80, 24), (120, 30), (220, 60)])
async def test_the_prediction_is_a_ghost_on_the_chart_for_the_number_typed(
    fake: FakeTorchServe, options: MonitorOptions, size: tuple[int, int]
) -> None:
    fake.load("mnist")
    fake.serve("mnist")
    async with watching(fake, options, size=size) as seat:
        await seat.sees("1/1 ready" if size[0] > 100 else "1/1")
        await see_traffic(seat, fake)
        await open_scale(seat)
        await seat.sees("mean time of requests", "dashed: predicted", "1 worker: mean 0.")
        await seat.write("2")
        await seat.sees("2 workers: mean about 0.", "! how long a request takes with 2 busy")
        await seat.write("0")
        await seat.sees("no prediction, see below")
        await seat.misses("╌")


async def test_without_a_prediction_there_is_no_ghost_and_a_word_why(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    fake.serve("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("1/1 ready")
        await open_scale(seat)
        await seat.sees("no prediction, see below", "no traffic was seen")
        await seat.misses("╌")


async def test_a_low_terminal_has_the_words_alone(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    fake.serve("mnist")
    async with watching(fake, options, size=(60, 20)) as seat:
        await seat.sees("1/1")
        await see_traffic(seat, fake)
        await open_scale(seat)
        await seat.sees("busy, queue", "1 worker would be enough")
        assert not seat.find(OutlookChart).display
