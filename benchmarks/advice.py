"""The queueing model's predictions beside what a real TorchServe measures, as Markdown.

    python benchmarks/advice.py --seconds 20

Starts a TorchServe of its own and stops it at the end. For each model and number of workers it
first keeps the workers busy for a while to learn what they can answer at most, then sends at random
times at half of that, which is the traffic that the advice sees. Then it sends at several loads,
shares of the most, and reads the queue time from the counters and its percentiles from the logs.

Three numbers stand beside each measured mean: what was predicted beforehand from the traffic seen,
as the advice does it; what the formulas give for the mean and variability of the service times of
that very run; and what c workers, first come first served, make of the arrivals and service times
of the run in their order. The first differs from the second by how much service times changed, the
second from the third by what the formulas leave out (times that come in slow and fast spells, and
chance), the third from the measured one by what TorchServe does otherwise. The sampling error is
that of the measured mean: waits in a queue follow each other, so it is the standard error of the
means of ten stretches of the run.
"""

from __future__ import annotations

import argparse
import asyncio
import heapq
import math
import os
import platform
import signal
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, median, stdev

from benchmarks.waited import Waited, WaitedLog
from tsmon.digits.images import DigitImage, find_images
from tsmon.load.capacity.prediction import predict
from tsmon.load.capacity.curve import ServiceCurve, ServicePoint
from tsmon.load.capacity.situation import Situation
from tsmon.load.run.plan import RunPlan
from tsmon.load.run.report import RunReport
from tsmon.load.run.run import complete_run
from tsmon.serving.archive import ArchiveSpec, build_archive, digit_archive_spec
from tsmon.serving.assets import digit_assets
from tsmon.serving.local_server import LocalServer
from tsmon.serving.plan import ServerPlan
from tsmon.serving.ports import Ports, free_ports
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.logs.locate import find_log_folder
from tsmon.telemetry.logs.moments import Moments
from tsmon.telemetry.logs.quantiles import nearest_rank
from tsmon.telemetry.scrape import Counters, parse_scrape
from tsmon.telemetry.snapshot import ModelKey
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.management import Registration
from tsmon.torchserve.rollout import Outcome, follow
from tsmon.torchserve.tokens import KeyRing

SLEEP_MS = 10.0
WARM_UP_S = 2.0
SEEN_LOAD = 0.5
STRETCHES = 10
LOG_S = 5.0
"""For the last lines to reach the log files."""
SLEEPER = '''
"""Sleeps for a time that is known: {what}."""
import random
import time

def handle(data, context):
    if data is None:
        return None
    time.sleep({seconds})
    return ["0"] * len(data)
'''
SLEEPERS = {
    "fixed": f"{SLEEP_MS / 1000}",
    "exponential": f"random.expovariate(1 / {SLEEP_MS / 1000})",
}
COLUMNS = (
    *("model", "workers", "load", "requests/s", "requests", "scv", "busy"),
    *("queue ms: beforehand", "own times", "in order", "counters", "error", "sampling ±"),
    *("queue p95: beforehand", "own times", "logs", "p95: beforehand", "own times", "logs"),
)
CURVE_COLUMNS = (
    *("model", "workers", "service ms, all busy", "scv", "answers/s by it", "answers/s"),
    *("service ms, seen", "scv", "floor ms"),
)


@dataclass(frozen=True, slots=True)
class Case:
    """A model with a number of workers and the loads it is given."""

    model: str
    workers: int
    loads: tuple[float, ...]

    @classmethod
    def of(cls, text: str) -> Case:
        """From `MODEL:WORKERS:LOAD,LOAD`."""
        model, workers, loads = text.split(":")
        return cls(model, int(workers), tuple(map(float, loads.split(","))))


DEFAULT_CASES = (
    *("mnist:1:0.3,0.6,0.8", "mnist:2:0.3,0.6,0.8", "mnist:4:0.3,0.6"),
    *("fixed:1:0.3,0.6,0.8", "fixed:2:0.3,0.6,0.8", "fixed:4:0.6"),
    *("exponential:1:0.3,0.6,0.8", "exponential:2:0.3,0.6,0.8", "exponential:4:0.6"),
)


