"""One log file as it is read for a screen: from where, how far, and what is shown of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from tsmon.telemetry.logbook.book import LogBook
from tsmon.telemetry.logbook.feed import LogFeed
from tsmon.telemetry.logbook.view import LogFilter, LogView
from tsmon.telemetry.logs.zone import LogZone

if TYPE_CHECKING:
    from tsmon.telemetry.logbook.line import LogLine
    from tsmon.tui.state.log_sources import Feed, LogShelf


class LogReading:
    """Follows the file, also into another folder where the server logs from now on."""

    def __init__(self, shelf: LogShelf, file: str, filter_: LogFilter) -> None:
        self.file = file
        """The name of the file."""
        self.view = LogView(LogBook(), filter_)
        """The rows; another one whenever the file is begun anew."""
        self.read_all = False
        """Whether what was there at first has been read."""
        self._shelf = shelf
        self._feed: Feed | None = None
        self._folder: Path | None = None

    @property
    def has_feed(self) -> bool:
        """Whether there is anything to read from."""
        return self._feed is not None

    @property
    def zone(self) -> LogZone:
        """That of the stamps."""
        return self._feed.zone if self._feed is not None else LogZone()

    @property
    def problem(self) -> str:
        """Why there is nothing to read; empty where nobody knows of any."""
        return self._feed.problem if self._feed is not None else ""

    def is_there(self, name: str) -> bool | None:
        """Whether a file is in the folder; None where no folder is known."""
        return (self._folder / name).exists() if self._folder else None

    async def read(self) -> tuple[LogView, list[LogLine]]:
        """The lines that are new, and the view they are for."""
        folder = self._shelf.folder
        if self._feed is None or folder != self._folder:
            self._open(folder)
        feed, view = self._feed, self.view
        if feed is None:
            return view, []
        # A file is read by a thread; the monitor's own past is in memory.
        lines = await asyncio.to_thread(feed.read) if isinstance(feed, LogFeed) else feed.read()
        return view, view.book.add(lines) if view is self.view else []

    def choose(self, file: str) -> None:
        """Read another file."""
        self.file = file
        self._open(self._folder)

    def close(self) -> None:
        """Let go of the file."""
        if self._feed is not None:
            self._feed.close()

    def _open(self, folder: Path | None) -> None:
        self.close()
        self._folder = folder
        self._feed = self._shelf.feed(self.file)
        self.view = LogView(LogBook(), self.view.filter)
        self.read_all = self._feed is None
