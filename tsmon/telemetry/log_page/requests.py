"""Single requests as the log files show them: the slowest, the failed and the latest ones.

TorchServe writes of one request on several lines without a common name. The access line and the
times in queue and backend are written one after the other by the thread of its worker, and the
handler's own time by another thread of that worker, mostly just before.
"""

from __future__ import annotations

import heapq
import re
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path

from msgspec import Struct

from tsmon.logs.files import ACCESS_LOG, TS_LOG
from tsmon.logs.follower import FileFollower
from tsmon.logs.last_lines import lines_at_end
from tsmon.logs.layout import Layout
from tsmon.logs.lines import Doubles, WorkerNames, WorkerThread, parse_stamp, worker_thread
from tsmon.logs.time_zone import LogZone
from tsmon.telemetry.logs.access_log import ANSWERED
from tsmon.telemetry.logs.request_lines import ACCESS, HANDLED, LOOK, named_by

LATEST, SLOWEST, FAILED = 2000, 500, 1000
"""Requests kept of each kind."""
REQUESTS_BACKLOG = 16 << 20
"""Bytes of the log that are read at first, some 6,000 requests."""
REQUESTS_AT_ONCE = 2 << 20
_STAMP = re.compile(rb"^(\S+) ")
_WAITED = re.compile(
    rb"^\S+ \[\w+ *\] (.+?) org\.pytorch\.serve\.job\.\w+ - "
    rb"Waiting time ns: (\d{1,15}), (Backend|Inference) time ns: (\d{1,15})$"
)
_NS_PER_MS = 1e6
_LATE = timedelta(milliseconds=20)
"""How much later than its answer a request's handler time may be written."""
_SEARCHED_BYTES = 1 << 20
"""Every look of tsmon's own is an answer as well, so the end of a log has some."""
_MOST_WAITING = 100
_MOST_THREADS = 10_000


class SeenRequest(Struct, eq=False):
    """One request to a model; times in milliseconds, None where no line has them."""

    number: int
    time: datetime
    """When it was answered: the server's local time without a zone."""
    peer: str
    method: str
    path: str
    """Without its query."""
    model: str
    version: str
    """Empty where neither a worker nor the path names it."""
    worker: str
    """Empty where it reached none."""
    status: int
    total_ms: float
    """From the full request to the answer's headers."""
    queue_ms: float | None = None
    backend_ms: float | None = None
    handler_ms: float | None = None

    @property
    def began(self) -> datetime:
        """When it was there in full."""
        return self.time - timedelta(milliseconds=self.total_ms)

    @property
    def failed(self) -> bool:
        """Whether it was answered with an error."""
        return not 200 <= self.status < 300


class RequestBuffer:
    """Takes lines of ts_log or access_log in their order; keeps a bounded choice of requests."""

    def __init__(self) -> None:
        self.names = WorkerNames()
        """What is registered; without it names are cut at their last underscore."""
        self.count = 0
        """All requests seen."""
        self.failed_count = 0
        self._latest: deque[SeenRequest] = deque(maxlen=LATEST)
        self._failed: deque[SeenRequest] = deque(maxlen=FAILED)
        self._slowest: list[tuple[float, int, SeenRequest]] = []
        self._handled: dict[WorkerThread, deque[tuple[datetime, float]]] = {}
        """Handler times whose request was not seen yet."""
        self._unhandled: dict[WorkerThread, deque[SeenRequest]] = {}
        """Requests whose handler time was not seen yet."""
        self._open: dict[bytes, SeenRequest] = {}
        self._workers: dict[bytes, WorkerThread | None] = {}
        self._doubles = Doubles()

    def kept(self, *, failed: bool = False) -> list[SeenRequest]:
        """The latest, the slowest and the failed ones; with `failed` the last. Newest first."""
        if failed:
            return list(reversed(self._failed))
        slowest = (request for _, _, request in self._slowest)
        by_number = {each.number: each for each in (*slowest, *self._failed, *self._latest)}
        return [by_number[number] for number in sorted(by_number, reverse=True)]

    def read(self, lines: Iterable[bytes]) -> None:
        """Take the lines that follow."""
        if len(self._workers) > _MOST_THREADS:
            self._workers.clear()
            self._open.clear()
        for line in lines:
            message = line.find(b" - ") + 3
            beginning = line[message : message + LOOK]
            if beginning[:1] == b"/":
                self._answered(line)
            elif beginning == b"Waiting t":
                self._waited(line)
            elif beginning == b"result=[M" and b"]HandlerTime." in line:
                self._took(line)

    def _answered(self, line: bytes) -> None:
        match, time = ACCESS.match(line), _time(line)
        if match is None or time is None:
            return
        thread, method, target, status, total = match.groups()
        named = named_by(target)
        if named is None:
            return
        worker = self._worker(thread) if thread else None
        model, version = (
            (worker.model, worker.version)
            if worker
            else (named.model or self.names.only_model, named.version)
        )
        request = SeenRequest(
            self.count,
            time,
            _peer(line),
            method.decode(errors="replace"),
            target.partition(b"?")[0].decode(errors="replace"),
            model,
            version,
            worker.worker_id if worker else "",
            int(status),
            float(total),
        )
        if worker is not None and thread:
            self._open[thread] = request
        self._keep(request)

    def _keep(self, request: SeenRequest) -> None:
        self.count += 1
        self._latest.append(request)
        if request.failed:
            self.failed_count += 1
            self._failed.append(request)
        entry = (request.total_ms, -request.number, request)
        if len(self._slowest) < SLOWEST:
            heapq.heappush(self._slowest, entry)
        else:
            heapq.heappushpop(self._slowest, entry)

    def _waited(self, line: bytes) -> None:
        match = _WAITED.match(line)
        request = self._open.pop(match.group(1), None) if match else None
        if match is None or request is None:
            return
        queue, part, took = int(match.group(2)), match.group(3), int(match.group(4))
        request.queue_ms = queue / _NS_PER_MS
        # Of a failed request TorchServe shows the time from its arrival on.
        request.backend_ms = (took if part == b"Backend" else max(took - queue, 0)) / _NS_PER_MS
        worker = self._worker(match.group(1))
        if worker is not None and not request.failed:
            self._find_handler_time(worker, request)

    def _took(self, line: bytes) -> None:
        match, time = HANDLED.match(line), _time(line)
        if match is None or time is None:
            return
        thread, _, milliseconds, ids = match.groups()
        worker = self._worker(thread)
        if worker is None or self._doubles.is_second(thread, line):
            return
        requests = ids.count(b",") + 1  # each request of a batch took the whole time
        for _ in range(requests):
            if not self._give_handler_time(worker, time, float(milliseconds)):
                kept = self._handled.setdefault(worker, deque(maxlen=_MOST_WAITING))
                kept.append((time, float(milliseconds)))

    def _find_handler_time(self, worker: WorkerThread, request: SeenRequest) -> None:
        """Take the handler time that was written while the worker had this request."""
        kept = self._handled.get(worker)
        while kept:
            time, milliseconds = kept.popleft()
            if _fits(request, time, milliseconds):
                request.handler_ms = milliseconds
                return
        waiting = self._unhandled.setdefault(worker, deque(maxlen=_MOST_WAITING))
        waiting.append(request)

    def _give_handler_time(self, worker: WorkerThread, time: datetime, milliseconds: float) -> bool:
        """Give a handler time to a request that was answered before; whether one waited for it."""
        waiting = self._unhandled.get(worker)
        while waiting:
            request = waiting.popleft()
            if _fits(request, time, milliseconds):
                request.handler_ms = milliseconds
                return True
        return False

    def _worker(self, thread: bytes) -> WorkerThread | None:
        if thread not in self._workers:
            self._workers[thread] = worker_thread(thread) if thread[:2] == b"W-" else None
        worker = self._workers[thread]
        return self.names.of(worker) if worker is not None else None