@dataclass(frozen=True, slots=True)
class Measured:
    """A run as the server saw it; milliseconds."""

    report: RunReport
    counters: Counters
    waited: list[Waited]

    @property
    def queue(self) -> list[float]:
        """Queue times in the order of the answers."""
        return [line.queue_ms for line in self.waited]

    @property
    def backend(self) -> list[float]:
        """Backend times in the same order."""
        return [line.backend_ms for line in self.waited]

    @property
    def service(self) -> Moments:
        """Of the backend times."""
        return Moments.of(self.backend)

    @property
    def inference(self) -> list[float]:
        """Queue and backend times together."""
        return [sum(each) for each in zip(self.queue, self.backend, strict=True)]

    @property
    def rate(self) -> float:
        """Requests per second that the server saw."""
        return self.counters.requests / self.report.seconds

    @property
    def queue_ms(self) -> float:
        """By the counters."""
        return self.counters.queue_us / self.counters.requests / 1000

    @property
    def lost(self) -> int:
        """Requests that failed or were never sent, as the queue was full: it grew."""
        return self.report.failed + self.report.unsent

    @property
    def sampling_ms(self) -> float:
        """Standard error of the mean queue time."""
        size = max(len(self.queue) // STRETCHES, 1)
        means = [fmean(self.queue[n : n + size]) for n in range(0, len(self.queue), size)]
        return stdev(means) / math.sqrt(len(means))

    def in_order(self, workers: int) -> float:
        """Mean wait if each request goes to the worker that is free first (Kiefer-Wolfowitz)."""
        arrived = sorted((line.arrival_ms, line.backend_ms) for line in self.waited)
        free = [0.0] * workers
        waits = []
        for arrival, backend_ms in arrived:
            start = max(heapq.heappop(free), arrival)
            waits.append(start - arrival)
            heapq.heappush(free, start + backend_ms)
        return fmean(waits)

    def point(self, workers: int, throughput: float | None) -> ServicePoint:
        """The service time of this run."""
        service = self.service
        return ServicePoint(workers, service.mean, service.scv, None, throughput)


class Bench:
    """A server, and runs on it with what its counters and logs say of each."""

    def __init__(self, client: TorchServe, logs: WaitedLog, images: tuple[DigitImage, ...]) -> None:
        self._client = client
        self._logs = logs
        self._images = images

    async def scale(self, model: str, workers: int) -> None:
        """Give a model its workers and wait for them."""
        await self._client.management.scale(model, workers)
        async for progress in follow(self._client.management, model, workers):
            if progress.outcome is Outcome.FAILED:
                raise SystemExit(f"{model} does not start: {progress.reason}")

    async def busy(self, model: str, workers: int, seconds: float) -> Measured:
        """Keep all workers busy: one connection for each."""
        return await self.run(
            RunPlan(model=model, images=self._images, concurrency=workers, duration_s=seconds)
        )

    async def random(self, model: str, rate: float, seconds: float, seed: int) -> Measured:
        """Send at random times."""
        return await self.run(
            RunPlan(
                model=model,
                images=self._images,
                rate=rate,
                poisson=True,
                seed=seed,
                duration_s=seconds,
            )
        )

    async def run(self, plan: RunPlan) -> Measured:
        """Send, and read what the server says of it."""
        self._logs.read(plan.model)
        before = await self._counters(plan.model)
        report = await complete_run(self._client, plan)
        after = await self._counters(plan.model)
        waited = await self._waited(plan.model, report.answered)
        return Measured(report, after - before, waited)

    async def _counters(self, model: str) -> Counters:
        scrape = parse_scrape(await self._client.metrics.scrape(), Instant.now())
        return sum((sums for key, sums in scrape.series.items() if key.model == model), Counters())

    async def _waited(self, model: str, wanted: int) -> list[Waited]:
        """The log lines of a run, once all are there."""
        found: list[Waited] = []
        async with asyncio.timeout(LOG_S):
            while len(found) < wanted:
                found += await asyncio.to_thread(self._logs.read, model)
        return found


@dataclass(frozen=True, slots=True)
class Errors:
    """Of one run's predicted mean queue times, as shares of the measured one."""

    model: str
    ahead: float
    """Infinite where it was to grow for ever."""
    own: float
    order: float


async def validate(bench: Bench, cases: Sequence[Case], seconds: float, cores: int) -> None:
    """Measure all cases and print a line for each load."""
    errors: list[Errors] = []
    curves: list[str] = []
    for case in cases:
        await bench.scale(case.model, case.workers)
        await bench.busy(case.model, case.workers, WARM_UP_S)
        idle = await bench.random(case.model, 5.0, 4.0, seed=0)
        floor_ms = median(idle.queue)
        busy = await bench.busy(case.model, case.workers, seconds / 3)
        most = case.workers / busy.service.mean * 1000
        seen = await bench.random(case.model, SEEN_LOAD * most, seconds, seed=0)
        curve = ServiceCurve((seen.point(case.workers, seen.rate),), cores, demand_of(case))
        situation = Situation(
            key=ModelKey(case.model, "1.0"), workers=case.workers, floor_ms=floor_ms
        )
        curves.append(curve_line(case, busy, seen, floor_ms))
        for number, load in enumerate(case.loads):
            measured = await bench.random(case.model, load * most, seconds, seed=number + 1)
            errors.append(print_line(case, load, measured, curve, situation))
        await bench.scale(case.model, 0)
    print_summary(curves, errors)


def demand_of(case: Case) -> float:
    """Cores that a busy worker wants: sleeping takes next to none."""
    return 1.0 if case.model == "mnist" else 0.05


def curve_line(case: Case, busy: Measured, seen: Measured, floor_ms: float) -> str:
    """What was known before the loads were sent."""
    cells = [case.model, str(case.workers)]
    cells += [f"{busy.service.mean:.2f}", f"{busy.service.scv:.2f}"]
    cells += [f"{case.workers / busy.service.mean * 1000:.1f}"]
    cells += [f"{busy.report.throughput or 0.0:.1f}"]
    cells += [f"{seen.service.mean:.2f}", f"{seen.service.scv:.2f}", f"{floor_ms:.2f}"]
    return f"| {' | '.join(cells)} |"


def print_line(
    case: Case, load: float, measured: Measured, curve: ServiceCurve, situation: Situation
) -> Errors:
    """Print a load's line and give the errors of the mean queue time."""
    own = replace(curve, points=(measured.point(case.workers, measured.rate),))
    ahead = predict(situation, curve, measured.rate, case.workers)
    model = predict(situation, own, measured.rate, case.workers)
    queue, total = sorted(measured.queue), sorted(measured.inference)
    busy = measured.rate * measured.service.mean / 1000 / case.workers
    error = (ahead.queue_ms or float("nan")) - measured.queue_ms
    cells = [case.model, str(case.workers), f"{load:g}", f"{measured.rate:.1f}"]
    lost = f", {measured.lost} lost" if measured.lost else ""
    cells += [f"{measured.counters.requests:.0f}{lost}", f"{measured.service.scv:.2f}"]
    cells += [f"{busy:.2f}"]
    ordered = measured.in_order(case.workers) + (situation.floor_ms or 0.0)
    cells += [number(ahead.queue_ms), number(model.queue_ms), number(ordered)]
    cells += [number(measured.queue_ms)]
    grows = ahead.queue_ms is None
    off = "" if grows else f"{error:+.2f} ({error / measured.queue_ms:+.0%})"
    cells += [off, number(measured.sampling_ms)]
    cells += [number(each.queue_p95_ms) for each in (ahead, model)]
    cells += [number(queue[nearest_rank(95, len(queue)) - 1])]
    cells += [number(each.p95_ms) for each in (ahead, model)]
    cells += [number(total[nearest_rank(95, len(total)) - 1])]
    print(f"| {' | '.join(cells)} |", flush=True)
    predicted = (ahead.queue_ms, model.queue_ms, ordered)
    return Errors(case.model, *(share_off(each, measured.queue_ms) for each in predicted))


def share_off(predicted: float | None, measured: float) -> float:
    """The error as a share of what was measured."""
    return math.inf if predicted is None else predicted / measured - 1


def number(value: float | None) -> str:
    """Milliseconds, or that there is no long run."""
    return "grows" if value is None else f"{value:.2f}"


def print_summary(curves: Sequence[str], errors: Sequence[Errors]) -> None:
    """What was known beforehand, and the median errors of each model."""
    print(f"\n| {' | '.join(CURVE_COLUMNS)} |\n|{'---|' * len(CURVE_COLUMNS)}")
    print("\n".join(curves))
    print("\n| model | runs | median error: beforehand | own times | in order |")
    print("|---|---|---|---|---|")
    for model in dict.fromkeys(each.model for each in errors):
        own = [each for each in errors if each.model == model]
        kinds = (
            [each.ahead for each in own],
            [each.own for each in own],
            [each.order for each in own],
        )
        cells = (f"{median(map(abs, kind)):.0%}" for kind in kinds)
        print(f"| {model} | {len(own)} | {' | '.join(cells)} |")


@asynccontextmanager
async def server(folder: Path, ports: Ports) -> AsyncIterator[Bench]:
    """A server with the digit model and the sleepers registered, without workers."""
    store = folder / "store"
    store.mkdir()
    archives = [build_archive(digit_archive_spec(store)), *map(build_archive, sleepers(folder))]
    local = LocalServer(folder / "home")
    record = await asyncio.to_thread(local.start, ServerPlan(model_store=store, ports=ports))
    try:
        addresses = Addresses(record.inference, record.management, record.metrics)
        logs = find_log_folder(addresses.management)
        if logs is None:
            raise SystemExit("the server's log folder is not found")
        images = find_images(digit_assets().samples)
        async with TorchServe(addresses, KeyRing(record.key_file)) as client:
            for archive in archives:
                await client.management.register(Registration(archive.name, initial_workers=0))
            yield Bench(client, WaitedLog(logs), images)
    finally:
        await asyncio.to_thread(local.stop)


def sleepers(folder: Path) -> list[ArchiveSpec]:
    """Archives of handlers that sleep."""
    specs = []
    for name, seconds in SLEEPERS.items():
        handler = folder / f"{name}.py"
        handler.write_text(SLEEPER.format(what=name, seconds=seconds))
        specs.append(ArchiveSpec(model_name=name, handler=handler, export_path=folder / "store"))
    return specs


async def run(options: argparse.Namespace) -> None:
    """Measure and print."""
    cases = [Case.of(text) for text in options.cases or DEFAULT_CASES]
    cores = len(os.sched_getaffinity(0))
    ports = free_ports()
    if options.first_port:
        names = ("inference", "management", "metrics", "grpc_inference", "grpc_management")
        ports = Ports(**{name: options.first_port + n for n, name in enumerate(names)})
    with tempfile.TemporaryDirectory() as name:
        async with server(Path(name), ports) as bench:
            before = f"load average before {os.getloadavg()[0]:.1f}"
            python = f"Python {platform.python_version()}"
            print(f"{cores} cores, {python}, {options.seconds:g} s a run, {before}\n")
            print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}", flush=True)
            await validate(bench, cases, options.seconds, cores)


def main() -> None:
    """Read the options."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("cases", nargs="*", help="MODEL:WORKERS:LOAD,LOAD; by default all")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each run")
    parser.add_argument("--first-port", type=int, help="of five; by default any free ones")
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's `&` ignores it
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
