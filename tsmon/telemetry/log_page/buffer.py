"""The lines of one log file that are kept, tracebacks folded together."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tsmon.telemetry.log_page.lines import Fold, Level, LogLine
from tsmon.telemetry.logs.tracebacks import BEGIN, OpenTraceback, Said

if TYPE_CHECKING:
    from tsmon.logs.lines import WorkerThread

BUFFER_BYTES = 24 << 20
"""Of the lines of one file while its page is open: 30,000 of 150 characters, or few long ones."""
_JAVA_RAISED = re.compile(r"^([\w$]+\.)+[\w$]*(Exception|Error|Throwable)\b")
_JAVA_FRAME = re.compile(r"^(\s+at |\s+\.\.\. \d+ |Caused by: |\s+Suppressed: )")


class LogBuffer:
    """A bounded row of lines, the oldest let go of in great steps."""

    def __init__(self, budget: int = BUFFER_BYTES) -> None:
        self._budget = budget
        self.size = 0
        """Bytes that the lines take."""
        self.lines: list[LogLine] = []
        self.count = 0
        """All lines that were ever added."""
        self.workers: dict[str, WorkerThread] = {}
        """Those who said something, by their ids."""
        self._open: dict[tuple[WorkerThread, bool], tuple[OpenTraceback, Fold]] = {}
        self._last: LogLine | None = None
        """The last line with a stamp, to which a Java stack trace without one belongs."""

    @property
    def first(self) -> int:
        """The number of the oldest line kept."""
        return self.lines[0].number if self.lines else self.count

    def add(self, lines: Iterable[LogLine]) -> list[LogLine]:
        """Take the lines that follow; gives them back with their numbers and folds."""
        added = list(lines)
        for line in added:
            line.number = self.count
            self.count += 1
            if line.worker is not None:
                self.workers[line.worker.worker_id] = line.worker
            if line.stamp:
                self._fold_python(line)
                self._last = line
            else:
                self._fold_java(line)
        self.lines += added
        self.size += sum(line.size for line in added)
        if self.size > self._budget:
            self._drop_oldest(self.size - self._budget + self._budget // 10)
        return added

    def _drop_oldest(self, size: int) -> None:
        """Let go of at least so many bytes, but never of the newest line."""
        dropped = gone = 0
        for line in self.lines[:-1]:
            if gone >= size:
                break
            gone += line.size
            dropped += 1
        del self.lines[:dropped]
        self.size -= gone

    def _fold_python(self, line: LogLine) -> None:
        worker, time = line.worker, line.time
        if worker is None or time is None or line.logger != "MODEL_LOG":
            return
        key = (worker, line.stderr)
        text = line.raw.partition(" MODEL_LOG - ")[2]
        if key in self._open:
            opened, fold = self._open[key]
            if opened.takes(text):
                _join(line, fold)
                fold.title = " ".join(" ".join(opened.details).split())
                return
            del self._open[key]
        if text == BEGIN:
            line.fold = Fold(line, "")
            line.level = Level.ERROR
            said = Said(time, worker, line.stderr, text)
            self._open[key] = OpenTraceback(said, "", [text]), line.fold

    def _fold_java(self, line: LogLine) -> None:
        last = self._last
        if last is None:
            return
        follows = last.number + 1 == line.number
        if last.fold is None and follows and _JAVA_RAISED.match(line.text):
            last.fold = Fold(last, line.text)
        elif last.fold is None or not _JAVA_FRAME.match(line.text):
            return
        _join(line, last.fold)


def _join(line: LogLine, fold: Fold) -> None:
    line.fold = fold
    line.level = fold.head.level
    line.worker = fold.head.worker
    fold.members.append(line)
