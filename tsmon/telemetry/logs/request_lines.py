"""What the lines of ts_log and access_log say about requests.

TorchServe 0.12 writes one line per finished request to access_log, with the milliseconds from the
full request to the answer's headers, and the same line to ts_log under the name of the worker
thread that answered. ts_log then has the time in the queue and in the backend to the nanosecond,
and for each batch the handler's own time, on lines that stand there twice.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

from tsmon.logs.lines import Doubles, worker_thread
from tsmon.telemetry.logs.request_report import Samples, TimesKey

TOLD_BY_OTHERS = frozenset(
    {
        *(b"Flushing ", b"Looping b", b"Sending r", b"Backend r"),
        *(b"Requests2", b"QueueTime", b"WorkerThr", b"ts_infere", b"ts_queue_"),
    }
)
"""How lines begin that another line says better, of which there are many for each request."""
LOOK = 9
"""Characters of a message by which its kind is told."""


@dataclass(slots=True)
class Sifted:
    """Lines by their kind, each kind in the order of the file."""

    access: list[bytes] = field(default_factory=list)
    """A request was answered."""
    waited: list[bytes] = field(default_factory=list)
    """How long it waited for a worker, and how long that took."""
    measured: list[bytes] = field(default_factory=list)
    """What a worker measured, such as the handler's time."""
    others: list[bytes] = field(default_factory=list)
    """All that is not written for every request, what workers do among it."""


def sift(lines: Iterable[bytes]) -> Sifted:
    """The lines of ts_log or access_log by their kind."""
    sifted = Sifted()
    for line in lines:
        message = line.find(b" - ") + 3
        beginning = line[message : message + LOOK]
        if beginning in TOLD_BY_OTHERS:
            continue
        if beginning == b"Waiting t":
            sifted.waited.append(line)
        elif beginning == b"result=[M":
            sifted.measured.append(line)
        elif beginning[:1] == b"/":
            sifted.access.append(line)
        else:
            sifted.others.append(line)
    return sifted


_STAMP = rb"^\S+ \[\w+ *\] "
ACCESS = re.compile(
    rb'^\S+ (?:\[\w+ *\] (.+?) ACCESS_LOG )?- /\S+ "(\S+) (\S+) [^"]*" (\d{3}) (\d{1,12})$'
)
_WAITED = re.compile(
    _STAMP + rb"(.+?) org\.pytorch\.serve\.job\.\w+ - "
    rb"Waiting time ns: (\d{1,15}), Backend time ns: (\d{1,15})$"
)
HANDLED = re.compile(
    _STAMP + rb"(.+?)-stdout \S+ - result=\[METRICS\](Handler|Prediction)Time\.Milliseconds:"
    rb"(\d{1,12}(?:\.\d+)?)\|.*#hostname:[^,]*,\d+,([^ ]*), pattern="
)
_PREDICTIONS = ("predictions", "explanations")
_DESCRIBE = b"/models/"
_MOST_THREADS = 10_000
"""Names of threads that are remembered; a server has a few hundred."""


class RequestLines:
    """Makes samples of lines; those of a doubled line once."""

    def __init__(self) -> None:
        self._doubles = Doubles()
        self._keys: dict[bytes, TimesKey | None] = {}
        self._ids: dict[bytes, str] = {}
        """The worker ids of those threads that are a worker's."""

    def read(self, lines: Sifted) -> dict[TimesKey, Samples]:
        """What these lines tell, which follow those of the last call."""
        if len(self._keys) > _MOST_THREADS:
            self._keys.clear()
            self._ids.clear()
        found: dict[TimesKey, Samples] = {}
        self._read_access(lines.access, found)
        self._read_waited(lines.waited, found)
        self._read_handled(lines.measured, found)
        return found

    def _read_access(self, lines: list[bytes], found: dict[TimesKey, Samples]) -> None:
        for line in lines:
            match = ACCESS.match(line)
            if match is None:
                continue
            thread, method, target, code, milliseconds = match.groups()
            worker = self._key(thread) if thread else None
            if worker is None:
                key = named_by(target)
            else:  # a worker is asked for nothing else but the description that its handler gives
                key = None if method == b"GET" and target.startswith(_DESCRIBE) else worker
            if key is None:
                continue
            samples = _of(key, found)
            status = int(code)
            samples.statuses[status] += 1
            if 200 <= status < 300:
                samples.total.append(int(milliseconds))

    def _read_waited(self, lines: list[bytes], found: dict[TimesKey, Samples]) -> None:
        for line in lines:
            match = _WAITED.match(line)
            if match is None:
                continue
            thread, queue, backend = match.groups()
            key = self._key(thread)
            if key is None or self._doubles.is_second(thread, line):
                continue
            samples = _of(key, found)
            samples.queue.append(int(queue))
            samples.backend.append(int(backend))
            samples.workers.setdefault(self._ids[thread], array("d")).append(int(backend))

    def _read_handled(self, lines: list[bytes], found: dict[TimesKey, Samples]) -> None:
        for line in lines:
            match = HANDLED.match(line)
            if match is None:
                continue
            thread, kind, milliseconds, ids = match.groups()
            key = self._key(thread)
            if key is None or self._doubles.is_second(thread + b"-stdout", line):
                continue
            requests = ids.count(b",") + 1
            samples, time_ms = _of(key, found), float(milliseconds)
            if kind == b"Handler":  # each request of a batch took the whole time
                samples.handler.extend([time_ms] * requests)
            else:  # which every handler has, those that measure nothing themselves as well
                samples.batches.setdefault(requests, array("d")).append(time_ms)

    def _key(self, thread: bytes) -> TimesKey | None:
        """The version that the worker of this name serves; None for other threads."""
        if thread in self._keys:
            return self._keys[thread]
        worker = worker_thread(thread) if b" - " not in thread else None
        key = self._keys[thread] = TimesKey(worker.model, worker.version) if worker else None
        if worker:
            self._ids[thread] = worker.worker_id
        return key


def _of(key: TimesKey, found: dict[TimesKey, Samples]) -> Samples:
    samples = found.get(key)
    if samples is None:
        samples = found[key] = Samples()
    return samples


def named_by(target: bytes) -> TimesKey | None:
    """What a prediction's path names, an empty version included; None for any other request."""
    parts = target.decode(errors="replace").partition("?")[0].split("/")[1:]
    if len(parts) < 2 or parts[0] not in _PREDICTIONS or not parts[1]:
        return None
    return TimesKey(unquote(parts[1]), unquote(parts[2]) if len(parts) > 2 else "")
