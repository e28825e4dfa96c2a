"""Each request's arrival, queue time and backend time, and the batches, as ts_log has them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tsmon.logs.files import TS_LOG
from tsmon.logs.follower import FileFollower
from tsmon.logs.lines import Doubles, parse_stamp, worker_thread
from tsmon.telemetry.logs.duration_stats import DurationStats
from tsmon.telemetry.logs.request_lines import RequestLines
from tsmon.telemetry.logs.request_report import Samples, TimesKey

NOTHING = DurationStats(0, 0.0, 0.0)

_LINE = re.compile(
    rb"(\S+) \[\w+ *\] (W-\S+) \S+ - Waiting time ns: (\d+), Backend time ns: (\d+)$"
)


@dataclass(frozen=True, slots=True)
class Waited:
    """One request that a worker answered; milliseconds."""

    arrival_ms: float
    """Unix time, by the stamp of the line that was written when it was answered."""
    queue_ms: float
    backend_ms: float


class WaitedLog:
    """Follows the ts_log of a folder."""

    def __init__(self, folder: Path) -> None:
        self._file = FileFollower(folder / TS_LOG)
        self._doubles = Doubles()
        self._requests = RequestLines()
        self._batches: dict[str, dict[int, DurationStats]] = {}
        self._file.read()

    def read(self, model: str) -> list[Waited]:
        """The requests to a model that were written since the last call. It blocks."""
        text = self._file.read_whole_lines()
        self._count(text)
        return [
            _waited(*match.groups())
            for line in text.splitlines()
            if (match := _LINE.match(line)) and self._is_of(model, match[2], line)
        ]

    def batches(self, model: str) -> dict[int, DurationStats]:
        """The handler's times for batches by their size, since the last call."""
        return self._batches.pop(model, {})

    def _count(self, text: bytes) -> None:
        found: dict[TimesKey, Samples] = {}
        self._requests.read(text, found)
        for key, samples in found.items():
            batches = self._batches.setdefault(key.model, {})
            for size, times in samples.batches.items():
                batches[size] = batches.get(size, NOTHING) + DurationStats.of(times)

    def _is_of(self, model: str, thread: bytes, line: bytes) -> bool:
        worker = worker_thread(thread)
        if worker is None or worker.model != model:
            return False
        return not self._doubles.is_second(thread, line)


def _waited(stamp: bytes, thread: bytes, queue_ns: bytes, backend_ns: bytes) -> Waited:
    queue_ms, backend_ms = int(queue_ns) / 1e6, int(backend_ns) / 1e6
    answered = parse_stamp(stamp.decode())
    if answered is None:
        raise SystemExit(f"a log line has no time: {stamp.decode()}")
    return Waited(answered.timestamp() * 1000 - backend_ms - queue_ms, queue_ms, backend_ms)
