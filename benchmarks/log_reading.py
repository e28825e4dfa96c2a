"""What it costs to keep up with a busy server's logs, beside simpler programs on the same file.

python -m benchmarks.log_reading [--requests N] [--seconds S]
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import re
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.server_log import ServerLog
from benchmarks.table import print_table
from tsmon.logs.files import MODEL_LOG, TS_LOG, TS_METRICS
from tsmon.telemetry.logs.folder_follower import FolderFollower
from tsmon.telemetry.logs.request_lines import RequestLines
from tsmon.telemetry.logs.request_report import KEPT_S, Samples, TimesKey
from tsmon.telemetry.logs.request_times import RequestTimes

RATE = 1000
"""Requests per second that tsmon is to keep up with."""
BATCHES_PER_S = 50
KEY = TimesKey("mnist", "1.0")
_TIMES = re.compile(rb"Waiting time ns: (\d+), Backend time ns: (\d+)")
AWK = r"""
/RestJob - Waiting time ns: / && $0 != last {
    last = $0; sub(",", "", $10); queue[n] = $10; backend[n++] = $14
}
END { if (!n) exit 1 }
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one program took for the requests of one file."""

    name: str
    cpu_s: float
    requests: int

    @property
    def per_request_us(self) -> float:
        """Microseconds of CPU."""
        return self.cpu_s / self.requests * 1e6


def main() -> None:
    """Measure both ways and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--requests", type=int, default=20_000)
    options.add_argument("--seconds", type=int, default=10)
    args = options.parse_args()
    for log_mode in (False, True):
        mode = "log" if log_mode else "prometheus"
        with tempfile.TemporaryDirectory() as name:
            costs = as_fast_as_possible(Path(name), args.requests, log_mode=log_mode)
        floor = costs[0].per_request_us
        print_table(
            f"{args.requests} requests at once, metrics_mode {mode}",
            ("program", "CPU µs/request", "× floor"),
            [(c.name, f"{c.per_request_us:.1f}", f"{c.per_request_us / floor:.1f}") for c in costs],
        )
    with tempfile.TemporaryDirectory() as name:
        percent = at_a_steady_rate(Path(name), args.seconds)
    print_table(
        f"{RATE} requests/s for {args.seconds} s, a reading and its percentiles each second",
        ("program", "% of a core"),
        [
            ("tsmon: reading and percentiles", f"{percent:.1f}"),
            ("tsmon: percentiles of five full minutes", f"{with_full_windows():.1f}"),
        ],
    )


def as_fast_as_possible(folder: Path, requests: int, *, log_mode: bool) -> list[Cost]:
    """The floor first, then its peers and tsmon, each over the same lines."""
    log = ServerLog(log_mode=log_mode)
    _touch(folder)
    follower = FolderFollower(folder)
    follower.read()
    times = follower.server_log.times
    reading = reporting = 0.0
    for _ in range(requests // RATE):
        _append(folder, log.requests(RATE))
        reading += _cpu(follower.read)
        reporting += _cpu(lambda: times.report([KEY], time.monotonic()))
    report = times.report([KEY], time.monotonic())
    _check(report is not None and report.statuses == {200: requests}, "tsmon lost requests")
    follower.close()
    path = folder / TS_LOG
    return [
        Cost("Python: lines and one regex", _cpu(lambda: _plain(path)), requests),
        Cost("grep -c", _cpu_of("grep", "-c", "Waiting time ns", str(path)), requests),
        Cost("awk: queue and backend times", _cpu_of("awk", AWK, str(path)), requests),
        Cost("tsmon: reading", reading, requests),
        Cost("tsmon: percentiles each second", reporting, requests),
    ]


def at_a_steady_rate(folder: Path, seconds: int) -> float:
    """Percent of a core that following a log costs while another process writes it."""
    _touch(folder)
    follower = FolderFollower(folder)
    follower.read()
    times = follower.server_log.times
    writer = multiprocessing.Process(target=_write, args=(folder, seconds))
    writer.start()
    began, cpu = time.monotonic(), time.process_time()
    while writer.is_alive():
        writer.join(1.0)
        follower.read()
        times.report([KEY], time.monotonic())
    spent = (time.process_time() - cpu) / (time.monotonic() - began)
    total = sum(times.statuses([KEY], since=0.0).values())
    _check(total == seconds * RATE, f"tsmon read {total} of {seconds * RATE} requests")
    follower.close()
    return spent * 100


def with_full_windows() -> float:
    """Percent of a core that percentiles cost each second when both windows are full."""
    times, log, requests = RequestTimes(), ServerLog(log_mode=False), RequestLines()
    a_second: dict[TimesKey, Samples] = {}
    requests.read(log.requests(RATE)[TS_LOG], a_second)
    for second in range(int(KEPT_S)):
        times.add(a_second, float(second))
    ticks = range(int(KEPT_S), int(KEPT_S) + 20)
    return sum(_cpu(partial(times.report, [KEY], float(now))) for now in ticks) / len(ticks) * 100


def _write(folder: Path, seconds: int) -> None:
    log = ServerLog(log_mode=True)
    batches = [log.requests(RATE // BATCHES_PER_S) for _ in range(seconds * BATCHES_PER_S)]
    began = time.monotonic()
    for number, batch in enumerate(batches):
        time.sleep(max(0.0, began + number / BATCHES_PER_S - time.monotonic()))
        _append(folder, batch)


def _plain(path: Path) -> None:
    """What reading the file line by line costs at least: one expression, nothing kept per model."""
    found = []
    with path.open("rb") as file:
        for line in file:
            match = _TIMES.search(line)
            if match is not None:
                found.append((int(match[1]), int(match[2])))
    found.sort()


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _cpu_of(*command: str) -> float:
    """Seconds of CPU that a program takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    # grep stops at the first match when its output leads nowhere, hence the pipe
    subprocess.run(command, check=True, stdout=subprocess.PIPE, env={**os.environ, "LC_ALL": "C"})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _touch(folder: Path) -> None:
    for name in (TS_LOG, TS_METRICS, MODEL_LOG):
        (folder / name).touch()


def _append(folder: Path, added: dict[str, bytes]) -> None:
    for name, text in added.items():
        with (folder / name).open("ab") as file:
            file.write(text)


def _check(holds: bool, message: str) -> None:
    if not holds:
        raise SystemExit(message)


if __name__ == "__main__":
    main()
