"""Digits that were sent and what came back, as pictures."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.fake import FakeTorchServe
from tests.snapshots.album import at_each
from tests.snapshots.clock import SceneClock
from tests.snapshots.stage import Stage, staged
from tsmon.digits.canvas import Brush, Canvas, Pen
from tsmon.telemetry.snapshot import ModelKey
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.screens.draw_pad import DrawPad
from tsmon.tui.screens.picker import Picker
from tsmon.tui.text.symbols import Symbols
from tsmon.tui.widgets.live_table import LiveTable
from tsmon.tui.widgets.pixel_view import PixelView
from tsmon.tui.widgets.results_view import ResultView

SIZES = [(60, 20), (80, 24), (120, 30), (140, 40), (220, 60)]
MNIST = ModelKey("mnist", "1.0")


@pytest.fixture
def digits(project: MonitorOptions) -> MonitorOptions:
    """Drawn with characters, so that a text picture shows the digits."""
    return replace(project, symbols=Symbols.ASCII)


async def opened(stage: Stage) -> None:
    await stage.ticks(2)
    await stage.until(lambda: stage.monitor.sending.desk.folder)
    await stage.until(lambda: stage.monitor.model is not None)


async def answered(stage: Stage, number: int) -> None:
    desk = stage.monitor.sending.desk
    await stage.until(lambda: desk.book.of(MNIST).score.sent == number and not desk.under_way)


def draw_a_seven(canvas: Canvas) -> None:
    """Two strokes."""
    pen = Pen(Brush.BROAD)
    canvas.press((7.5, 7.5), pen)
    canvas.drag((20.5, 7.5))
    canvas.drag((12.5, 22.5))
    canvas.lift()


async def test_the_pane_with_answers(
    elsewhere: FakeTorchServe, clock: SceneClock, digits: MonitorOptions
) -> None:
    async with staged(elsewhere, clock, digits) as stage:
        await opened(stage)
        await stage.press("4", *["i", "down"] * 9)
        await answered(stage, 9)
        await stage.ticks(1)
        await at_each(stage, "digits", [(80, 24), (120, 30), (220, 60)])
        await stage.press("z")
        await at_each(stage, "digits-alone", [(60, 20)])


async def test_the_picker_with_answers(
    elsewhere: FakeTorchServe, clock: SceneClock, digits: MonitorOptions
) -> None:
    async with staged(elsewhere, clock, digits, size=(140, 40)) as stage:
        await opened(stage)
        await stage.press("b")
        await stage.until(lambda: isinstance(stage.app.screen, Picker))
        await stage.sees("120 images")
        await stage.press(*["space"] * 12, "s")
        await answered(stage, 12)
        await stage.sees("12 marked", "11/12 correct")
        await stage.until(lambda: stage.find(PixelView, "#look-seen").grid is not None)
        # The cursor stays with the answer that came first, which is another each time.
        stage.find(LiveTable, f"#{ResultView.ANSWERS}").action_first()
        await at_each(stage, "picker-answers", SIZES)
        await stage.press("o", "o")
        await stage.sees("found")
        await at_each(stage, "picker-confusion", [(140, 40)])
        await stage.press("tab")
        await at_each(stage, "picker-digit", [(60, 20), (80, 24)])
        await stage.press("tab")
        await at_each(stage, "picker-results", [(60, 20), (80, 24)])


async def test_the_draw_pad_with_a_prediction(
    elsewhere: FakeTorchServe, clock: SceneClock, digits: MonitorOptions
) -> None:
    async with staged(elsewhere, clock, digits) as stage:
        await opened(stage)
        await stage.press("w")
        await stage.until(lambda: isinstance(stage.app.screen, DrawPad))
        draw_a_seven(stage.monitor.sending.desk.canvas)
        await stage.press("space", "down", "space")
        await stage.sees("predicted 7")
        await stage.until(lambda: stage.find(PixelView).grid is not None)
        await at_each(stage, "draw-pad-predicted", SIZES)
        await stage.press("s")
        await stage.sees("Which digit is it?")
        await at_each(stage, "draw-pad-label", [(60, 20), (120, 30)])
