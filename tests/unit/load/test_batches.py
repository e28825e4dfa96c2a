"""Runs in batches, and the same images to two versions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fake import FakeTorchServe
from tsmon.digits.images import DigitImage
from tsmon.load.batches import WALKTHROUGH, BatchRun, random_batches, split_batches
from tsmon.load.comparison import Comparison
from tsmon.load.sender import send
from tsmon.payloads.payload import PayloadError
from tsmon.telemetry.snapshot import ModelKey
from tsmon.torchserve.client import TorchServe

OLD, NEW = ModelKey("mnist", "1.0"), ModelKey("mnist", "2.0")


@pytest.fixture
async def client() -> AsyncIterator[TorchServe]:
    fake = FakeTorchServe()
    fake.load("mnist", "1.0", digit=lambda body: int(body))
    fake.load("mnist", "2.0")
    async with fake.client() as opened:
        yield opened


@pytest.fixture
def images(tmp_path: Path) -> list[DigitImage]:
    """Files that hold the digit they are called by, and one that is not there."""
    paths = [tmp_path / f"{digit}.png" for digit in range(4)]
    for digit, path in enumerate(paths):
        path.write_text(str(digit))
    return [DigitImage.at(path) for path in (*paths, tmp_path / "absent.9.png")]


@given(st.integers(0, 30), st.integers(1, 8))
def test_every_image_is_in_one_batch(count: int, size: int) -> None:
    images = [DigitImage(Path(f"{number}"), None) for number in range(count)]
    batches = split_batches(images, size)
    assert [image for batch in batches for image in batch] == images
    assert all(len(batch) == size for batch in batches[:-1])


def test_the_walkthroughs_batches_are_of_random_images() -> None:
    images = [DigitImage(Path(f"{number}"), None) for number in range(100)]
    batches = random_batches(images, WALKTHROUGH)
    assert [len(batch) for batch in batches] == [10, 10, 10, 50]
    assert len({image.path for batch in batches for image in batch}) == 80
    with pytest.raises(PayloadError):
        random_batches([], WALKTHROUGH)


async def test_a_run_counts_each_batch_by_itself(
    client: TorchServe, images: list[DigitImage]
) -> None:
    run = BatchRun(OLD, [images[:2], images[2:]], concurrency=2)
    assert (run.total, run.done) == (5, 0)
    assert await sent(run, client) == [OLD] * 5
    assert run.done == 5
    first, second = run.results
    assert (first.score.right, second.score.right, second.score.failed) == (2, 2, 1)
    assert first.mean_ms is not None
    assert second.answered == 2


async def test_two_versions_side_by_side(client: TorchServe, images: list[DigitImage]) -> None:
    comparison = Comparison(images, OLD, NEW)
    assert await sent(comparison, client) == [OLD, NEW] * 5
    assert comparison.done == comparison.total == 10
    assert [(p.first.predicted, p.second.predicted) for p in comparison.pairs] == [
        ("0", "7"), ("1", "7"), ("2", "7"), ("3", "7"), (None, None),
    ]  # fmt: skip
    assert [pair.agree for pair in comparison.pairs] == [False] * 4 + [None]


async def sent(work: BatchRun | Comparison, client: TorchServe) -> list[ModelKey]:
    """Send it; the versions that answered, in order."""
    keys = []
    for key, part in work.parts():
        sending = send(
            client.inference, key.name, part, version=key.version, concurrency=work.concurrency
        )
        async for answer in sending:
            work.add(answer)
            keys.append(key)
    return keys
