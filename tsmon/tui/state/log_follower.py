"""One log file as it is read for a screen: from where, how far, and what is shown of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from tsmon.logs.time_zone import LogZone
from tsmon.telemetry.log_page.buffer import LogBuffer
from tsmon.telemetry.log_page.sources import LogFileSource
from tsmon.telemetry.log_page.view import LogFilter, LogView

if TYPE_CHECKING:
    from tsmon.telemetry.log_page.lines import LogLine
    from tsmon.tui.state.log_sources import LineSource, LogSources


class LogFollower:
    """Follows the file, also into another folder where the server logs from now on."""

    def __init__(self, sources: LogSources, file: str, filter_: LogFilter) -> None:
        self.file = file
        """The name of the file."""
        self.view = LogView(LogBuffer(), filter_)
        """The rows; another one whenever the file is started again."""
        self.read_all = False
        """Whether what was there at first has been read."""
        self._sources = sources
        self._source: LineSource | None = None
        self._folder: Path | None = None

    @property
    def has_source(self) -> bool:
        """Whether there is anything to read from."""
        return self._source is not None

    @property
    def zone(self) -> LogZone:
        """That of the stamps."""
        return self._source.zone if self._source is not None else LogZone()

    @property
    def problem(self) -> str:
        """Why there is nothing to read; empty where none is known."""
        return self._source.problem if self._source is not None else ""

    def is_there(self, name: str) -> bool | None:
        """Whether a file is in the folder; None where no folder is known."""
        return (self._folder / name).exists() if self._folder else None

    async def read(self) -> tuple[LogView, list[LogLine]]:
        """The lines that are new, and the view they are for."""
        folder = self._sources.folder
        if self._source is None or folder != self._folder:
            self._open(folder)
        source, view = self._source, self.view
        if source is None:
            return view, []
        # A file is read by a thread; the monitor's own past is in memory.
        lines = (
            await asyncio.to_thread(source.read)
            if isinstance(source, LogFileSource)
            else source.read()
        )
        return view, view.buffer.add(lines) if view is self.view else []

    def choose(self, file: str) -> None:
        """Read another file."""
        self.file = file
        self._open(self._folder)

    def close(self) -> None:
        """Let go of the file."""
        if self._source is not None:
            self._source.close()

    def _open(self, folder: Path | None) -> None:
        self.close()
        self._folder = folder
        self._source = self._sources.source(self.file)
        self.view = LogView(LogBuffer(), self.view.filter)
        self.read_all = self._source is None
