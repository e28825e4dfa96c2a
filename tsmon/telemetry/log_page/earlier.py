"""Searches a log file back for lines of a model, where those a page has read have none of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tsmon.logs.backwards import BackwardReader
from tsmon.logs.lines import Doubles
from tsmon.telemetry.log_page.lines import LogLine, parse_line

if TYPE_CHECKING:
    from tsmon.logs.lines import WorkerNames
    from tsmon.telemetry.log_page.view import LogFilter

ENOUGH = 500
"""Lines to be found; a death and what the worker said before it are some fifty."""


class EarlierSearch:
    """Goes back step by step until it has `ENOUGH` lines that a filter takes."""

    def __init__(self, path: Path, end: int, filter_: LogFilter, names: WorkerNames) -> None:
        """Begin before the byte `end`; the filter must name a model."""
        self.lines: list[LogLine] = []
        """What was found, in the order of the file."""
        self._file = path.name
        self._filter = filter_
        self._names = names
        self._reader = BackwardReader(path, end)

    @property
    def done(self) -> bool:
        """Whether it goes back no further."""
        return self._reader.done

    @property
    def words(self) -> str:
        """For whom it searches, and how far it has come."""
        whose = f"{self._filter.model} {self._filter.version}".rstrip()
        return f"searching {self._file} back for lines of {whose}: {self._reader.progress}"

    def step(self) -> bool:
        """Go back a step, which blocks; whether it is done by that."""
        name, doubles, found = self._filter.model.encode(), Doubles(), []
        for raw in self._reader.step():
            if name not in raw:
                continue
            line = parse_line(raw, self._names)
            if self._filter.takes(line) and not doubles.is_second(raw.partition(b" - ")[0], raw):
                found.append(line)
        self.lines[:0] = found
        if len(self.lines) >= ENOUGH:
            self.close()
        return self.done

    def end_of_found(self) -> LogLine:
        """A line for below those found: what follows was not searched but read."""
        whose = f"{self._filter.model} {self._filter.version}".rstrip()
        text = f"… of what is above here only lines of {whose} are shown …"
        return LogLine(text, text)

    def close(self) -> None:
        """Look no further."""
        self._reader.close()
