"""Which of the lines kept are shown: a filter, open and folded tracebacks, a search."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.telemetry.log_page.lines import Level, LogLine

if TYPE_CHECKING:
    from tsmon.telemetry.log_page.buffer import LogBuffer


class LogFilter(Struct, frozen=True):
    """What a line must be to be shown; each part leaves all when it is not set."""

    model: str = ""
    version: str = ""
    """Empty for every version."""
    worker: str = ""
    level: Level = Level.DEBUG
    routine: bool = False
    """Whether to show lines that come with every request and every look at the server."""

    def takes(self, line: LogLine) -> bool:
        """Whether to show this line."""
        return (self.routine or not line.routine) and self.fits(line)

    def hides(self, line: LogLine) -> bool:
        """Whether this line would be shown, were it not routine."""
        return line.routine and not self.routine and self.fits(line)

    def fits(self, line: LogLine) -> bool:
        """Whether its level, model and worker are those that are wanted."""
        if self.level > Level.DEBUG and (line.level is None or line.level < self.level):
            return False
        if self.worker:
            return line.worker is not None and line.worker.worker_id == self.worker
        return not self.model or self._is_about_model(line)

    def _is_about_model(self, line: LogLine) -> bool:
        """By the worker, by the path of a request, or by the name in the server's own words."""
        if line.worker is not None:
            same_version = not self.version or line.worker.version == self.version
            return line.worker.model == self.model and same_version
        if line.named:
            return line.named == self.model
        return re.search(rf"(?<![\w.-]){re.escape(self.model)}(?![\w-])", line.text) is not None


class LogView:
    """The rows of a buffer that a filter leaves, and where a text was found in them."""

    def __init__(self, buffer: LogBuffer, filter_: LogFilter = LogFilter()) -> None:
        self.buffer = buffer
        self.filter = filter_
        self.sought = ""
        self.rows: list[LogLine] = []
        self.hits: list[int] = []
        """Numbers of the lines with the sought text, folded ones as well."""
        self.hidden = 0
        """Lines that are left out for being routine alone."""
        self._opened_all = False
        self._pattern: re.Pattern[str] | None = None
        self.rebuild()

    def update(self, added: Iterable[LogLine]) -> int:
        """Take the lines that the buffer took; gives how many rows left at the top."""
        stale = False
        for line in added:
            if not self._takes(line):
                continue
            self._look(line)
            if line.fold is None or line.is_head:
                self.rows.append(line)
            if line.is_head and line.fold is not None:
                line.fold.opened = self._opened_all
            elif line.fold is not None and line.fold.opened:
                stale = True
        return self._trim(stale=stale)

    def rebuild(self) -> None:
        """Choose the rows again."""
        self.rows, self.hits, self.hidden = [], [], 0
        for line in self.buffer.lines:
            if not self._takes(line):
                continue
            self._look(line)
            if line.fold is None or line.is_head:
                self.rows.append(line)
                if line.fold is not None and line.fold.opened:
                    self.rows += line.fold.members

    def narrow(self, filter_: LogFilter) -> None:
        """Show what another filter leaves."""
        self.filter = filter_
        self.rebuild()

    def toggle(self, line: LogLine) -> bool:
        """Open or fold the traceback this line belongs to; whether it does."""
        if line.fold is None:
            return False
        line.fold.opened = not line.fold.opened
        self.rebuild()
        return True

    def toggle_all(self) -> None:
        """Open all tracebacks, those still to come as well, or fold them."""
        self._opened_all = not self._opened_all
        for line in self.buffer.lines:
            if line.is_head and line.fold is not None:
                line.fold.opened = self._opened_all
        self.rebuild()

    def seek(self, text: str) -> None:
        """Look for a text; capitals count only if it has any."""
        self.sought = text
        flags = re.IGNORECASE if text == text.lower() else re.NOFLAG
        self._pattern = re.compile(re.escape(text), flags) if text else None
        self.hits = []
        for line in self.buffer.lines if text else ():
            if self.filter.takes(line):
                self._look(line)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where in a row's text the sought text is."""
        return [found.span() for found in self._pattern.finditer(text)] if self._pattern else []

    def next_hit(self, line: LogLine | None, direction: int) -> LogLine | None:
        """The hit after or before a line, round the ends; None without any. Its fold is opened."""
        if not self.hits:
            return None
        number = line.number if line is not None else -1
        at = (
            bisect_right(self.hits, number) if direction > 0 else bisect_left(self.hits, number) - 1
        )
        hit = self.buffer.lines[self.hits[at % len(self.hits)] - self.buffer.first]
        if hit.fold is not None and not hit.is_head and not hit.fold.opened:
            self.toggle(hit)
        return hit

    def rank(self, line: LogLine | None) -> int:
        """Which hit a line is, counted from 1; 0 if it is not one."""
        if line is None:
            return 0
        at = bisect_left(self.hits, line.number)
        return at + 1 if at < len(self.hits) and self.hits[at] == line.number else 0

    def row_at(self, moment: datetime) -> int:
        """The first row not before a moment of the server's local time; the last one if none is."""
        for row, line in enumerate(self.rows):
            time = line.time
            if time is not None and time >= moment:
                return row
        return max(len(self.rows) - 1, 0)

    def _takes(self, line: LogLine) -> bool:
        """Whether to show this line; one hidden for being routine is counted."""
        if self.filter.takes(line):
            return True
        self.hidden += self.filter.hides(line)
        return False

    def _look(self, line: LogLine) -> None:
        if self._pattern is not None and self._pattern.search(line.text):
            self.hits.append(line.number)

    def _trim(self, *, stale: bool) -> int:
        """Let go of rows whose lines the buffer let go of."""
        first, before = self.buffer.first, len(self.rows)
        gone = bool(self.rows) and self.rows[0].number < first
        if gone:
            self.hits = self.hits[bisect_left(self.hits, first) :]
            self.rows = [row for row in self.rows if row.number >= first]
            self.hidden = sum(map(self.filter.hides, self.buffer.lines))
        left = before - len(self.rows)
        if stale:
            self.rebuild()
        return left
