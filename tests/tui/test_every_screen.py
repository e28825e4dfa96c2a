"""What every page and dialog survives, whatever it is for; a new one is found and tried as well."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path
from typing import Any
from weakref import ref

import pytest
from msgspec.structs import replace
from textual import events
from textual.keys import key_to_character
from textual.widget import Widget
from textual.worker import WorkerState

from tests.fake import FakeTorchServe
from tests.tui.every_screen import MAKERS, Room, all_screens
from tests.tui.seat import Seat, watching
from tsmon.serving.errors import StartFailed
from tsmon.serving.local_server import LocalServer
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.keymap import PaneName
from tsmon.tui.screens.above import Above
from tsmon.tui.screens.help import Help
from tsmon.tui.screens.steps import StepsScreen

SIZES = ((1, 1), (7, 3), (40, 4), (200, 60), (120, 30))
BURST = (
    "pageup",
    *("enter", "enter", "down", "enter", "tab", "x", "9", "enter", "escape", "escape", "escape"),
)
Kind = type[Above[Any]]
WITH_JOBS: frozenset[Kind] = frozenset({StepsScreen})
"""What they began goes on when they are closed, and tells them until it ends."""
every_screen = pytest.mark.parametrize("kind", MAKERS, ids=lambda kind: kind.__name__)


def test_all_screens_are_tried() -> None:
    assert all_screens() == set(MAKERS)


@pytest.fixture(autouse=True)
def no_server_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys in a burst must not start a real server, which would outlive the test."""

    def start(*_: object, **__: object) -> None:
        raise StartFailed("no server is started by a burst of keys", "")

    monkeypatch.setattr(LocalServer, "start", start)


@pytest.fixture
def fake() -> FakeTorchServe:
    """A server with a model, and the archive of another version of it."""
    fake = FakeTorchServe()
    fake.load("mnist", at_start=True)
    fake.archive("mnist", "2.0", url="mnist-2.0.mar")
    return fake


class Opened:
    """A screen above the monitor, opened by work that waits for its result."""

    def __init__(self, seat: Seat, screen: Above[Any]) -> None:
        self.seat = seat
        self.screen = screen
        self.results: list[object] = []

    async def open(self) -> None:
        self.seat.monitor.run_worker(self._wait())
        await self.seat.until(lambda: self.seat.app.screen is self.screen)
        await self.seat.pilot.pause()

    async def _wait(self) -> None:
        self.results.append(await self.seat.app.push_screen_wait(self.screen))

    async def come_back(self) -> None:
        """Close it with all that is above it, and see that the monitor lives."""
        seat = self.seat
        while len(seat.app.screen_stack) > 1:
            seat.app.screen.dismiss(None)
        await seat.until(lambda: not self.screen.is_attached)
        await seat.until(lambda: self.results)
        await seat.until(lambda: not _working(seat, self.screen))
        ticks = len(seat.app.session.monitor.past)
        await seat.until(lambda: len(seat.app.session.monitor.past) > ticks)
        assert len(self.results) == 1


def _working(seat: Seat, screen: Above[Any]) -> bool:
    running = (WorkerState.PENDING, WorkerState.RUNNING)
    return any(each.node is screen and each.state in running for each in seat.app.workers)


async def open_it(seat: Seat, kind: Kind, samples: Path) -> Opened:
    await seat.until(lambda: seat.monitor.model is not None)
    opened = Opened(seat, MAKERS[kind](Room(seat, samples)))
    await opened.open()
    return opened


def press_at_once(seat: Seat, *keys: str) -> None:
    for key in keys:
        seat.app.post_message(events.Key(key, key_to_character(key)))


@every_screen
async def test_it_ends_once_after_many_endings_keys_in_a_burst_and_a_late_answer(
    fake: FakeTorchServe, options: MonitorOptions, samples: Path, kind: Kind
) -> None:
    async with watching(fake, replace(options, model_store=samples)) as seat:
        await end_it_thrice(await open_it(seat, kind, samples))

        opened = await open_it(seat, kind, samples)
        press_at_once(seat, *BURST, "question_mark", *BURST)
        taken = asyncio.Event()
        seat.app.call_later(taken.set)
        await taken.wait()
        await seat.until(lambda: seat.app.key_queue.at_rest)
        await opened.come_back()

        opened = Opened(seat, MAKERS[kind](Room(seat, samples)))
        held = fake.hold("/")
        await opened.open()
        press_at_once(seat, "down", "enter")
        await seat.pilot.pause()
        opened.screen.dismiss(None)
        held.release()
        fake.heal()
        await opened.come_back()


async def end_it_thrice(opened: Opened) -> None:
    """What is above it goes with it, and nothing else."""
    above = Opened(opened.seat, Help(read_only=False, pane=PaneName.MODELS))
    await above.open()
    for _ in range(3):
        opened.screen.dismiss(None)
    assert opened.seat.app.screen is opened.seat.monitor
    await opened.come_back()
    await above.come_back()


@every_screen
async def test_it_outlives_any_size_a_lost_focus_a_dead_server_and_a_model_that_is_gone(
    fake: FakeTorchServe, options: MonitorOptions, samples: Path, kind: Kind
) -> None:
    async with watching(fake, options) as seat:
        opened = await open_it(seat, kind, samples)
        for width, height in SIZES:
            await seat.pilot.resize_terminal(width, height)
            press_at_once(seat, "pagedown", "pageup", "up", "down", "home", "end")
            await seat.pilot.pause()
        fake.kill()
        seat.app.post_message(events.AppBlur())
        await seat.until(lambda: seat.app.session.monitor.latest.stale)
        press_at_once(seat, "down", "tab", "enter")
        fake.start()
        fake.registry.models.clear()
        seat.app.session.monitor.poke()
        await seat.until(lambda: not seat.app.session.monitor.latest.stale)
        seat.app.post_message(events.AppFocus())
        press_at_once(seat, "down", "enter")
        await opened.come_back()


async def test_nothing_of_one_stays_in_memory_once_it_is_closed(
    fake: FakeTorchServe, options: MonitorOptions, samples: Path
) -> None:
    async with watching(fake, replace(options, model_store=samples)) as seat:
        kinds = MAKERS.keys() - WITH_JOBS
        parts = {kind.__name__: await parts_of(seat, kind, samples) for kind in kinds}

        def alive() -> dict[str, set[str]]:
            gc.collect()
            found = {
                name: {type(part).__name__ for each in refs if (part := each()) is not None}
                for name, refs in parts.items()
            }
            return {name: left for name, left in found.items() if left}

        await seat.until(lambda: not alive())


async def parts_of(seat: Seat, kind: Kind, samples: Path) -> list[ref[Widget]]:
    """A screen and its widgets, after it was opened and closed."""
    opened = await open_it(seat, kind, samples)
    parts = [ref(each) for each in (opened.screen, *opened.screen.query("*"))]
    await opened.come_back()
    return parts
