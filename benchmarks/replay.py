"""How long a recording of a day takes to open, to jump in and to step through.

``python -m benchmarks.replay`` writes a day of a busy server, as thinning leaves it (a tick per ten
seconds, in the last hour one per second), and reads it back as the monitor does.
``--models`` says how many there are.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psutil

from benchmarks.table import print_table
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.logs.percentiles import Percentiles
from tsmon.telemetry.logs.request_report import (
    LastReading,
    RequestPhase,
    RequestReport,
    WorkerShare,
)
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.playhead import Playhead
from tsmon.telemetry.recording.reader import Recording
from tsmon.telemetry.recording.replay import RecordedHistory, RecordedPast, find_events
from tsmon.telemetry.recording.writer import Writer
from tsmon.telemetry.scrape import Counters, MetricsMode, Scrape, SeriesKey
from tsmon.telemetry.snapshot import ModelKey
from tsmon.telemetry.source import Description, Observation, ServerFacts
from tsmon.torchserve.records import parse_versions

DAY_S = 86_400
FINE_S = 3600
COARSE_STEP_S = 10
WORKERS = 2
STARTED = datetime(2026, 11, 22, tzinfo=UTC).timestamp()
JUMPS = 30
LOOKED_AT_S = 120.0


class Server:
    """What a server would say at each second of a day, the same for the same seed."""

    def __init__(self, models: int, seed: int = 1) -> None:
        self._random = random.Random(seed)  # noqa: S311 (made-up figures)
        self._names = [f"model-{number:02d}" for number in range(models)]
        self._sums = dict.fromkeys(self._names, (0, 0.0, 0.0))
        self._described: dict[str, tuple[int, Description]] = {}

    def observe(self, second: int, passed: int) -> Observation:
        """What it says at a second, `passed` after the one before."""
        at = Instant(float(second), datetime.fromtimestamp(STARTED + second, UTC))
        reports = {ModelKey(name, "1.0"): self._report(name, passed) for name in self._names}
        series = {SeriesKey(name, "default"): Counters(*self._sums[name]) for name in self._names}
        return Observation(
            at,
            ServerFacts("0.12.0", model_api=True),
            tuple(self._describe(name, second) for name in self._names),
            Scrape(at, MetricsMode.PROMETHEUS, series),
            reports=reports,
        )

    def _report(self, name: str, passed: int) -> RequestReport:
        requests = self._random.randrange(5) * passed
        count, inference, queue = self._sums[name]
        milliseconds = self._random.lognormvariate(2, 0.5)
        self._sums[name] = (
            count + requests,
            inference + 1000 * requests * milliseconds,
            queue + 100 * requests * milliseconds,
        )
        figures = sorted(self._random.lognormvariate(2, 0.5) for _ in range(4))
        profile = {phase: Percentiles(10, *figures) for phase in RequestPhase}
        last = LastReading(
            1.0,
            requests,
            0,
            {phase: profile[phase] for phase in (RequestPhase.INFERENCE, RequestPhase.QUEUE)},
            {f"90{number:02d}": WorkerShare(requests, 8.0) for number in range(WORKERS)},
        )
        return RequestReport(profile, profile, {200: 600}, last=last, minute_statuses={200: 120})

    def _describe(self, name: str, second: int) -> Description:
        """TorchServe reads the memory of workers once a minute."""
        minute, known = self._described.get(name, (-1, None))
        if known is None or minute != second // 60:
            known = Description(parse_versions([self._raw(name)])[0], is_default=True)
            self._described[name] = second // 60, known
        return known

    def _raw(self, name: str) -> dict[str, object]:
        number = self._names.index(name)
        workers = [
            {
                "id": f"{9000 + WORKERS * number + each}",
                "startTime": "2026-11-22T00:00:00.000Z",
                "status": "READY",
                "memoryUsage": 600_000_000 + self._random.randrange(1 << 20),
                "pid": 20_000 + WORKERS * number + each,
                "gpu": False,
                "gpuUsage": "N/A",
            }
            for each in range(WORKERS)
        ]
        return {
            "modelName": name,
            "modelVersion": "1.0",
            "modelUrl": f"{name}.mar",
            "runtime": "python",
            "minWorkers": WORKERS,
            "maxWorkers": WORKERS,
            "batchSize": 1,
            "maxBatchDelay": 100,
            "workers": workers,
            "jobQueueStatus": {"remainingCapacity": 100, "pendingRequests": 0},
        }


def seconds() -> Iterator[int]:
    """When there are ticks."""
    yield from range(0, DAY_S - FINE_S, COARSE_STEP_S)
    yield from range(DAY_S - FINE_S, DAY_S)


def write_day(file: Path, models: int) -> None:
    """Record a day."""
    server, before = Server(models), 0
    with closing(Writer(file, "127.0.0.1:8081")) as writer:
        for second in seconds():
            writer.write(server.observe(second, second - before))
            before = second


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds by the clock, and of CPU."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return 1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - cpu)


def row(name: str, times: list[tuple[float, float]]) -> list[str]:
    """Median and largest of the times."""
    columns = [sorted(each) for each in zip(*times, strict=True)]
    return [name, *(f"{each[at]:.1f}" for each in columns for at in (len(each) // 2, -1))]


class Viewer:
    """Opens the recording and looks at it as the monitor does."""

    def __init__(self, file: Path) -> None:
        self.recording = Recording(file)
        past = RecordedPast(self.recording)
        self._history = RecordedHistory(self.recording)
        self.monitor = Monitor(self.recording, remembers=False)
        self._head = Playhead(past, self.monitor.events)
        self._head.go_to(float("-inf"))
        self.look()

    def look(self) -> None:
        """The snapshot, and the charts of its first model."""
        view = self._head.view
        if view is not None:
            model = view.snapshot.models[0]
            self._history.points(model.key, self._head.span_s, view.edge)

    def jump(self, second: float) -> None:
        """Look at a moment of the day."""
        self._head.go_to_time(datetime.fromtimestamp(STARTED + second, UTC))
        self.look()

    def step(self) -> None:
        """Look at the next tick."""
        self._head.step(1)
        self.look()

    def choose_span(self, span_s: float) -> None:
        """Show so much time on the charts."""
        self._head.span_s = span_s

    async def find_events(self) -> None:
        """Search all of it."""
        async for _ in find_events(self.recording, self.monitor):
            pass


def measure(file: Path, *, events: bool) -> list[list[str]]:
    """The rows of the table."""
    opened: list[Viewer] = []
    rows = [row("open", [timed(lambda: opened.append(Viewer(file)))])]
    viewer, chance = opened[0], random.Random(2)  # noqa: S311 (which moments)
    for name, first, last in (
        ("jump within the day", 0, DAY_S - FINE_S),
        ("jump within the last hour", DAY_S - FINE_S, DAY_S),
    ):
        moments = [chance.uniform(first, last) for _ in range(JUMPS)]
        rows.append(row(name, [timed(lambda at=at: viewer.jump(at)) for at in moments]))  # type: ignore[misc]
    rows.append(row("the next tick", [timed(viewer.step) for _ in range(JUMPS)]))
    viewer.choose_span(3600.0)
    moments = [chance.uniform(FINE_S, DAY_S) for _ in range(JUMPS)]
    name = "jump, an hour on the charts"
    rows.append(row(name, [timed(lambda at=at: viewer.jump(at)) for at in moments]))  # type: ignore[misc]
    if events:
        rows.append(row("all events", [timed(lambda: asyncio.run(viewer.find_events()))]))
    held = psutil.Process().memory_info().rss / 2**20
    rows.append([f"it holds {held:.0f} MB", *[""] * 4])
    viewer.recording.close()
    return rows


def main() -> None:
    """Write, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=8)
    parser.add_argument("--events", action="store_true", help="search all of it for events")
    parser.add_argument("--file", type=Path, help="keep the recording there, and use it again")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = given.file or Path(folder) / "day.tsmon"
        if not file.exists():
            wrote = timed(lambda: write_day(file, given.models))
            print(f"written in {wrote[0] / 1000:.0f} s, {file.stat().st_size / 2**20:.0f} MB")
        columns = ("", "p50 ms", "max ms", "CPU p50 ms", "CPU max ms")
        print_table(f"A day of {given.models} models", columns, measure(file, events=given.events))


if __name__ == "__main__":
    main()
