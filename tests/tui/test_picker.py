"""The picker, key by key."""

from __future__ import annotations

import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.fake import FakeTorchServe
from tests.tui.seat import Seat, watching
from tsmon.telemetry.snapshot import ModelKey
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.screens.ask import AskAmount, AskCount
from tsmon.tui.screens.list_dialog import ChooseVersion
from tsmon.tui.screens.picker import Picker, PickerPart
from tsmon.tui.state.digits import Desk
from tsmon.tui.widgets.digits_pane import DigitsPane
from tsmon.tui.widgets.pixel_view import PixelView
from tsmon.tui.widgets.results_view import ResultsView
from tsmon.tui.widgets.thumb_grid import ThumbGrid

MNIST = ModelKey("mnist", "1.0")
SECOND = ModelKey("mnist", "2.0")


@asynccontextmanager
async def picking(
    fake: FakeTorchServe, options: MonitorOptions, size: tuple[int, int] = (130, 45)
) -> AsyncIterator[tuple[Seat, Desk]]:
    """A picker on the samples; the cursor is on the first image."""
    async with watching(fake, options, size=size) as seat:
        desk = seat.monitor.sending.desk
        await seat.until(lambda: desk.folder)
        await seat.until(lambda: seat.monitor.model is not None or not fake.registry.models)
        await seat.press("4", "b")
        await seat.until(lambda: isinstance(seat.app.screen, Picker))
        await seat.until(lambda: seat.find(ThumbGrid).has_focus)
        yield seat, desk


async def sent(seat: Seat, desk: Desk, key: ModelKey, count: int) -> None:
    """Wait until a version has answered so many, and nothing is under way."""
    await seat.until(lambda: desk.book.of(key).score.sent == count and not desk.under_way)


async def test_it_shows_the_file_and_what_the_model_sees_of_it(
    fake: FakeTorchServe, options: MonitorOptions, samples: Path
) -> None:
    Image.new("L", (60, 40), 255).save(samples / "a-bar.1.png")
    with Image.open(samples / "a-bar.1.png") as bar:
        bar.paste(0, (28, 5, 32, 35))
        bar.save(samples / "a-bar.1.png")
    fake.load("mnist")
    async with picking(fake, options) as (seat, _):
        await seat.sees("to mnist 1.0", "11 images", "a-bar.1.png", "the file, 60x40", "label 1")
        seen = seat.find(PixelView, "#look-seen")
        await seat.until(lambda: seen.grid is not None)
        assert seen.grid is not None
        # Dark on light became light on dark, twenty pixels high.
        inked = [y for y in range(28) if max(seen.grid.pixels[28 * y : 28 * y + 28]) > 127]
        assert len(inked) == 20
        assert seen.grid.at(0, 0) == 0


