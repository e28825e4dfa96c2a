"""The events page, and what a batch that was refused says."""

from __future__ import annotations

from pathlib import Path

from tests.fake import FakeTorchServe
from tests.tui.log_seat import reading, write
from tests.tui.seat import watching
from tests.unit.telemetry.log_page.lines import printed
from tsmon.tui.app.app import MonitorOptions


async def test_events_are_listed_with_their_time_and_appear_while_the_page_is_open(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("1/1 ready")
        await seat.press("e")
        await seat.sees("No events since")
        fake.load("cifar")
        await seat.sees("model added", "cifar 1.0")
        fake.crash("mnist")
        await seat.sees("! worker died", "mnist 1.0 worker 9000")
        await seat.press("escape")
        await seat.misses("Events")


async def test_events_are_narrowed_to_bad_ones_a_kind_and_a_model(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("1/1 ready")
        fake.load("cifar")
        await seat.press("e")
        await seat.sees("model added", "1 of 1 event")
        fake.crash("mnist")
        await seat.sees("! worker died", "! 1 bad")
        await seat.press("v")
        await seat.sees("! bad only", "1 of 2 events")
        await seat.misses("model added")
        await seat.press("v", "w")
        await seat.sees("Events  mnist 1.0", "worker died")
        await seat.misses("model added")
        await seat.press("w", "f")
        await seat.sees("Kind of events", "all  2", "worker died  1")
        await seat.press("down", "enter")
        await seat.sees("Events  model added", "1 of 2 events")
        await seat.press("v")
        await seat.sees("No event matches")


async def test_an_event_is_copied_and_its_log_lines_are_shown(
    fake: FakeTorchServe, options: MonitorOptions, tmp_path: Path
) -> None:
    fake.load("mnist")
    write(tmp_path / "logs", [printed(1, "before")])
    async with reading(fake, options, tmp_path / "logs") as seat:
        await seat.sees("1/1 ready")
        fake.crash("mnist")
        await seat.press("e")
        await seat.sees("worker died")
        await seat.press("y")
        assert "worker died" in seat.app.clipboard
        await seat.press("l")
        await seat.sees("Logs  ts_log.log  mnist 1.0", "before", "paused")
        await seat.press("escape")
        await seat.sees("Events")
        await seat.press("enter")
        await seat.sees("PAUSED", "worker died")


async def test_a_page_opens_once_however_quickly_its_key_is_pressed(
    fake: FakeTorchServe, options: MonitorOptions, tmp_path: Path
) -> None:
    fake.load("mnist")
    write(tmp_path / "logs", [printed(1, "before")])
    async with reading(fake, options, tmp_path / "logs") as seat:
        await seat.sees("1/1 ready")
        for action, title in (("logs", "Logs"), ("requests", "Requests"), ("events", "Events")):
            for _ in range(2):  # as two keys do that come before the page is there
                seat.monitor.action_do(f"server.{action}")
            await seat.sees(f"{title} ")
            await seat.until(lambda: seat.app.screen is not seat.monitor)
            assert len(seat.app.screen_stack) == 2
            await seat.press("escape")
            await seat.until(lambda: seat.app.screen is seat.monitor)


async def test_a_refused_batch_says_which_503_it_was(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist", workers=0)
    async with watching(fake, options) as seat:
        await seat.sees("no workers", "10 images")
        await seat.press("n")
        await seat.sees("10 no worker or queue full", "tsmon scale mnist 1")
