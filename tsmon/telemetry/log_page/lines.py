"""One line of a log file, taken apart as far as it can be."""

from __future__ import annotations

import re
import sys
from datetime import datetime
from enum import IntEnum
from typing import TYPE_CHECKING

from msgspec import Struct, field

from tsmon.logs.lines import WorkerThread, parse_stamp, worker_thread
from tsmon.telemetry.logs.request_lines import LOOK, REPEATED_ELSEWHERE, named_by

if TYPE_CHECKING:
    from tsmon.logs.lines import WorkerNames

_LOGGED = re.compile(rb"^(\d{4}-\d\d-\d\d[T ]\d\d:\S+) \[(\w+) *\] (.+?) (\S+) - (.*)$", re.DOTALL)
_PLAIN = re.compile(rb"^(\d{4}-\d\d-\d\d[T ]\d\d:\S+) - (.*)$", re.DOTALL)
_ACCESS = re.compile(rb'^/\S+ "\S+ (\S+) [^"]*" (\d{3}) \d+$')
_POLLS = re.compile(rb'^/\S+ "GET /(models\b|metrics\b|ping\b|api-description\b| )')
_PROBE = re.compile(rb'^/\S+ "POST /models HTTP/')
"""Registers nothing: it asks whether models can be registered, which is refused with 4xx."""
_INFERENCE = re.compile(
    rb'^/\S+ "[A-Z]+ /(?:(?:predictions|explanations|wfpredict)/|invocations\b'
    rb"|v1/models/[^/ ]+:(?:predict|explain)\b|v2/models/\S+/(?:infer|explain)\b"
    rb"|models/[^/ ]+/invoke\b|[^/ ]+(?:/[^/ ]+)?/predict\b)"
)
_EACH_REQUEST = (b"result=[M", b"Waiting time ns", b"Backend received inference at")
_UNSEEN = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")
"""Colour codes and other control characters, which would spoil the screen."""
_LINE_BYTES = 470
"""What a line takes besides its words."""
ACCESS_LOGGER = "ACCESS_LOG"
METRICS_LOGGER = "TS_METRICS"


class Level(IntEnum):
    """How grave a line is, by its own word or by what it says."""

    DEBUG = 0
    INFO = 1
    WARN = 2
    ERROR = 3

    @property
    def word(self) -> str:
        """As it stands in the log."""
        return self.name


_LEVELS = {b"DEBUG": Level.DEBUG, b"TRACE": Level.DEBUG, b"INFO": Level.INFO}
_LEVELS |= {b"WARN": Level.WARN, b"ERROR": Level.ERROR, b"FATAL": Level.ERROR}


class LogLine(Struct, eq=False):
    """A line; one that TorchServe did not format has a text and nothing else."""

    raw: str
    """As it stands in the file."""
    text: str
    """What it says, without stamp and thread, fit for a screen."""
    stamp: str = ""
    level: Level | None = None
    worker: WorkerThread | None = None
    stderr: bool = False
    logger: str = ""
    """The last part of the name of TorchServe's class, or of its logger."""
    named: str = ""
    """The model that the path of a request names."""
    routine: bool = False
    """Whether such a line is written for every request or every look at the server."""
    number: int = 0
    """Counted from the first line read."""
    fold: Fold | None = None
    """The traceback it belongs to."""

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return _LINE_BYTES + sys.getsizeof(self.raw) + sys.getsizeof(self.text)

    @property
    def time(self) -> datetime | None:
        """The server's local time without a zone; None where the line has no stamp."""
        return parse_stamp(self.stamp) if self.stamp else None

    @property
    def is_head(self) -> bool:
        """Whether the rest of a traceback is folded below it."""
        return self.fold is not None and self.fold.head is self


class Fold(Struct, eq=False):
    """A traceback: its first line, which stands for the others while they are folded away."""

    head: LogLine
    title: str
    """The exception that began it."""
    members: list[LogLine] = field(default_factory=list)
    """The lines below the first."""
    opened: bool = False


def parse_line(raw: bytes, names: WorkerNames | None = None) -> LogLine:
    """Take a line apart; never fails. `names` are those of workers, by what is registered."""
    match = _LOGGED.match(raw)
    if match is not None:
        line = _logged(raw, *match.groups())
        if names is not None and line.worker is not None:
            line.worker = names.of(line.worker)
        return line
    plain = _PLAIN.match(raw)
    if plain is None:
        text = raw.decode(errors="replace")
        return LogLine(text, _fit(text))
    stamp, message = plain.groups()
    line = LogLine(raw.decode(errors="replace"), _words(message), stamp.decode(errors="replace"))
    _look_at_access(line, message)
    return line


def _logged(
    raw: bytes, stamp: bytes, level: bytes, thread: bytes, name: bytes, message: bytes
) -> LogLine:
    line = LogLine(
        raw.decode(errors="replace"),
        _words(message),
        stamp.decode(errors="replace"),
        _LEVELS.get(level),
        worker_thread(thread) if thread.startswith(b"W-") else None,
        thread.endswith(b"-stderr"),
        name.rpartition(b".")[2].decode(errors="replace"),
    )
    if line.logger == ACCESS_LOGGER:
        _look_at_access(line, message)
        answered = line.level is Level.INFO and _INFERENCE.match(message) is not None
        line.routine = line.routine or answered
    elif line.logger == METRICS_LOGGER or message[:LOOK] in REPEATED_ELSEWHERE:
        line.routine = True
    else:
        line.routine = message.startswith(_EACH_REQUEST)
    return line


def _look_at_access(line: LogLine, message: bytes) -> None:
    """A request that failed is as grave as its status says; a look at the server is routine.

    In access_log inference is what one reads for, so it is not routine there.
    """
    match = _ACCESS.match(message)
    if match is None:
        return
    target, status = match.group(1), int(match.group(2))
    key = named_by(target)
    line.named = key.model if key else ""
    line.level = Level.ERROR if status >= 500 else Level.WARN if status >= 400 else Level.INFO
    looks = _POLLS if status < 400 else _PROBE
    line.routine = status < 500 and looks.match(message) is not None


def _words(message: bytes) -> str:
    return _fit(message.decode(errors="replace"))


def _fit(text: str) -> str:
    return _UNSEEN.sub("", text).expandtabs(4).rstrip()
