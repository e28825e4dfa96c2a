"""What one reading of a server's log files show, for commands that do not follow them."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tsmon.logs.files import ACCESS_LOG, MODEL_METRICS, TS_LOG, TS_METRICS
from tsmon.logs.follower import BACKLOG, FileFollower
from tsmon.logs.last_lines import lines_at_end
from tsmon.logs.layout import Layout
from tsmon.logs.lines import parse_stamp
from tsmon.logs.time_zone import LogZone
from tsmon.telemetry.logs.logged_series import LoggedSeries
from tsmon.telemetry.logs.request_lines import RequestLines
from tsmon.telemetry.logs.request_report import MINUTE_S, Samples, TimesKey
from tsmon.telemetry.logs.server_log_follower import LoggedCounters, ServerLogFollower
from tsmon.telemetry.logs.worker_states import WorkerState, states_here
from tsmon.torchserve.errors import TorchServeError

if TYPE_CHECKING:
    from tsmon.telemetry.scrape import Counters, SeriesKey
    from tsmon.telemetry.series.published import Published


def read_recent_statuses(
    folder: Path, zone: LogZone, now: datetime
) -> Mapping[TimesKey, Mapping[int, int]]:
    """How many requests of the last minute ended with which HTTP status, by version.

    `now` is this machine's local time, without a zone. Of a minute with more than `BACKLOG`
    bytes the end is counted. It blocks while it reads.
    """
    path = folder / TS_LOG
    lines = lines_at_end(path if path.exists() else folder / ACCESS_LOG, BACKLOG)
    first = now - timedelta(seconds=MINUTE_S)
    recent = [line for line in lines if b"ACCESS_LOG" in line or b"HTTP/" in line]
    recent = [line for line in recent if _is_since(first, line, zone)]
    found: dict[TimesKey, Samples] = {}
    RequestLines().read(b"".join(line + b"\n" for line in recent), found)
    return {key: samples.statuses for key, samples in found.items()}


def _is_since(first: datetime, line: bytes, zone: LogZone) -> bool:
    stamp = parse_stamp(line.partition(b" ")[0].decode(errors="replace"))
    return stamp is not None and zone.here(stamp) >= first


def read_counters(folder: Path) -> dict[SeriesKey, Counters]:
    """The counters of the whole present ts_metrics.log; none where it cannot be read.

    Raises:
        TorchServeError: its layout is not known.
    """
    file, layout = FileFollower(folder / TS_METRICS, start=0), Layout(TS_METRICS)
    counters = LoggedCounters()
    while text := file.read_whole_lines():
        counters.add(layout.usual(text))
    file.close()
    if layout.problem:
        raise TorchServeError(layout.problem)
    return counters.series


def read_logged_series(folder: Path) -> Published:
    """All metrics of the whole present ts_metrics.log and model_metrics.log."""
    series = LoggedSeries()
    for name in (TS_METRICS, MODEL_METRICS):
        file = FileFollower(folder / name, start=0)
        while text := file.read_whole_lines():
            series.add(text)
        file.close()
    return series.published


class WorkersByLog(NamedTuple):
    """What ts_log shows of workers."""

    states: Mapping[str, WorkerState]
    """The state of each worker by its id; times are this machine's local ones, without a zone."""
    problem: str
    """Why it shows less than it could; empty where it shows all."""


def read_worker_states(
    folder: Path, zone: LogZone | None = None, unready: Collection[str] = ()
) -> WorkersByLog:
    """The state of each worker, by the end of ts_log. It blocks.

    For what became of the workers with the ids in `unready` it is searched back as far as need be.
    """
    zone = zone or LogZone()
    zone.look(folder)
    follower = ServerLogFollower(folder)
    follower.read(time.monotonic())
    follower.search_back(unready)
    while follower.searching:
        follower.search_back(unready)
    follower.close()
    return WorkersByLog(states_here(follower.worker_states, zone), follower.problem)
