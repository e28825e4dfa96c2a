"""Folders of other things than images, in the picker and on the pane."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.fake import FakeTorchServe
from tests.tui.seat import Seat
from tests.tui.test_picker import MNIST, picking, sent
from tests.unit.payloads.test_content import sound
from tsmon.digits.drawings import encode_png
from tsmon.digits.images import PixelGrid
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.screens.answer_view import AnswerView
from tsmon.tui.screens.ask import AskPath
from tsmon.tui.widgets.pixel_view import PixelView
from tsmon.tui.widgets.results_view import ResultsView


@pytest.fixture
def payloads(tmp_path: Path) -> Path:
    folder = tmp_path / "payloads"
    folder.mkdir()
    (folder / "a.json").write_text('{"text": "good"}')
    (folder / "b.txt").write_text("so [bold]good[/bold]\x1b[31m\nindeed")
    (folder / "c.wav").write_bytes(sound())
    (folder / "d.bin").write_bytes(b"\0\1")
    (folder / "e.jsonl").write_text('{"text": "one"}\n{"text": "two"}\n')
    (folder / "labels.csv").write_text("a.json,7\nb.txt,3\n")
    return folder


async def opened(seat: Seat, path: Path) -> None:
    await seat.press("f")
    await seat.until(lambda: isinstance(seat.app.screen, AskPath))
    await seat.write(str(path))
    await seat.press("enter")


async def test_a_folder_of_anything_is_listed_and_sent(
    fake: FakeTorchServe, options: MonitorOptions, payloads: Path
) -> None:
    fake.load("mnist")
    async with picking(fake, options, size=(200, 45)) as (seat, desk):
        await opened(seat, payloads)
        await seat.sees("5 payloads", "labels from labels.csv", "a.json", "JSON, 16 B")
        await seat.sees("WAV, 0.5 s", "binary, 2 B", "so [bold]good[/bold]\\x1b[31m indeed")
        await seat.press("home", "j")
        await seat.sees('"text": "good"', "label 7")
        await seat.press("i")
        await sent(seat, desk, MNIST, 1)
        await seat.sees("1/1 correct")
        await seat.press("j", "i")
        await sent(seat, desk, MNIST, 2)
        await seat.sees("1/2 correct")
        assert [
            request.headers["content-type"]
            for request in fake.requests
            if request.url.path.startswith("/predictions")
        ] == ["application/json", "text/plain"]


async def test_random_ones_are_of_the_kind_under_the_cursor(
    fake: FakeTorchServe, options: MonitorOptions, payloads: Path, samples: Path
) -> None:
    (payloads / "digit.7.png").write_bytes((samples / "image.7.png").read_bytes())
    fake.load("mnist")
    async with picking(fake, options) as (seat, desk):
        await opened(seat, payloads)
        await seat.sees("6 payloads")
        await seat.press("home", "j", "n")
        await sent(seat, desk, MNIST, 10)
        names = {answer.payload.path.name for answer in desk.book.of(MNIST).answers}
        assert names == {"a.json"}


async def test_the_lines_of_a_file_are_payloads(
    fake: FakeTorchServe, options: MonitorOptions, payloads: Path
) -> None:
    fake.load("mnist")
    async with picking(fake, options) as (seat, _):
        await opened(seat, payloads / "e.jsonl")
        await seat.sees("2 payloads", "no labels", "e.jsonl:1", "e.jsonl:2", '"text": "one"')
        await seat.press("escape")
        await seat.sees("4 Payloads", "2 payloads", "e.jsonl:1")


async def test_an_answer_is_shown_as_a_whole_and_saved(
    fake: FakeTorchServe, options: MonitorOptions, payloads: Path, tmp_path: Path
) -> None:
    fake.load("mnist")
    async with picking(fake, options) as (seat, desk):
        await opened(seat, payloads)
        await seat.sees("5 payloads")
        await seat.press("home", "j", "A")
        await seat.sees("no answer to this yet")
        await seat.press("i")
        await sent(seat, desk, MNIST, 1)
        await seat.until(lambda: seat.find(ResultsView)._shown)
        await seat.press("A")
        await seat.until(lambda: isinstance(seat.app.screen, AnswerView))
        await seat.sees("Answer to a.json", "JSON, ", "application/json", '"digit": 7')
        await seat.press("s")
        await seat.until(lambda: isinstance(seat.app.screen, AskPath))
        await seat.write(str(tmp_path / "kept.json"))
        await seat.press("enter")
        await seat.until(lambda: isinstance(seat.app.screen, AnswerView))
        answer = desk.book.of(MNIST).answers[-1].prediction
        assert answer is not None
        assert (tmp_path / "kept.json").read_bytes() == answer.body


PICTURE = encode_png(PixelGrid(2, 1, b"\0\xff"))


@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        (PICTURE, "image/png", f"PNG, {len(PICTURE)} B"),
        (sound(), "audio/wav", "WAV, 0.5 s"),
        (b"\0\xff\0", "application/octet-stream", "binary, 3 B"),
    ],
)
async def test_an_answer_that_is_no_text_is_named_and_a_picture_drawn(
    fake: FakeTorchServe,
    options: MonitorOptions,
    payloads: Path,
    body: bytes,
    content_type: str,
    words: str,
) -> None:
    fake.load("mnist")
    answer = httpx.Response(200, content=body, headers={"content-type": content_type})
    fake.fail("/predictions", answer)
    async with picking(fake, options, size=(140, 45)) as (seat, desk):
        await opened(seat, payloads)
        await seat.sees("5 payloads")
        await seat.press("home", "j", "i")
        await sent(seat, desk, MNIST, 1)
        await seat.press("A")
        await seat.sees("Answer to a.json", words, f"content type {content_type}")
        assert seat.find(PixelView, "#answer-picture").display == content_type.startswith("image/")
        kept = desk.book.of(MNIST).answers[-1].prediction
        assert kept is not None
        assert kept.body == body