class RequestFollower:
    """Follows the requests in a log folder; `read` blocks."""

    def __init__(
        self,
        folder: Path,
        zone: LogZone | None = None,
        names: Callable[[], WorkerNames] = WorkerNames,
    ) -> None:
        """By default the zone of the stamps is worked out; `names` gives what is registered."""
        self.folder = folder
        self.zone = zone or LogZone()
        self.buffer = RequestBuffer()
        self._names = names
        self._file = FileFollower(_file_with_answers(folder), backlog=REQUESTS_BACKLOG)
        self._layout = Layout(self._file.path.name)

    @property
    def has_workers(self) -> bool:
        """Whether the file shows workers and times besides the total."""
        return self._file.path.name == TS_LOG

    @property
    def left(self) -> int:
        """Bytes of the file that were not read yet."""
        return self._file.left

    @property
    def is_strange(self) -> bool:
        """Whether the lines have a layout that is not known."""
        return bool(self._layout.problem)

    @property
    def problem(self) -> str:
        """Why there is nothing to read; empty if there is."""
        problem = self._file.problem
        if problem is not None:
            return f"cannot read {self._file.path}: {problem.strerror or problem}"
        if not self._file.is_open:
            return f"neither {TS_LOG} nor {ACCESS_LOG} is in {self.folder}"
        return self._layout.problem

    def read(self) -> bool:
        """Read what comes next; whether there was anything."""
        self.zone.look(self.folder)
        lines = self._file.read(REQUESTS_AT_ONCE)
        self.buffer.names = self._names()
        self.buffer.read(self._layout.usual(b"\n".join(lines)).split(b"\n"))
        return bool(lines)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _file_with_answers(folder: Path) -> Path:
    """ts_log, or access_log where that alone has the answers, as before TorchServe 0.5.1."""
    server_log, access_log = folder / TS_LOG, folder / ACCESS_LOG
    if not server_log.exists():
        return access_log
    answers = any(ANSWERED in line for line in lines_at_end(server_log, _SEARCHED_BYTES))
    return server_log if answers or not lines_at_end(access_log, _SEARCHED_BYTES) else access_log


def _fits(request: SeenRequest, time: datetime, milliseconds: float) -> bool:
    """Whether a handler time was written while the backend had this request, or just after."""
    took = request.backend_ms or 0.0
    since = request.time - timedelta(milliseconds=took) - timedelta(milliseconds=1)
    return since <= time <= request.time + _LATE and milliseconds <= took + 1


def _time(line: bytes) -> datetime | None:
    match = _STAMP.match(line)
    return parse_stamp(match.group(1).decode(errors="replace")) if match else None


def _peer(line: bytes) -> str:
    return line.partition(b" - /")[2].partition(b" ")[0].decode(errors="replace")
