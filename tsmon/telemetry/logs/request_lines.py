"""What the lines of ts_log and access_log say about requests.

TorchServe 0.12 writes one line per finished request to access_log, with the milliseconds from the
full request to the answer's headers, and the same line to ts_log under the name of the worker
thread that answered. ts_log then has the time in the queue and in the backend to the nanosecond,
and for each batch the handler's own time, on lines that stand there twice.

Of the twenty lines that TorchServe writes for a request most say nothing that is not better said by
another. So the text is searched as a whole for the messages of interest, and only the lines of
those are looked at: cutting it into lines first would cost as much as all the rest.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple, TypeVar
from urllib.parse import unquote, unquote_plus

from tsmon.logs.lines import Doubles, WorkerNames, worker_thread
from tsmon.telemetry.logs.request_report import Samples, TimesKey, times_keys

Version = TypeVar("Version", bound=tuple[str, str])
REPEATED_ELSEWHERE = frozenset(
    {
        *(b"Flushing ", b"Looping b", b"Sending r", b"Backend r"),
        *(b"Requests2", b"QueueTime", b"WorkerThr", b"ts_infere", b"ts_queue_"),
    }
)
"""How lines begin that another line says better, of which there are many for each request."""
LOOK = 9
"""Characters of a message by which its kind is recognised."""

_STAMP = rb"^\S+ \[\w+ *\] "
_ANSWERED = rb'/\S+ "(\S+) (\S+) [^"\n]*" (\d{3}) (\d{1,12})'
_HANDLED = rb"result=\[METRICS\](Handler|Prediction)Time\.Milliseconds:(\d{1,12}(?:\.\d+)?)\|"
ACCESS = re.compile(rb"^\S+ (?:\[\w+ *\] (.+?) ACCESS_LOG )?- " + _ANSWERED + rb"$")
HANDLED = re.compile(
    _STAMP + rb"(.+?)-stdout \S+ - " + _HANDLED + rb".*#hostname:[^,]*,\d+,([^ ]*), pattern="
)
# It begins with plain bytes, so that the search runs over all others at the speed of a memory scan.
_RELEVANT = re.compile(
    rb" - (?:"
    rb"Waiting time ns: (\d{1,15}), Backend time ns: (\d{1,15})\n"
    rb"|" + _HANDLED + rb"|" + _ANSWERED + rb"\n"
    rb"|(?!/|Waiting t|result=\[M|" + b"|".join(sorted(REPEATED_ELSEWHERE)) + rb"))"
)
_WAITED_GROUP, _HANDLED_GROUP, _ANSWERED_GROUP = 2, 4, 8
"""The last group of a message of each kind in `_RELEVANT`."""
_SOURCE = re.compile(rb"\S+(?: \[\w+ *\] (.+) (\S+))?")
_STAMP_LENGTH = len("2026-11-22T16:37:50,499")
_JOB_LOGGER = re.compile(rb"org\.pytorch\.serve\.job\.\w+")
_MOST_SOURCES = 10_000
"""Threads with loggers that are remembered; a server has a few hundred."""


class _Source(NamedTuple):
    """Who wrote a line: what stands between its stamp and its message."""

    thread: bytes
    is_printed: bool
    """Whether a worker printed it."""
    believed: int | None
    """The kind of message that is the server's own if it comes from there, by its last group."""
    key: TimesKey | None = None
    """The version that the worker of this thread serves; None for other threads."""
    worker_id: str = ""


_ACCESS_LOG = _Source(b"", is_printed=False, believed=_ANSWERED_GROUP)


class RequestLines:
    """Makes samples of lines; those of a doubled line once."""

    def __init__(self) -> None:
        self.has_others = False
        """Whether the text read last has lines besides those of requests: of workers, it may be."""
        self._doubles = Doubles()
        self._sources: dict[bytes, _Source | None] = {}

    def read(self, text: bytes, found: dict[TimesKey, Samples]) -> None:
        """Add to `found` what these whole lines show, which follow those of the last call."""
        if len(self._sources) > _MOST_SOURCES:
            self._sources.clear()
        self.has_others = False
        sources, rfind = self._sources, text.rfind
        doubled_until = 0
        for match in _RELEVANT.finditer(text):
            message = match.start()
            if message < doubled_until:
                continue
            start = rfind(b"\n", 0, message) + 1
            source = sources.get(text[start + _STAMP_LENGTH : message])
            if source is None:
                source = self._source(text, start, message)
            kind = match.lastindex
            if kind is None:
                self.has_others |= _may_show_of_workers(source, text, message)
            elif source is None or source.believed != kind:
                continue
            elif kind == _ANSWERED_GROUP:
                _add_answered(source, match, found)
            elif source.key is not None:
                doubled_until = self._add_times(source, source.key, match, start, found)

    def _add_times(
        self,
        source: _Source,
        key: TimesKey,
        match: re.Match[bytes],
        start: int,
        found: dict[TimesKey, Samples],
    ) -> int:
        """Take a line that is written twice; gives its end, that of its double if that follows."""
        text, end = match.string, match.end()
        is_of_batch = match.lastindex == _HANDLED_GROUP
        if is_of_batch:
            end = text.find(b"\n", end) + 1
        line = text[start:end]
        repeated = text.startswith(line, end)
        if self._doubles.is_second(source.thread, line, repeated=repeated):
            return end
        samples = found.get(key) or _new_samples(key, found)
        if is_of_batch:
            _add_batch(match, line, samples)
        else:
            _add_waited(match, source.worker_id, samples)
        return end + len(line) if repeated else end

    def _source(self, text: bytes, start: int, message: int) -> _Source | None:
        """Who wrote the line that starts there; None where it is not valid of the server's."""
        before = text[start:message]
        match = _SOURCE.fullmatch(before) if b" - " not in before else None
        if match is None:
            return None
        thread, logger = match.groups()
        if thread is None:
            return _ACCESS_LOG
        worker = worker_thread(thread)
        source = _Source(
            thread,
            logger == b"MODEL_LOG",
            _believed(thread, logger),
            TimesKey(worker.model, worker.version) if worker else None,
            worker.worker_id if worker else "",
        )
        if before[_STAMP_LENGTH : _STAMP_LENGTH + 2] == b" [":  # else its stamp has another length
            self._sources[before[_STAMP_LENGTH:]] = source
        return source


