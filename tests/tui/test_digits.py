"""Choosing images and sending them."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import OptionList

from tests.fake import FakeTorchServe
from tests.tui.seat import watching
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.screens.ask import AskAmount
from tsmon.tui.widgets.digits_pane import DigitsPane
from tsmon.tui.widgets.field import Field, complete_path
from tsmon.tui.widgets.pixel_view import PixelView


async def test_one_image_is_sent_to_the_selected_version(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist", "1.0")
    async with watching(fake, options) as seat:
        await seat.sees("● ready", "10 images", "to mnist 1.0")
        await seat.press("4")
        await seat.sees("image.0.png")
        await seat.press(*["down"] * 7)
        await seat.until(lambda: seat.find(PixelView).grid is not None)
        await seat.press("enter")
        await seat.sees("1/1 correct", "✓ 7", "91.0%", "image.7.png")
        await seat.press("up", "i")
        await seat.sees("1/2 correct", "✗ 7         6")
        assert fake.sent("POST", "/predictions") == ["POST /predictions/mnist/1.0"] * 2
        await seat.press("c")
        await seat.misses("correct")


async def test_ten_random_images_keep_score_and_their_counters_are_seen(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist", digit=lambda body: 3)
    async with watching(fake, options) as seat:
        await seat.sees("● ready", "10 images")
        await seat.press("n")
        await seat.sees("1/10 correct", "10 since start")
        await seat.sees("1 min 5.0 ms")


async def test_another_number_and_several_at_a_time(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● ready", "10 images")
        await seat.press("N")
        await seat.until(lambda: isinstance(seat.app.screen, AskAmount))
        seat.find(Field, "#concurrency").text = "500"
        await seat.write("25")
        await seat.press("enter")
        await seat.sees("in flight: use 1 to 64")
        seat.find(Field, "#concurrency").text = "4"
        await seat.press("enter")
        await seat.until(lambda: seat.find(DigitsPane).score.sent == 25)
        await seat.press("n")
        await seat.until(lambda: seat.find(DigitsPane).score.sent == 50)


async def test_a_batch_can_be_stopped(fake: FakeTorchServe, options: MonitorOptions) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● ready", "10 images")
        hold = fake.hold("/predictions")
        await seat.press("n")
        await seat.sees("sending 0/10, esc stops")
        await seat.until(lambda: hold.waiting)
        await seat.press("n")
        await seat.sees("a batch is still being sent")
        await seat.press("escape")
        await seat.misses("sending 0/10")
        hold.release()
        await seat.press("n")
        await seat.until(lambda: seat.find(DigitsPane).score.sent == 10)


async def test_an_error_stands_in_the_row_of_its_image(
    fake: FakeTorchServe, options: MonitorOptions, samples: Path
) -> None:
    fake.load("mnist", workers=0)
    async with watching(fake, options) as seat:
        await seat.sees("○ 0/0", "10 images")
        await seat.press("i")
        await seat.sees("✗ image.0.png", "503", "1 failed")
        (samples / "image.0.png").unlink()
        await seat.press("i")
        await seat.sees("cannot read", "2 failed")


async def test_a_file_that_is_no_image_is_told_where_its_picture_would_be(
    fake: FakeTorchServe, options: MonitorOptions, samples: Path
) -> None:
    (samples / "a.png").write_text("text")
    async with watching(fake, options) as seat:
        await seat.sees("11 images")
        await seat.press("4")
        await seat.sees("✗ a.png is not an image", "PNG, JPEG")


async def test_another_folder(
    fake: FakeTorchServe, options: MonitorOptions, samples: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    other = tmp_path / "other"
    other.mkdir()
    (samples / "image.3.png").rename(other / "mine.3.png")
    async with watching(fake, options) as seat:
        await seat.sees("9 images")
        await seat.press("4", "f")
        await seat.sees("Folder or file")
        await seat.write(str(empty))
        await seat.press("enter")
        await seat.sees("there are no files to send")
        await seat.write(str(other))
        await seat.press("enter")
        await seat.sees("mine.3.png", "1 image")
        assert seat.find(OptionList, "#digits-list").option_count == 1


async def test_without_a_folder_there_is_nothing_to_send(fake: FakeTorchServe) -> None:
    fake.load("mnist")
    async with watching(fake) as seat:
        await seat.sees("● ready")
        await seat.press("n")
        await seat.sees("nothing to send", "f opens a folder")


async def test_a_folder_that_cannot_be_read_is_told(fake: FakeTorchServe, tmp_path: Path) -> None:
    async with watching(fake, MonitorOptions(samples=tmp_path / "nowhere")) as seat:
        await seat.sees("cannot read", "nowhere")


@pytest.mark.parametrize(
    ("typed", "completed"),
    [("sam", "samples/"), ("samples/image.4", "samples/image.4.png"), ("zebra", None)],
)
def test_paths_are_completed(
    samples: Path, monkeypatch: pytest.MonkeyPatch, typed: str, completed: str | None
) -> None:
    monkeypatch.chdir(samples.parent)
    assert complete_path(typed) == completed
    absolute = complete_path(f"{samples.parent}/{typed}")
    assert absolute == (completed and f"{samples.parent}/{completed}")
