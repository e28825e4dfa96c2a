"""The draw pad, key by key and by mouse."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO

import httpx
import pytest
from PIL import Image

from tests.fake import FakeTorchServe
from tests.tui.seat import Seat, watching
from tsmon.digits.canvas import Brush, Canvas
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.screens import draw_pad
from tsmon.tui.screens.draw_pad import DrawPad
from tsmon.tui.screens.list_dialog import ChooseVersion
from tsmon.tui.widgets.canvas_view import CanvasView
from tsmon.tui.widgets.digits_pane import DigitsPane
from tsmon.tui.widgets.pixel_view import PixelView


@asynccontextmanager
async def drawing(
    fake: FakeTorchServe, options: MonitorOptions, size: tuple[int, int] = (100, 30)
) -> AsyncIterator[tuple[Seat, Canvas]]:
    """A draw pad on a blank canvas, to the model if there is one."""
    async with watching(fake, options, size=size) as seat:
        await seat.until(lambda: seat.monitor.sending.desk.folder)
        await seat.until(lambda: seat.monitor.model is not None or not fake.registry.models)
        await seat.press("w")
        await seat.until(lambda: isinstance(seat.app.screen, DrawPad))
        await seat.until(lambda: seat.find(CanvasView).has_focus)
        yield seat, seat.monitor.sending.desk.canvas


def ink(canvas: Canvas, x: int, y: int) -> int:
    return canvas.pixels.at(x, y)


async def test_a_line_drawn_by_keys_is_predicted_while_it_grows(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with drawing(fake, options) as (seat, canvas):
        await seat.sees("to mnist 1.0", "draw a digit", "○ pen up")
        column, row = seat.find(CanvasView).place
        await seat.press("space")
        await seat.sees("● pen down", "predicted 7", "91.0%", "> 7 ████", "  3 ", "1.0%")
        await seat.press("down", "j", "right", "l", "k", "h", "up", "left")
        assert ink(canvas, column, row + 2) == ink(canvas, column + 2, row + 2) == 255
        assert 0 < ink(canvas, column - 1, row + 1) < 255  # a soft edge
        await seat.press("space", "down", "down", "down", "down")
        await seat.sees("○ pen up")
        assert ink(canvas, column, row + 5) == 0
        await seat.until(lambda: seat.find(PixelView).grid is not None)
    posted = [r.content for r in fake.requests if r.url.path == "/predictions/mnist/1.0"]
    with Image.open(BytesIO(posted[-1])) as picture:
        assert (picture.format, picture.size, picture.mode) == ("PNG", (28, 28), "L")
        assert picture.getpixel((column, row)) == 255


async def test_undo_redo_clear_erase_and_brushes(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with drawing(fake, options) as (seat, canvas):
        view = seat.find(CanvasView)
        await seat.press("plus")
        await seat.sees("broad brush")
        await seat.press("minus", "minus", "minus", "minus")
        await seat.sees("fine brush")
        assert view.pen.brush is Brush.FINE
        await seat.press("plus", "space", "right", "right", "space")
        drawn = canvas.pixels
        await seat.press("u")
        await seat.sees("draw a digit")
        assert canvas.is_blank
        await seat.press("U")
        assert canvas.pixels == drawn
        await seat.press("e")
        await seat.sees("erasing")
        await seat.press("space")
        assert ink(canvas, *view.place) == 0
        await seat.press("e", "ctrl+z", "ctrl+z", "ctrl+y", "c")
        assert canvas.is_blank
        await seat.press("u")
        assert not canvas.is_blank


@pytest.mark.parametrize(("button", "shift"), [(3, False), (1, True)])
async def test_the_mouse_draws_and_rubs_out(
    fake: FakeTorchServe, options: MonitorOptions, button: int, shift: bool
) -> None:
    fake.load("mnist")
    async with drawing(fake, options) as (seat, canvas):
        view = seat.find(CanvasView)
        await seat.pilot.mouse_down(view, offset=(4, 3))
        await seat.pilot.hover(view, offset=(12, 3))
        await seat.pilot.mouse_up(view, offset=(12, 3))
        assert ink(canvas, 8, 6) > 200
        await seat.pilot.hover(view, offset=(20, 10))
        assert ink(canvas, 20, 20) == 0
        await seat.sees("predicted 7")
        await seat.pilot.mouse_down(view, offset=(8, 3), button=button, shift=shift)
        await seat.pilot.mouse_up(view, offset=(8, 3))
        await seat.until(lambda: ink(canvas, 8, 6) == 0)
        await seat.press("u")
        assert ink(canvas, 8, 6) > 200


async def test_of_many_drawings_only_the_newest_is_asked_about(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with drawing(fake, options) as (seat, canvas):
        hold = fake.hold("/predictions")
        await seat.press("space")
        await seat.until(lambda: hold.waiting)
        await seat.press(*["right"] * 6)
        assert len(hold.waiting) == 1
        hold.release()
        await seat.until(lambda: len(fake.sent("POST", "/predictions")) == 2)
        await seat.sees("predicted 7")
        posted = [r for r in fake.requests if r.url.path.startswith("/predictions")]
        with Image.open(BytesIO(posted[-1].content)) as picture:
            assert picture.tobytes() == canvas.pixels.pixels


async def test_it_says_so_when_nobody_answers_and_goes_on_by_itself(
    fake: FakeTorchServe, options: MonitorOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draw_pad, "DRAW_RETRY_S", 0.1)
    fake.load("mnist", workers=0)
    async with drawing(fake, options) as (seat, _):
        await seat.press("space")
        await seat.sees("✗ no worker or queue full", "it has no worker", "tsmon scale mnist")
        fake.registry.scale(fake.version("mnist"), 1, 1)
        await seat.sees("predicted 7")
        fake.kill()
        await seat.press("right")
        await seat.sees("✗ no TorchServe is answering")
        fake.start()
        fake.load("mnist")
        await seat.sees("predicted 7")


async def test_an_answer_without_probabilities_is_shown_bare(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("other")
    fake.fail("/predictions", httpx.Response(200, text=json.dumps(["tabby", "cat"])))
    async with drawing(fake, options) as (seat, _):
        await seat.press("space")
        await seat.sees('predicted ["tabby", "cat"]')
        assert "█" not in seat.text


async def test_a_drawing_is_kept_under_its_label_and_shown_in_the_picker(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    assert options.drawings is not None
    async with drawing(fake, options) as (seat, canvas):
        await seat.press("s")
        await seat.sees("there is nothing to save yet")
        await seat.press("space", "down", "3")
        assert not options.drawings.exists()  # a digit alone keeps nothing
        await seat.press("s")
        await seat.sees("Which digit is it?")
        await seat.press("escape", "s", "3")
        await seat.until(lambda: options.drawings and list(options.drawings.glob("*.png")))
        (kept,) = options.drawings.glob("*.png")
        await seat.sees("saved as")
        assert kept.name.startswith("drawn-")
        assert kept.name.endswith(".3.png")
        with Image.open(kept) as picture:
            assert picture.tobytes() == canvas.pixels.pixels
        await seat.press("s", "minus")
        await seat.until(lambda: options.drawings and len(list(options.drawings.iterdir())) == 2)
        await seat.press("escape", "b")
        await seat.sees("Picker")
        await seat.press("d")
        await seat.until(lambda: len(seat.monitor.sending.desk.payloads) == 2)
        images = seat.monitor.sending.desk.payloads
        assert sorted(str(image.label) for image in images) == ["3", "None"]
        await seat.sees("2 images")


async def test_after_a_drawing_is_saved_random_images_are_of_the_folder_as_before(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with drawing(fake, options) as (seat, _):
        await seat.press("space", "down", "s", "3")
        await seat.sees("saved as", "b opens the picker, d there the drawings")
        await seat.press("escape")
        await seat.until(lambda: len(seat.find(DigitsPane).payloads) == 10)
        await seat.press("n")
        await seat.until(lambda: seat.find(DigitsPane).score.sent == 10)


async def test_a_page_costs_no_charts_and_the_monitor_is_up_to_date_behind_it(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with drawing(fake, options) as (seat, _):
        fake.load("mnist", workers=3)
        workers = seat.monitor.workers_pane
        await seat.until(lambda: len(seat.monitor.model.workers) == 3)  # type: ignore[union-attr]
        assert len(workers.table.items) == 1
        await seat.press("escape")
        await seat.until(lambda: len(workers.table.items) == 3)


async def test_a_folder_that_cannot_be_written_is_told(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    assert options.drawings is not None
    options.drawings.write_text("a file is in the way")
    async with drawing(fake, options) as (seat, canvas):
        await seat.press("space", "s", "1")
        await seat.sees("cannot write")
        assert not canvas.is_blank


async def test_another_version_is_asked_and_the_drawing_stays(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist", "1.0")
    fake.load("mnist", "2.0", digit=lambda body: 4)
    async with drawing(fake, options) as (seat, canvas):
        await seat.press("space")
        await seat.sees("predicted 7")
        await seat.press("v")
        await seat.until(lambda: isinstance(seat.app.screen, ChooseVersion))
        await seat.press("down", "enter")
        await seat.sees("to mnist 2.0", "predicted 4")
        await seat.press("escape", "w")
        await seat.sees("Draw pad", "predicted 4")
        assert not canvas.is_blank


async def test_without_a_model_it_still_draws_and_asks_the_first_one_that_comes(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with drawing(fake, options) as (seat, canvas):
        await seat.press("space")
        await seat.sees("no version selected", "● pen down")
        assert not canvas.is_blank
        fake.load("mnist")
        await seat.sees("to mnist 1.0", "predicted 7")


@pytest.mark.parametrize(
    ("size", "columns"), [((60, 20), 28), ((80, 24), 28), ((120, 30), 28), ((160, 45), 56)]
)
async def test_it_fits_the_terminal(
    fake: FakeTorchServe, options: MonitorOptions, size: tuple[int, int], columns: int
) -> None:
    fake.load("mnist")
    async with drawing(fake, options, size) as (seat, canvas):
        await seat.press("space", "right")
        await seat.sees("predicted 7", "  9 ", "1.0%", "● pen down")
        view = seat.find(CanvasView)
        assert (view.region.width, view.region.height) == (columns, columns // 2)
        assert view.region.right <= size[0]
        await seat.press("g", "g", "c")  # plain characters
        await seat.misses("▀")
        assert canvas.is_blank
