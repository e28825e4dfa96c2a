"""One log file as it is read for a screen: from where, how far, and what is shown of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tsmon.logs.time_zone import LogZone
from tsmon.telemetry.log_page.buffer import LogBuffer
from tsmon.telemetry.log_page.sources import LogFileSource
from tsmon.telemetry.log_page.view import LogFilter, LogView
from tsmon.threads import in_thread

if TYPE_CHECKING:
    from tsmon.telemetry.log_page.earlier import EarlierSearch
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
        self._search: EarlierSearch | None = None
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
        lines = await in_thread(source.read) if isinstance(source, LogFileSource) else source.read()
        return view, view.buffer.add(lines) if view is self.view else []

    async def search_back(self) -> bool:
        """Go a step back for a model that the lines have nothing of; whether that goes on.

        What is found comes before the lines, in another view.
        """
        filter_ = self.view.filter
        if self._search is None and filter_.model and isinstance(self._source, LogFileSource):
            self._search = self._source.search_back(filter_)
        search, view = self._search, self.view
        if search is None or search.done:
            return False
        is_done = await in_thread(search.step)
        if is_done and search.lines and view is self.view:
            self._put_before([*search.lines, search.end_of_found()])
        return not is_done

    @property
    def searching(self) -> str:
        """What is searched for and how far; empty where nothing is."""
        return self._search.words if self._search is not None and not self._search.done else ""

    def _put_before(self, earlier: list[LogLine]) -> None:
        buffer, now = LogBuffer(), self.view
        for line in now.buffer.lines:
            line.fold = None
        buffer.add([*earlier, *now.buffer.lines])
        self.view = LogView(buffer, now.filter)
        self.view.seek(now.sought)

    def choose(self, file: str) -> None:
        """Read another file."""
        self.file = file
        self._open(self._folder)

    def close(self) -> None:
        """Let go of the file."""
        if self._search is not None:
            self._search.close()
        self._search = None
        if self._source is not None:
            self._source.close()

    def _open(self, folder: Path | None) -> None:
        self.close()
        self._folder = folder
        self._source = self._sources.source(self.file)
        self.view = LogView(LogBuffer(), self.view.filter)
        self.read_all = self._source is None