def _believed(thread: bytes, logger: bytes) -> int | None:
    """The kind of message that is the server's own from there: a handler may print anything."""
    if logger == b"ACCESS_LOG":
        return _ANSWERED_GROUP
    if _JOB_LOGGER.fullmatch(logger):
        return _WAITED_GROUP
    return _HANDLED_GROUP if thread.endswith(b"-stdout") else None


def _may_show_of_workers(source: _Source | None, text: bytes, message: int) -> bool:
    """Whether a line may be of interest that is not of a request; few things printed are."""
    return source is None or not source.is_printed or text.startswith(b"[PID]", message + 3)


def _add_waited(match: re.Match[bytes], worker_id: str, samples: Samples) -> None:
    queue, backend = match.group(1, 2)
    backend_ns = int(backend)
    samples.queue.append(int(queue))
    samples.backend.append(backend_ns)
    if worker_id not in samples.workers:
        samples.workers[worker_id] = array("d")
    samples.workers[worker_id].append(backend_ns)


def _add_batch(match: re.Match[bytes], line: bytes, samples: Samples) -> None:
    """The line ends as `#hostname:HOST,SECONDS,ID,ID,…, pattern=[METRICS]`."""
    kind, milliseconds = match.group(3, 4)
    requests = line.count(b",", max(line.rfind(b"#hostname:"), 0)) - 2
    if requests < 1:
        return
    if kind == b"Handler":  # each request of a batch took the whole time
        samples.handler.extend([float(milliseconds)] * requests)
    else:  # which every handler has, those that measure nothing themselves as well
        if requests not in samples.batches:
            samples.batches[requests] = array("d")
        samples.batches[requests].append(float(milliseconds))


def _add_answered(source: _Source, match: re.Match[bytes], found: dict[TimesKey, Samples]) -> None:
    target, code, milliseconds = match.group(6, 7, 8)
    # A worker's thread also writes the line of a registration that waited for it, of a description
    # that its handler gives, and before 0.11 of /ping.
    named = named_by(target)
    if named is None:
        return
    key = source.key or named
    samples = found.get(key) or _new_samples(key, found)
    status = int(code)
    samples.statuses[status] += 1
    if 200 <= status < 300:
        samples.total.append(int(milliseconds))


def _new_samples(key: TimesKey, found: dict[TimesKey, Samples]) -> Samples:
    samples = found[key] = Samples()
    return samples


_NAMED = tuple(
    re.compile(pattern)
    for pattern in (
        r"/(?:predictions|explanations)/([^/]+)(?:/([^/]*)(?:/.*)?)?",
        r"/v1/models/([^/:]+):(?:predict|explain)",
        r"/v2/models/([^/]+)(?:/versions/([^/]+))?/(?:infer|explain)",
        r"/models/([^/]+)/invoke",
        r"/([^/]+)(?:/([^/]+))?/predict",
    )
)
"""The paths of TorchServe's, KServe's and SageMaker's inference APIs, and the oldest one."""
_MODEL_NAME = re.compile(r"(?:^|&)model_name=([^&]+)")
ONLY_MODEL = TimesKey("", "")
"""Of a request that names no model, to a server that has but one."""


def keys_of(registered: Mapping[Version, bool]) -> dict[Version, list[TimesKey]]:
    """What the requests of each registered version are kept under.

    Those that reached no worker are the default version's, which is the one with True.
    """
    names, found = WorkerNames(registered), {}
    for key, is_default in registered.items():
        found[key] = times_keys(key, names)
        if is_default:
            found[key] += [TimesKey(key[0], ""), *([ONLY_MODEL] if names.only_model else [])]
    return found


@lru_cache(maxsize=1024)
def named_by(target: bytes) -> TimesKey | None:
    """What the path of a request for inference names; None for any other request.

    The version is empty where it names none.
    """
    path, _, query = target.decode(errors="replace").partition("?")
    if path == "/invocations":
        named = _MODEL_NAME.search(query)
        return TimesKey(unquote_plus(named[1]), "") if named else ONLY_MODEL
    for pattern in _NAMED:
        if match := pattern.fullmatch(path):
            version = match[2] if pattern.groups > 1 else None
            return TimesKey(unquote(match[1]), unquote(version or ""))
    return None
