"""What single lines of ts_log and access_log say about requests.

TorchServe 0.12 writes one line per finished request to access_log, with the milliseconds from the
full request to the answer's headers, and the same line to ts_log under the name of the worker
thread that answered. ts_log then has the time in the queue and in the backend to the nanosecond,
and the handler's own time. Except for the access line each line of ts_log stands there twice, its
neighbour possibly another thread's; see `Doubles`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote

# One pattern for all lines of interest, so that the many others cost one failed search each.
_INTERESTING = re.compile(
    rb"ACCESS_LOG - |Waiting time ns: |HandlerTime\.|^\d{4}-\d\d-\d\dT[\d:,]+ - /"
)
_LINE = re.compile(rb"^(\S+) \[(\w+) *\] (\S+) (\S+) - (.*)$", re.DOTALL)
_BARE_ACCESS = re.compile(rb"^(\S+) - (/.*)$", re.DOTALL)
_ACCESS = re.compile(rb'^/(\S+) "(\S+) (\S+) [^"]*" (\d+) (\d+)$')
_TIMES = re.compile(rb"^Waiting time ns: (\d+), (Backend|Inference) time ns: (\d+)$")
_HANDLER = re.compile(rb"HandlerTime\.\w+:([\d.]+)\|.*#hostname:[^,]*,\d+,([^ ]*), pattern=")
_WORKER = re.compile(rb"^W-(\d+)-(.+)_([^_]+?)(?:-stdout|-stderr)?$")
_PREDICTIONS = ("predictions", "explanations")


@dataclass(frozen=True, slots=True)
class WorkerThread:
    """The worker a line is about, read from the name of its thread."""

    worker_id: str
    model: str
    version: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A prediction was answered, well or not."""

    time: str
    """The line's own stamp: the server's local time without a zone."""
    model: str
    version: str
    """Of the worker that answered; without one, what the URL named, or empty."""
    worker: WorkerThread | None
    """None when no worker was asked, as for a 503."""
    status: int
    milliseconds: int
    """From the full request to the answer's headers; whole ones are all TorchServe writes."""


@dataclass(frozen=True, slots=True)
class Waited:
    """A worker answered: how long the request had waited, and how long the backend took."""

    time: str
    worker: WorkerThread
    queue_ms: float
    backend_ms: float
    failed: bool


@dataclass(frozen=True, slots=True)
class Handled:
    """A handler ran over a batch of requests."""

    time: str
    worker: WorkerThread
    milliseconds: float
    requests: int
    """How many requests the batch had; each one took the whole time."""


RequestLine = Answered | Waited | Handled


def parse_request_line(line: bytes) -> RequestLine | None:
    """What a line of ts_log or access_log says of a prediction; None for all other lines."""
    if not _INTERESTING.search(line):
        return None
    match = _LINE.match(line)
    if match is None:
        bare = _BARE_ACCESS.match(line)
        return _answered(bare[1], b"", bare[2]) if bare else None
    time, _, thread, logger, message = match.groups()
    if logger == b"ACCESS_LOG":
        return _answered(time, thread, message)
    worker = worker_thread(thread)
    if worker is None:
        return None
    return _waited(time, worker, message) or _handled(time, worker, message)


def worker_thread(name: bytes) -> WorkerThread | None:
    """The worker that a thread's name means, `W-PORT-MODEL_VERSION`; None for other threads."""
    match = _WORKER.match(name)
    return (
        WorkerThread(*(part.decode(errors="replace") for part in match.groups())) if match else None
    )


def parse_stamp(stamp: str) -> datetime | None:
    """A line's time as a naive datetime; None when it is none."""
    try:
        return datetime.fromisoformat(stamp.replace(",", "."))
    except ValueError:
        return None


class Doubles:
    """Tells the second of a doubled line.

    Both come from one call of one thread, so nothing else of that thread stands between them.
    """

    def __init__(self) -> None:
        self._last: dict[bytes, bytes] = {}

    def is_second(self, line: bytes) -> bool:
        """Whether this line repeats the one before of its thread; a third one is new again."""
        thread = line.split(b" ", 3)[2] if line.count(b" ", 0, 200) > 2 else b""
        if self._last.get(thread) == line:
            del self._last[thread]
            return True
        self._last[thread] = line
        return False


def _answered(time: bytes, thread: bytes, message: bytes) -> Answered | None:
    match = _ACCESS.match(message)
    if match is None:
        return None
    target = _predicted_model(match[3])
    worker = worker_thread(thread)
    if target is None:
        return None
    model, version = target
    return Answered(
        time=time.decode(),
        model=worker.model if worker else model,
        version=worker.version if worker else version,
        worker=worker,
        status=int(match[4]),
        milliseconds=int(match[5]),
    )


def _predicted_model(uri: bytes) -> tuple[str, str] | None:
    """Model and version, or an empty one, of a prediction's path; None for any other request."""
    parts = uri.decode(errors="replace").partition("?")[0].split("/")[1:]
    if len(parts) < 2 or parts[0] not in _PREDICTIONS or not parts[1]:
        return None
    return unquote(parts[1]), unquote(parts[2]) if len(parts) > 2 else ""


def _waited(time: bytes, worker: WorkerThread, message: bytes) -> Waited | None:
    match = _TIMES.match(message)
    if match is None:
        return None
    return Waited(
        time=time.decode(),
        worker=worker,
        queue_ms=int(match[1]) / 1e6,
        backend_ms=int(match[3]) / 1e6,
        failed=match[2] == b"Inference",
    )


def _handled(time: bytes, worker: WorkerThread, message: bytes) -> Handled | None:
    match = _HANDLER.search(message)
    if match is None:
        return None
    return Handled(time.decode(), worker, float(match[1]), match[2].count(b",") + 1)
