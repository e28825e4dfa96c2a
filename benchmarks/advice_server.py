"""The server of the advice's benchmark, and what its counters and logs say of a run."""

from __future__ import annotations

import asyncio
import heapq
import math
from bisect import bisect_right
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev

from benchmarks.waited import Waited, WaitedLog
from tsmon.digits.folders import find_images
from tsmon.digits.images import DigitImage
from tsmon.load.capacity.batching import ONE_BY_ONE, BatchRule, BatchTimes, batch_times
from tsmon.load.capacity.curve import ServicePoint
from tsmon.load.run.plan import RunPlan
from tsmon.load.run.report import RunReport
from tsmon.load.run.run import complete_run
from tsmon.logs.discovery import find_log_folder
from tsmon.serving.archive import (
    DIGIT_BATCH_DELAY_MS,
    DIGIT_BATCH_SIZE,
    ArchiveSpec,
    build_archive,
    digit_archive_spec,
)
from tsmon.serving.assets import digit_assets
from tsmon.serving.local_server import LocalServer
from tsmon.serving.plan import ServerPlan
from tsmon.serving.ports import Ports
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.logs.duration_stats import DurationStats
from tsmon.telemetry.scrape import Counters, parse_scrape
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.management import Registration
from tsmon.torchserve.rollout import Outcome, follow
from tsmon.torchserve.tokens import KeyRing

SLEEP_MS = 10.0
STRETCHES = 10
LOG_S = 5.0
"""For the last lines to reach the log files."""
RULES = {
    "batched": BatchRule(DIGIT_BATCH_SIZE, DIGIT_BATCH_DELAY_MS),
    "delayed": BatchRule(DIGIT_BATCH_SIZE, 1.0),
    "sleeping": BatchRule(8, 0.0),
    "filling": BatchRule(8, 5.0),
}
"""The digit model as `tsmon demo` registers it, and with a delay that lets batches fill; then a
sleeper whose time grows with its batch, likewise."""
ARCHIVES = {"batched": "mnist", "delayed": "mnist", "sleeping": "growing", "filling": "growing"}
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
    "growing": "0.006 + 0.002 * len(data)",
}


@dataclass(frozen=True, slots=True)
class Measured:
    """A run as the server saw it; milliseconds."""

    report: RunReport
    counters: Counters
    waited: list[Waited]
    handled: Mapping[int, DurationStats]
    rule: BatchRule

    @property
    def queue(self) -> list[float]:
        """Queue times in the order of the answers."""
        return [line.queue_ms for line in self.waited]

    @property
    def backend(self) -> list[float]:
        """Backend times in the same order."""
        return [line.backend_ms for line in self.waited]

    @property
    def service(self) -> DurationStats:
        """Of the backend times."""
        return DurationStats.of(self.backend)

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

    @property
    def batches(self) -> BatchTimes | None:
        """How long batches took; None where requests were taken one by one."""
        return batch_times(self.handled, self.service) if self.rule.size > 1 else None

    @property
    def worker_ms(self) -> float:
        """What a request took of a worker."""
        return self.batches.worker_ms if self.batches else self.service.mean

    def in_order(self, workers: int) -> float:
        """Mean wait if what waits goes to the worker that is free first (Kiefer-Wolfowitz).

        Batches take what they took on average; one filled after the other.
        """
        batches = self.batches
        if batches is not None:
            return self._batches_in_order(workers, batches)
        arrived = sorted((line.arrival_ms, line.backend_ms) for line in self.waited)
        free = [0.0] * workers
        waits = []
        for arrival, backend_ms in arrived:
            start = max(heapq.heappop(free), arrival)
            waits.append(start - arrival)
            heapq.heappush(free, start + backend_ms)
        return fmean(waits)

    def _batches_in_order(self, workers: int, batches: BatchTimes) -> float:
        arrivals = sorted(line.arrival_ms for line in self.waited)
        free, filled, first, waited = [0.0] * workers, 0.0, 0, 0.0
        while first < len(arrivals):
            begin = max(heapq.heappop(free), filled, arrivals[first])
            latest = begin + self.rule.filling_ms
            most = min(first + self.rule.taken, len(arrivals))
            after = max(bisect_right(arrivals, latest, first, most), first + 1)
            full = after - first == self.rule.taken
            filled = max(begin, arrivals[after - 1] if full else latest)
            waited += sum(filled - arrival for arrival in arrivals[first:after])
            more_ms = (batches.more_ms or 0.0) * (after - first - 1)
            heapq.heappush(free, filled + batches.alone_ms + more_ms)
            first = after
        return waited / len(arrivals)

    def point(self, workers: int, throughput: float | None) -> ServicePoint:
        """The service time of this run."""
        service, batches = self.service, self.batches
        if batches is not None:
            return ServicePoint(
                workers,
                batches.alone_ms,
                batches.scv,
                None,
                throughput,
                batches.more_ms,
                batches.largest,
            )
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
        """Keep all workers busy: one connection for each, or two for each place in a batch."""
        places = 2 * RULES[model].taken if model in RULES else 1
        return await self.run(
            RunPlan(
                model=model,
                payloads=self._images,
                concurrency=workers * places,
                duration_s=seconds,
            )
        )

    async def random(self, model: str, rate: float, seconds: float, seed: int) -> Measured:
        """Send at random times."""
        return await self.run(
            RunPlan(
                model=model,
                payloads=self._images,
                rate=rate,
                poisson=True,
                seed=seed,
                duration_s=seconds,
            )
        )

    async def run(self, plan: RunPlan) -> Measured:
        """Send, and read what the server says of it."""
        self._logs.read(plan.model)
        self._logs.batches(plan.model)
        before = await self._counters(plan.model)
        report = await complete_run(self._client, plan)
        after = await self._counters(plan.model)
        waited = await self._waited(plan.model, report.answered)
        handled = self._logs.batches(plan.model)
        return Measured(report, after - before, waited, handled, RULES.get(plan.model, ONE_BY_ONE))

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
            names = {archive.stem: archive.name for archive in archives}
            for model, rule in RULES.items():
                await client.management.register(
                    Registration(
                        names[ARCHIVES[model]],
                        model_name=model,
                        batch_size=rule.size,
                        max_batch_delay=round(rule.delay_ms),
                        initial_workers=0,
                    )
                )
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
