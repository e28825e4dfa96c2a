"""Follows a server's own log files: request times, counters and worker states.

With `metrics_mode=log` TorchServe publishes no counters; ts_metrics.log has each increment:

    … - ts_inference_requests_total.Count:1.0|#model_name:m,model_version:default|#hostname:h,…
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tsmon.logs.files import ACCESS_LOG, MODEL_METRICS, TS_LOG, TS_METRICS
from tsmon.logs.follower import BACKLOG, MOST_AT_ONCE, FileFollower
from tsmon.logs.last_lines import lines_at_end
from tsmon.logs.layout import Layout
from tsmon.telemetry.logs.access_log import AccessLog
from tsmon.telemetry.logs.earlier_lines import EarlierLines, created_in
from tsmon.telemetry.logs.logged_series import LoggedSeries
from tsmon.telemetry.logs.request_lines import RequestLines
from tsmon.telemetry.logs.request_times import RequestTimes
from tsmon.telemetry.logs.worker_event_lines import BANNER, shows_worker
from tsmon.telemetry.logs.worker_states import WorkerStates
from tsmon.telemetry.scrape import INFERENCE_US, QUEUE_US, REQUESTS, Counters, SeriesKey

if TYPE_CHECKING:
    from tsmon.telemetry.logs.request_report import Samples, TimesKey
    from tsmon.telemetry.logs.request_tally import RequestTally

AT_ONCE = 1 << 17
"""Bytes of ts_log looked at together; more would not stay in a processor's cache."""
_LAST_BYTES = 1 << 14
"""Of ts_metrics.log, to know its layout before anything new is in it."""
_MOST_FOLLOWED = 50_000
"""Lines about workers that are kept."""
_STAMP_LENGTH = len("2026-11-22T16:37:50,499")


