"""Leads through the monitor: from one stop to the next, with a still at each."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from tests.tui.seat import Seat
from tools.tour.stage import PATIENCE_S
from tools.tour.svg import slim

_PLACES = {Path.home(), Path(sys.prefix), Path(__file__).parents[2]}
PRIVATE = sorted((str(path) for path in _PLACES if path != path.parent), key=len, reverse=True)
"""Where this machine has the person's files, Python and the project; the longest first."""

Stop = Callable[["Guide"], Awaitable[None]]


class PrivateWords(Exception):
    """A still would show a path of the machine that it is taken on, in parts."""


class Guide:
    """One monitor, and the folder of the stills."""

    def __init__(self, seat: Seat, folder: Path, wanted: Sequence[str] = ()) -> None:
        """`wanted` names the stops to take; without any it is all of them."""
        self.seat = seat
        self.taken: list[Path] = []
        self.failed: dict[str, Exception] = {}
        self._folder = folder
        self._wanted = frozenset(wanted)

    async def lead(self, *stops: Stop) -> None:
        """Take each stop from the monitor itself; one that fails does not keep from the others."""
        for stop in stops:
            name = stop.__name__
            if self._wanted and name not in self._wanted:
                continue
            try:
                await self.home()
                await stop(self)
            except Exception as error:  # noqa: BLE001 (each is reported in the end)
                self.failed[name] = error

    async def home(self) -> None:
        """Close what is open, and go to the models."""
        seat = self.seat
        async with asyncio.timeout(PATIENCE_S):
            while seat.app.screen is not seat.monitor:
                # The first stops what goes on there, a later one closes it.
                await seat.press("escape")
                await seat.pilot.pause(0.1)
        if seat.monitor.in_depth:
            await seat.press("escape")
            await seat.until(lambda: not seat.monitor.in_depth)
        await seat.press("1")

    async def still(self, name: str) -> None:
        """Keep the screen as it is after the next tick, with dots over paths of this machine.

        Raises:
            PrivateWords: one goes over the end of a line.
        """
        monitor = self.seat.app.session.monitor
        last = monitor.latest
        await self.seat.until(lambda: monitor.latest is not last)
        await self.seat.pilot.pause()
        words, svg = self.seat.text, self.seat.app.export_screenshot(title="tsmon", simplify=True)
        for path in PRIVATE:
            words, svg = (text.replace(path, "…" * len(path)) for text in (words, svg))
            if path in "".join(words.split()):  # over the end of a line
                raise PrivateWords(f"{name} shows {path}")
        file = self._folder / f"{name}.svg"
        file.write_text(slim(svg), encoding="utf-8")
        self.taken.append(file)
