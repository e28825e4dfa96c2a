"""Finds Python's tracebacks in model_log, each with the worker that printed it.

model_log has the lines of all workers in the order in which TorchServe's threads read them, one
thread for stdout and one for stderr of each worker. Of a chain of exceptions the first is the root;
what follows it is only how the failure travelled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from msgspec import Struct, field

from tsmon.logs.lines import Doubles, WorkerThread, parse_stamp, worker_thread

_LINE = re.compile(
    rb"^(\S+) \[\w+ *\] (\S+?)-(stdout|stderr) (?:MODEL_LOG|\S*\.WorkerLifeCycle) - (.*)$",
    re.DOTALL,
)
"""Before TorchServe 0.4 what workers print is in ts_log, under a logger of the frontend's."""
BEGIN = "Traceback (most recent call last):"
_CHAIN = re.compile(r"^(During handling of the above|The above exception was the direct cause)")
_RAISED = re.compile(r"^[\w.]+(: .*)?$")
_MOST_LINES = 500
"""Of one traceback; a RecursionError is folded by Python itself, others are never that long."""

_LAST_WORDS = "Backend worker process died."
_NEXT_PROCESS = ("s_name_part0=", "Listening on ", "Torch worker started", "[PID]", "Successfully ")

_MOST_STREAMS = 1000
"""Of which the last line is kept, since it may announce a traceback."""


class Said(Struct, frozen=True):
    """One line that a worker printed."""

    time: datetime
    worker: WorkerThread
    stderr: bool
    text: str


class Traceback(Struct, frozen=True):
    """A traceback, or a chain of them."""

    time: datetime
    """Of its first line: the server's local time without a zone."""
    worker: WorkerThread
    stderr: bool
    announcement: str
    """The line before it, which shows what Python's logging was asked to say."""
    raised: tuple[str, ...]
    """The exceptions of the chain as `Type: message`, the root first."""
    details: tuple[str, ...]
    """The root's message, its further lines each by itself."""
    lines: tuple[str, ...]
    """All of it, with the announcement."""

    @property
    def root(self) -> str:
        """The exception that began it, on one line."""
        return " ".join(" ".join(self.details).split())


class OpenTraceback(Struct):
    """A traceback whose end was not seen yet."""

    first: Said
    announcement: str
    lines: list[str]
    raised: list[str] = field(default_factory=list)
    details: list[str] = field(default_factory=list)
    framing: bool = True
    """Inside of the frames, where indented lines are source and not a message."""

    def takes(self, text: str) -> bool:
        """Whether this line belongs to it; if so it is taken."""
        if len(self.lines) >= _MOST_LINES:
            return False
        if text == BEGIN:
            if not self.framing and not self._chained():
                return False
            self.framing = True
        elif self.framing and not text.startswith(" "):
            self._raise(text)
        elif not self.framing and text.startswith((" ", "\t")):
            if len(self.raised) == 1:
                self.details.append(text.strip())
        elif not self.framing and text and not _CHAIN.match(text):
            if not self._runs_on(text):
                return False
            if len(self.raised) == 1:
                self.details.append(text)
        self.lines.append(text)
        return True

    def _runs_on(self, text: str) -> bool:
        """Whether it is a further line of a message: a worker's last exception is its last word."""
        return self.announcement == _LAST_WORDS and not text.startswith(_NEXT_PROCESS)

    def _raise(self, text: str) -> None:
        self.framing = False
        self.raised.append(text)
        if len(self.raised) == 1:
            self.details.append(text)

    def _chained(self) -> bool:
        return any(_CHAIN.match(line) for line in self.lines[-3:])

    def close(self) -> Traceback | None:
        """What was found; None when the end of the root is missing, as TorchServe may lose it."""
        if not self.raised or not _RAISED.match(self.raised[0]):
            return None
        return Traceback(
            self.first.time,
            self.first.worker,
            self.first.stderr,
            self.announcement,
            tuple(self.raised),
            tuple(self.details),
            tuple(self.lines),
        )


def worker_lines(lines: Iterable[bytes], *, doubled: bool = False) -> Iterator[Said]:
    """What workers printed, in the order of the log; other lines are passed over.

    In ts_log, whose lines may be `doubled`, each counts once.
    """
    doubles = Doubles()
    for line in lines:
        match = _LINE.match(line)
        if match is None or (doubled and doubles.is_second(match[2] + match[3], line)):
            continue
        stamp, thread, channel, text = match.groups()
        worker, time = worker_thread(thread), parse_stamp(stamp.decode(errors="replace"))
        if worker is not None and time is not None:
            yield Said(time, worker, channel == b"stderr", text.decode(errors="replace"))


_Stream = tuple[WorkerThread, bool]
"""What one worker writes to its standard output, or to its standard error."""


class TracebackFinder:
    """Puts tracebacks together from lines that come bit by bit."""

    def __init__(self) -> None:
        self._opened: dict[_Stream, OpenTraceback] = {}
        self._before: dict[_Stream, list[str]] = {}
        self._idle: set[_Stream] = set()

    @property
    def is_open(self) -> bool:
        """Whether the end of one is still to come."""
        return bool(self._opened)

    def read(self, said: Iterable[Said]) -> Iterator[Traceback]:
        """Those that end in these lines, in the order in which they do."""
        for line in said:
            key = (line.worker, line.stderr)
            self._idle.discard(key)
            if key in self._opened and self._opened[key].takes(line.text):
                continue
            yield from self._close(key)
            if line.text == BEGIN:
                announced = self._before.pop(key, [])
                self._opened[key] = OpenTraceback(
                    line, announced[0] if announced else "", [*announced, line.text]
                )
            elif line.text.startswith("\t"):  # a message of several lines that announces one
                self._before.setdefault(key, []).append(line.text)
            else:
                self._before[key] = [line.text]

    def rest(self) -> Iterator[Traceback]:
        """Those that are not ended, as nothing more will come."""
        for key in list(self._opened):
            yield from self._close(key)

    def quiet(self) -> Iterator[Traceback]:
        """Those that are not ended and got no line since this was called last."""
        for key in self._idle & self._opened.keys():
            yield from self._close(key)
        self._idle = set(self._opened)
        if len(self._before) > _MOST_STREAMS:
            self._before.clear()

    def _close(self, key: _Stream) -> Iterator[Traceback]:
        opened = self._opened.pop(key, None)
        found = opened.close() if opened else None
        if found:
            yield found


def tracebacks(said: Iterable[Said]) -> Iterator[Traceback]:
    """The tracebacks in these lines, by the order in which they end."""
    finder = TracebackFinder()
    yield from finder.read(said)
    yield from finder.rest()
