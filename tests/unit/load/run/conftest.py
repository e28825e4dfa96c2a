"""A fake server on real sockets, and images that hold the digit it answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fake.loopback import Loopback, on_loopback
from tsmon.digits.images import DigitImage
from tsmon.torchserve.client import TorchServe


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    """A server whose model answers the first byte of the body, with a queue of four."""
    async with on_loopback(job_queue_size=4) as loopback:
        loopback.fake.load("mnist", digit=lambda body: int(body[:1]))
        yield loopback


@pytest.fixture
async def client(server: Loopback) -> AsyncIterator[TorchServe]:
    async with server.fake.client() as opened:
        yield opened


@pytest.fixture
def images(tmp_path: Path) -> tuple[DigitImage, ...]:
    """Four files that hold their digit; the 3 is labelled 8, and the last one not at all."""
    for name, digit in (("a.0.png", b"0"), ("b.1.png", b"1"), ("c.8.png", b"3"), ("d.png", b"4")):
        (tmp_path / name).write_bytes(digit)
    return tuple(DigitImage.at(path) for path in sorted(tmp_path.glob("*.png")))