class ServerLogFollower:
    """Follows ts_log, or access_log where there is no ts_log, and ts_metrics.log.

    The first reading takes stock of the workers; requests count from then on. `times`,
    `counters` and `worker_states` hold what was read. Blocks while it reads: call it in a thread.
    """

    def __init__(self, folder: Path, tally: RequestTally | None = None) -> None:
        """`tally` counts all requests that are read."""
        self.folder = folder
        self._tally = tally
        self.times = RequestTimes()
        self.counters = LoggedCounters()
        self.series = LoggedSeries()
        """All metrics, since they are read."""
        self.worker_states = WorkerStates()
        self.problem = ""
        """Why there is nothing to read, if so."""
        self.counts = False
        """Whether there is a ts_metrics.log to add the counters up from, in a known layout."""
        self._requests = RequestLines()
        self._log = self._open_log()
        self._layout = Layout(self._log.path.name)
        self._metrics_layout = Layout(TS_METRICS)
        self._metrics_layout.usual(b"\n".join(lines_at_end(folder / TS_METRICS, _LAST_BYTES)))
        self._metrics = FileFollower(folder / TS_METRICS)
        self._model_metrics = FileFollower(folder / MODEL_METRICS)
        self._access = AccessLog(folder)
        self._is_first = True
        self._had_others = True
        self._followed: deque[bytes] = deque(maxlen=_MOST_FOLLOWED)
        """What was read about workers, to come after what is found before it."""
        self._earlier: EarlierLines | None = None
        self._sought: frozenset[str] = frozenset()

    def read(self, now: float) -> None:
        """Read what was added since the last call; `now` is monotonic."""
        if self._log.path.name == ACCESS_LOG and (self.folder / TS_LOG).exists():
            self._log.close()
            self._log, self._is_first = self._open_log(), True
            self._layout = Layout(TS_LOG)
        found: dict[TimesKey, Samples] = {}
        lines: list[bytes] = []
        for _ in range(MOST_AT_ONCE // AT_ONCE):
            text = self._log.read_whole_lines(AT_ONCE)
            if not text:
                break
            text = self._layout.usual(text)
            self._access.look_at(text)
            if not self._is_first:
                self._requests.read(text, found)
            if self._has_others():
                lines += text.splitlines()
        if self._log.path.name == TS_LOG:
            self._access.read(found)
        self.worker_states.read(lines)
        self._followed += filter(shows_worker, lines)
        self._add_counters(lines)
        self._is_first = False
        self.times.add(found, now)
        if self._tally is not None:
            self._tally.add(found)
        self.problem = self._problem()

    def search_back(self, workers: Collection[str]) -> None:
        """Go a step back for what happened to workers before what was read at first.

        The first call says which: those that it is not known of how they came to be as they are.
        """
        if self._earlier is None:
            can_tell = self._log.path.name == TS_LOG and not self._layout.problem
            self._sought = frozenset(workers if can_tell else ()) - created_in(self._followed)
            self._earlier = EarlierLines(self._log.path, self._log.begin, self._sought)
        if self._earlier.step() and self._earlier.lines:
            states = WorkerStates()
            states.read([*self._earlier.lines, *self._followed])
            self.worker_states = states

    @property
    def searching(self) -> Mapping[str, str]:
        """How far the search for workers has come, by their ids; none where there is no search."""
        if self._earlier is None or self._earlier.done:
            return {}
        return dict.fromkeys(self._sought, self._earlier.words)

    @property
    def why_no_counters(self) -> str:
        """Why ts_metrics.log shows no counters; empty where it does, or is empty."""
        return self._metrics_layout.problem

    def close(self) -> None:
        """Let go of the files."""
        self._log.close()
        self._access.close()
        self._metrics.close()
        self._model_metrics.close()
        if self._earlier is not None:
            self._earlier.close()

    def _open_log(self) -> FileFollower:
        path = self.folder / TS_LOG
        if path.exists():
            return FileFollower(path, backlog=BACKLOG)
        return FileFollower(self.folder / ACCESS_LOG)

    def _has_others(self) -> bool:
        """Whether the text just read has lines of workers or of a start; mostly it has none.

        A line without a stamp belongs to one before it, with which the text before may have ended.
        """
        had, self._had_others = self._had_others, self._is_first or self._requests.has_others
        return self._had_others or had

    def _add_counters(self, server_lines: Sequence[bytes]) -> None:
        """Take the steps of the counters; they start again where the server did."""
        steps = self._metrics_layout.usual(self._metrics.read_whole_lines())
        self.counts = self._metrics_layout.known
        started = None if self._is_first else _start(server_lines)
        if started is not None:
            self.counters, self.series = LoggedCounters(), LoggedSeries()
            lines = steps.splitlines(keepends=True)
            steps = b"".join(line for line in lines if line[:_STAMP_LENGTH] >= started)
        self.counters.add(steps)
        self.series.add(steps)
        self.series.add(self._model_metrics.read_whole_lines())

    def _problem(self) -> str:
        if not self.folder.is_dir():
            return f"there is no log folder {self.folder}"
        for file in (self._log, self._metrics):
            if file.problem is not None:
                return f"cannot read {file.path}: {file.problem.strerror or file.problem}"
        if not self._log.path.exists():
            return f"neither {TS_LOG} nor {ACCESS_LOG} is in {self.folder}"
        return self._layout.problem


def _start(lines: Sequence[bytes]) -> bytes | None:
    """The stamp of the server's last start among these lines; None if it did not start.

    The banner begins with a stamped line that says nothing.
    """
    for number in range(len(lines) - 1, 0, -1):
        if lines[number].startswith(BANNER):
            return lines[number - 1][:_STAMP_LENGTH]
    return None


_LABELS = re.compile(r"^model_name:(.*),model_version:([^,]*)$")
_NAMES = {name.encode(): name for name in (REQUESTS, INFERENCE_US, QUEUE_US)}
_INCREMENT = re.compile(
    rb" - (" + b"|".join(_NAMES) + rb")\.\w+:(\d+(?:\.\d+)?(?:E\d{1,2})?)\|#([^|\n]*)\|"
)


class LoggedCounters:
    """Adds up the increments read so far, as the server's own counters would."""

    def __init__(self) -> None:
        self._sums: dict[bytes, defaultdict[bytes, float]] = {
            name: defaultdict(float) for name in _NAMES
        }

    def add(self, text: bytes) -> None:
        """Take more lines of ts_metrics.log."""
        sums = self._sums
        for name, value, labels in _INCREMENT.findall(text):
            sums[name][labels] += float(value)

    @property
    def series(self) -> dict[SeriesKey, Counters]:
        """The sums by model and version, as a scrape has them."""
        requests, inference, queue = (self._sums[name] for name in _NAMES)
        found = {}
        for labels in {**requests, **inference, **queue}:
            match = _LABELS.match(labels.decode(errors="replace"))
            if match is not None:
                found[SeriesKey(*match.groups())] = Counters(
                    requests.get(labels, 0.0), inference.get(labels, 0.0), queue.get(labels, 0.0)
                )
        return found
