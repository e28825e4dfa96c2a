"""A place in front of the monitor: it presses keys, waits for what it sees and reads the screen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from textual import events
from textual.app import App
from textual.css.query import NoMatches
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Input

from tests.fake import FakeTorchServe
from tests.secrecy import shown
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.monitor.screen import MonitorScreen
from tsmon.tui.state.session import LiveSession

PATIENCE_S = 30.0
PERIOD_S = 0.2

WidgetType = TypeVar("WidgetType", bound=Widget)


class Seat:
    """One running monitor and its keyboard."""

    def __init__(self, app: TsmonApp, pilot: Pilot[int], patience_s: float = PATIENCE_S) -> None:
        self.app = app
        self.pilot = pilot
        self._patience_s = patience_s

    @property
    def monitor(self) -> MonitorScreen:
        """The monitor's own screen, whatever dialog is above it."""
        screen = self.app.screen_stack[0]
        assert isinstance(screen, MonitorScreen)
        return screen

    @property
    def text(self) -> str:
        """What is on the terminal."""
        return shown(screen_text(self.app))

    def find(self, kind: type[WidgetType], selector: str = "") -> WidgetType:
        """A widget of the topmost screen."""
        return self.app.screen.query_one(f"{kind.__name__}{selector}", kind)

    async def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        await self.pilot.press(*keys)

    async def write(self, text: str) -> None:
        """Put a text into the field in focus, in place of what is in it."""
        field = self.app.focused
        assert isinstance(field, Input)
        field.clear()
        field.post_message(events.Paste(text))
        await self.until(lambda: field.value == text)

    async def until(self, condition: Callable[[], object]) -> None:
        """Let the app go on until something holds of widgets that may be still to come."""
        deadline = time.monotonic() + self._patience_s
        while not _holds(condition):
            assert time.monotonic() < deadline, f"it never came to that; the screen:\n{self.text}"
            await self.pilot.pause()
            await asyncio.sleep(0.02)

    async def sees(self, *words: str) -> None:
        """Wait until all the words are on the screen."""
        await self.until(lambda: all(word in self.text for word in words))

    async def misses(self, words: str) -> None:
        """Wait until the words are not on the screen."""
        await self.until(lambda: words not in self.text)


def _holds(condition: Callable[[], object]) -> bool:
    try:
        return bool(condition())
    except NoMatches:
        return False


def screen_text(app: App[int]) -> str:
    """The screen as text; the one place that looks into Textual's compositor."""
    update = app.screen._compositor.render_full_update()
    return "\n".join("".join(strip.text for strip in line).rstrip() for line in update.strips)


@asynccontextmanager
async def watching(
    fake: FakeTorchServe,
    options: MonitorOptions | None = None,
    *,
    size: tuple[int, int] = (120, 30),
    read_only: bool = False,
) -> AsyncIterator[Seat]:
    """A monitor of the fake server, once it has seen the first answer of it."""
    options = options or MonitorOptions(period_s=PERIOD_S)
    app = TsmonApp(LiveSession(fake.client(read_only=read_only), options.period_s), options)
    async with seated(app, size=size) as seat:
        yield seat


@asynccontextmanager
async def seated(
    app: TsmonApp, *, size: tuple[int, int] = (120, 30), patience_s: float = PATIENCE_S
) -> AsyncIterator[Seat]:
    """A monitor of whatever server, once it has seen the first answer of it."""
    async with app.run_test(size=size, notifications=True) as pilot:
        seat = Seat(app, pilot, patience_s)
        await seat.until(lambda: seat.monitor.snapshot is not None)
        yield seat
