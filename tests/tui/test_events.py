"""The events page, and what a batch that was refused says."""

from __future__ import annotations

from tests.fake import FakeTorchServe
from tests.tui.seat import watching
from tsmon.tui.app import MonitorOptions


async def test_events_are_listed_with_their_time_and_appear_while_the_page_is_open(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("1/1 ready")
        await seat.press("e")
        await seat.sees("Nothing has happened")
        fake.load("cifar")
        await seat.sees("model added", "cifar 1.0")
        fake.crash("mnist")
        await seat.sees("! worker died", "mnist 1.0 worker 9000")
        await seat.press("escape")
        await seat.misses("Events")


async def test_a_refused_batch_says_which_503_it_was(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist", workers=0)
    async with watching(fake, options) as seat:
        await seat.sees("no workers", "10 images")
        await seat.press("n")
        await seat.sees("10 no worker or queue full", "tsmon scale mnist 1")
