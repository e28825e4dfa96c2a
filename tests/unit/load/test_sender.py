"""Batches: in order of arrival, a few at a time, whatever fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.fake import FakeTorchServe
from tsmon.digits.images import DigitImage
from tsmon.load.sender import send
from tsmon.torchserve.client import TorchServe


def _first_byte(body: bytes) -> int:
    return int(body[:1])


@pytest.fixture
def server() -> FakeTorchServe:
    fake = FakeTorchServe()
    fake.load("mnist", digit=_first_byte)
    return fake


@pytest.fixture
async def client(server: FakeTorchServe) -> AsyncIterator[TorchServe]:
    async with server.client() as opened:
        yield opened


@pytest.fixture
def images(tmp_path: Path) -> list[DigitImage]:
    """Eight files that hold their digit; number 3 is called 8."""
    paths = [tmp_path / f"{8 if digit == 3 else digit}.png" for digit in range(8)]
    for digit, path in enumerate(paths):
        path.write_bytes(str(digit).encode())
    return [DigitImage.at(path) for path in paths]


async def test_one_at_a_time_are_answered_in_their_order(
    client: TorchServe, images: list[DigitImage]
) -> None:
    answers = [answer async for answer in send(client.inference, "mnist", images)]
    assert [answer.payload for answer in answers] == images
    assert [answer.correct for answer in answers] == [True, True, True, False, *[True] * 4]
    assert all(answer.confidence == 0.91 and answer.milliseconds for answer in answers)


async def test_version_is_the_one_named(
    server: FakeTorchServe, client: TorchServe, images: list[DigitImage]
) -> None:
    server.load("mnist", "2.0", digit=lambda body: 0)
    answers = [one async for one in send(client.inference, "mnist", images, version="2.0")]
    assert {answer.predicted for answer in answers} == {"0"}


async def test_no_more_are_under_way_than_asked_for(
    server: FakeTorchServe, client: TorchServe, images: list[DigitImage]
) -> None:
    hold = server.hold("/predictions")
    sending = asyncio.create_task(_all(client, images, concurrency=3))
    await hold.arrival(3)
    await client.inference.ping()  # whatever could arrive meanwhile has
    assert len(hold.waiting) == 3
    hold.release()
    assert len(await sending) == len(hold.waiting) == len(images)


async def test_more_senders_than_images_end_with_the_images(
    client: TorchServe, images: list[DigitImage]
) -> None:
    assert len(await _all(client, images, concurrency=50)) == len(images)


async def test_what_is_refused_is_an_answer_and_the_rest_goes_on(
    server: FakeTorchServe, client: TorchServe, images: list[DigitImage]
) -> None:
    images[0].path.write_bytes(b"x")  # at which the handler raises
    images[1].path.unlink()
    server.fail("/predictions", httpx.ReadTimeout, times=1)
    errors = [answer.error async for answer in send(client.inference, "mnist", images[:1])]
    assert "no answer within" in errors[0]
    errors = [answer.error async for answer in send(client.inference, "mnist", images)]
    assert "Prediction failed" in errors[0]
    assert "cannot read" in errors[1]
    assert errors[2:] == [""] * 6


async def test_consumer_that_stops_early_has_no_further_image_sent(
    server: FakeTorchServe, client: TorchServe, images: list[DigitImage]
) -> None:
    hold = server.hold("/predictions")
    answers = send(client.inference, "mnist", images, concurrency=2)
    first = asyncio.create_task(anext(answers))
    await hold.arrival(2)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    await answers.aclose()
    hold.release()
    for _ in range(20):  # whatever would be read and sent now has time to be
        await asyncio.to_thread(int)
    assert len(server.sent("POST", "/predictions")) == 2


async def _all(client: TorchServe, images: list[DigitImage], concurrency: int) -> list[str | None]:
    answers = send(client.inference, "mnist", images, concurrency=concurrency)
    return [answer.predicted async for answer in answers]