async def test_it_says_where_the_view_is_not_surely_the_models(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("resnet")
    async with picking(fake, options) as (seat, _):
        await seat.sees("what the digit handler sees")


async def test_a_model_that_comes_later_is_taken_up(
    fake: FakeTorchServe, options: MonitorOptions, samples: Path
) -> None:
    assert options.model_store is not None
    async with picking(fake, options) as (seat, _):
        await seat.sees("no version selected", "what the digit handler sees")
        archive = options.model_store / "resnet-1.0.mar"
        with zipfile.ZipFile(archive, "w") as packed:
            packed.writestr("handler.py", "# another handler")
        fake.load("resnet")
        await seat.sees("to resnet 1.0", "the digit handler would see")


async def test_the_cursor_goes_through_the_images(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with picking(fake, options) as (seat, desk):
        grid = seat.find(ThumbGrid)
        assert grid.cursor == 1  # the folder above comes first
        columns = grid._columns
        for key, place in (
            ("l", 2), ("right", 3), ("h", 2), ("down", 2 + columns), ("up", 2), ("end", 10),
            ("right", 10), ("home", 0), ("left", 0), ("up", 0), ("pagedown", 10), ("pageup", 0),
        ):  # fmt: skip
            await seat.press(key)
            await seat.pilot.pause()
            assert grid.cursor == place, key
        await seat.press("right", "right")
        await seat.sees("image.1.png")
        assert desk.chosen is not None
        assert desk.chosen.name == "image.1.png"


async def test_marks_are_set_inverted_and_sent_in_batches(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with picking(fake, options) as (seat, desk):
        await seat.press("s")
        await seat.sees("nothing is marked")
        await seat.press("space", "space")
        await seat.sees("2 marked", "■ 0", "■ 1")
        await seat.press("X")
        await seat.sees("8 marked")
        await seat.press("a")
        await seat.sees("10 marked")
        await seat.press("x")
        await seat.misses("marked images")
        assert not desk.marked
        await seat.press("m")
        await seat.until(lambda: isinstance(seat.app.screen, AskCount))
        await seat.write("11")
        await seat.press("enter")
        await seat.sees("images: use 1 to 10")
        await seat.write("7")
        await seat.press("enter")
        await seat.sees("7 marked")
        await seat.press("a", "N")
        await seat.until(lambda: isinstance(seat.app.screen, AskAmount))
        await seat.write("4")
        await seat.press("enter")
        await sent(seat, desk, MNIST, 4)
        await seat.press("s")
        await sent(seat, desk, MNIST, 14)
        assert desk.run is not None
        assert [batch.size for batch in desk.run.results] == [4, 4, 2]


async def test_the_walkthrough_is_one_key(fake: FakeTorchServe, options: MonitorOptions) -> None:
    fake.load("mnist", digit=lambda body: 3)
    async with picking(fake, options) as (seat, desk):
        await seat.press("W")
        await sent(seat, desk, MNIST, 80)
        await seat.sees("8/80 correct, 10.0%", "✗ 72 wrong", "BATCH", "✓ done")
        assert desk.run is not None
        assert [batch.size for batch in desk.run.results] == [10, 10, 10, 50]
        assert all(batch.score.sent == batch.size for batch in desk.run.results)


async def test_results_in_their_views(fake: FakeTorchServe, options: MonitorOptions) -> None:
    fake.load("mnist")
    async with picking(fake, options) as (seat, desk):
        await seat.sees("no answers yet")
        await seat.press("a", "s")
        await sent(seat, desk, MNIST, 10)
        await seat.sees("1/10 correct, 10.0%", "✓ right", "✗ wrong", "91.0%", "9 → 7 ✗", "7 → 7 ✓")
        await seat.press("o")
        await seat.misses("✓ right")
        await seat.sees("image.9.png")
        await seat.press("o")
        await seat.sees("actual", "other", "found", "[1]", "100.0%")
        await seat.press("o")
        await seat.sees("BATCH")
        await seat.press("o")
        await seat.sees("y sends the marked images")
        await seat.press("o", "c")
        await seat.sees("no answers yet")


async def test_from_a_wrong_one_to_its_image(fake: FakeTorchServe, options: MonitorOptions) -> None:
    fake.load("mnist")
    async with picking(fake, options) as (seat, desk):
        await seat.press("a", "s")
        await sent(seat, desk, MNIST, 10)
        await seat.press("backspace")
        await seat.until(lambda: desk.folder and desk.folder.path.name != "samples")
        await seat.press("o", "tab", "tab")
        await seat.until(lambda: seat.app.screen.part is PickerPart.RESULTS)  # type: ignore[attr-defined]
        await seat.press("down", "enter")
        await seat.until(lambda: desk.folder and desk.folder.path.name == "samples")
        await seat.until(lambda: desk.chosen and desk.chosen.name == "image.8.png")
        await seat.sees("label 8", "predicted 7 ✗")


async def test_a_label_is_set_for_the_session_and_judges_anew(
    fake: FakeTorchServe, options: MonitorOptions, samples: Path
) -> None:
    fake.load("mnist")
    async with picking(fake, options) as (seat, desk):
        await seat.press("i")
        await seat.sees("0/1 correct", "✗ 1 wrong")
        await seat.press("7")
        await seat.sees("1/1 correct", "label 7")
        await seat.press("delete")
        await seat.sees("1 without a label", "label unknown")
        await seat.press("minus", "5", "enter")
        await seat.sees("0/2 correct")
        assert (samples / "image.0.png").exists()
        await seat.press("escape", "4", "i")
        await sent(seat, desk, MNIST, 3)
        assert desk.book.of(MNIST).score.wrong == 3


async def test_folders_are_gone_through(
    fake: FakeTorchServe, options: MonitorOptions, samples: Path, tmp_path: Path
) -> None:
    fake.load("mnist")
    inner = samples / "inner"
    inner.mkdir()
    Image.new("L", (28, 28)).save(inner / "deep.2.png")
    async with picking(fake, options) as (seat, desk):
        await seat.sees("↑ ..", "inner/")
        await seat.press("left", "enter")
        await seat.sees("deep.2.png", "1 image")
        await seat.press("backspace")
        await seat.sees("10 images")
        await seat.until(lambda: seat.find(ThumbGrid).chosen)
        assert seat.find(ThumbGrid).chosen.path == inner  # type: ignore[union-attr]
        await seat.press("f")
        await seat.sees("Folder or file")
        await seat.write(str(tmp_path / "nowhere"))
        await seat.press("enter")
        await seat.sees("cannot read")
        await seat.write(str(inner))
        await seat.press("enter")
        await seat.misses("Folder or file")
        await seat.sees("inner · 1 image")
        (inner / "late.3.png").write_bytes((inner / "deep.2.png").read_bytes())
        await seat.press("R")
        await seat.sees("2 images")
        await seat.press("escape")
        await seat.sees("late.3.png", "samples/inner")
        assert desk.folder is not None
        assert len(seat.find(DigitsPane).payloads) == 2


async def test_what_cannot_be_sent_stands_in_its_row_and_stops_nothing(
    fake: FakeTorchServe, options: MonitorOptions, samples: Path
) -> None:
    fake.load("mnist")
    (samples / "image.1.png").write_text("text")
    async with picking(fake, options) as (seat, desk):
        await seat.sees("✗ no image")
        (samples / "image.2.png").unlink()
        fake.fail("/predictions", httpx.Response(413), times=1)
        await seat.press("a", "s")
        await sent(seat, desk, MNIST, 10)
        await seat.sees("! 2 failed", "! failed", "too large", "unreadable")
        await seat.press("tab", "tab", "pagedown")
        await seat.sees("image.0.png: 73 bytes, max_request_size is by default 6,553,500")
        await seat.press("up", "up")
        await seat.sees("image.2.png: cannot be read: No such file")


async def test_each_version_has_its_own_score(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist", "1.0", digit=lambda body: 0)
    fake.load("mnist", "2.0")
    async with picking(fake, options) as (seat, desk):
        await seat.press("i")
        await sent(seat, desk, MNIST, 1)
        await seat.sees("1/1 correct")
        await seat.press("v")
        await seat.until(lambda: isinstance(seat.app.screen, ChooseVersion))
        await seat.press("down", "enter")
        await seat.sees("to mnist 2.0", "no answers yet")
        await seat.press("i")
        await seat.sees("0/1 correct")
        await seat.press("escape")
        await seat.until(lambda: seat.monitor.selected == SECOND)
        await seat.sees("to mnist 2.0", "0/1 correct")
        await seat.press("1", "up", "4")
        await seat.sees("to mnist 1.0", "1/1 correct")


async def test_the_same_digits_to_two_versions(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist", "1.0", digit=lambda body: 1)
    fake.load("mnist", "2.0", digit=lambda body: 2)
    async with picking(fake, options) as (seat, desk):
        await seat.press("right", "space", "space", "y")
        await seat.until(lambda: isinstance(seat.app.screen, ChooseVersion))
        await seat.press("enter")
        await seat.until(lambda: desk.comparison and len(desk.comparison.pairs) == 2)
        await seat.sees("first mnist 1.0 · second mnist 2.0", "they differ in 2 of 2", "≠ differ")
        await seat.sees("1 ✓", "2 ✗", "1 ✗", "2 ✓")
        assert desk.book.of(MNIST).score.sent == desk.book.of(SECOND).score.sent == 2
        await seat.press("y")
        await seat.until(lambda: desk.book.of(SECOND).score.sent == 4)
        await seat.press("V")
        await seat.until(lambda: isinstance(seat.app.screen, ChooseVersion))


async def test_a_run_is_stopped_and_the_picker_left_by_the_same_key(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with picking(fake, options) as (seat, desk):
        hold = fake.hold("/predictions")
        await seat.press("n")
        await seat.sees("sending 0/10, esc stops")
        await seat.until(lambda: hold.waiting)
        await seat.press("n")
        await seat.sees("a batch is being sent already")
        await seat.press("escape")
        await seat.until(lambda: not desk.under_way)
        hold.release()
        await seat.press("escape")
        await seat.until(lambda: seat.app.screen is seat.monitor)


async def test_without_a_model_nothing_is_sent(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with picking(fake, options) as (seat, _):
        await seat.sees("no version selected")
        await seat.press("i")
        await seat.sees("no model is registered")
        assert not fake.sent("POST", "/predictions")


async def test_drawn_digits_are_a_key_away(
    fake: FakeTorchServe, options: MonitorOptions, samples: Path
) -> None:
    fake.load("mnist")
    assert options.drawings is not None
    async with picking(fake, options) as (seat, desk):
        await seat.press("d")
        await seat.sees("nothing drawn yet")
        options.drawings.mkdir()
        (samples / "image.4.png").rename(options.drawings / "mine.4.png")
        await seat.press("d")
        await seat.sees("mine.4.png")
        await seat.press("d")
        await seat.until(lambda: desk.folder and desk.folder.path == samples)


@pytest.mark.parametrize("size", [(60, 20), (80, 24)])
async def test_a_small_terminal_shows_one_part_at_a_time(
    fake: FakeTorchServe, options: MonitorOptions, size: tuple[int, int]
) -> None:
    fake.load("mnist")
    async with picking(fake, options, size=size) as (seat, _):
        await seat.press("i", "tab")
        await seat.sees("the file, 28x28", "image.0.png", "predicted 7 ✗")
        await seat.press("right")  # the keys of the images still work
        await seat.sees("image.1.png")
        await seat.press("tab")
        await seat.sees("0/1 correct", "✗ wrong")
        assert not seat.find(ThumbGrid).parent.display  # type: ignore[union-attr]
        await seat.press("tab")
        await seat.until(lambda: seat.find(ThumbGrid).has_focus)


async def test_a_part_can_have_the_whole_screen(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with picking(fake, options) as (seat, _):
        await seat.sees("no answers yet")
        await seat.press("z")
        await seat.misses("no answers yet")
        await seat.press("z")
        await seat.sees("no answers yet")
        await seat.press("tab", "tab")
        await seat.until(lambda: seat.find(ResultsView).has_focus_within)


async def test_characters_and_help_are_as_in_the_monitor(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with picking(fake, options) as (seat, _):
        await seat.until(lambda: "▀" in seat.text)
        await seat.press("g", "g")
        await seat.misses("▀")
        await seat.press("t", "question_mark")
        await seat.sees("Help", "Mark or unmark the image")
