"""The queueing model's predictions beside what a real TorchServe measures, as Markdown.

    python benchmarks/advice.py --seconds 20

Starts a TorchServe of its own and stops it at the end. For each model and number of workers it
first keeps the workers busy for a while to learn what they can answer at most, then sends at random
times at half of that, which is the traffic that the advice sees. Then it sends at several loads,
shares of the most, and reads the queue time from the counters and its percentiles from the logs.

`batched` is the digit model registered as `tsmon demo` does it, `delayed` the same with a batch
delay of 1 ms, and `mnist` takes one request at a time. `sleeping` and `filling` sleep 6 ms and 2 ms
more for each request of a batch of up to 8, without and with a batch delay of 5 ms.

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
import math
import os
import platform
import signal
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from msgspec.structs import replace

from benchmarks.advice_server import ARCHIVES, Bench, Measured, server
from tsmon.load.capacity.curve import ServiceCurve
from tsmon.load.capacity.prediction import Forecast, predict
from tsmon.load.capacity.situation import Situation
from tsmon.serving.ports import Ports, free_ports
from tsmon.telemetry.logs.percentiles import nearest_rank
from tsmon.telemetry.snapshot import ModelKey

SLEEP_MS = 10.0
WARM_UP_S = 2.0
SEEN_LOAD = 0.5
GROWS, UNKNOWN = "grows", "?"
STRETCHES = 10
LOG_S = 5.0
"""For the last lines to reach the log files."""
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
    *("batched:1:0.3,0.5,0.6,0.7,0.8", "batched:2:0.2,0.3,0.4,0.6", "delayed:1:0.3,0.6,0.8"),
    *("sleeping:1:0.3,0.6,0.8", "sleeping:2:0.3,0.6,0.8", "filling:1:0.3,0.6,0.8"),
    *("mnist:1:0.3,0.6,0.8", "mnist:2:0.3,0.6,0.8", "mnist:4:0.3,0.6"),
    *("fixed:1:0.3,0.6,0.8", "fixed:2:0.3,0.6,0.8", "fixed:4:0.6"),
    *("exponential:1:0.3,0.6,0.8", "exponential:2:0.3,0.6,0.8", "exponential:4:0.6"),
)


@dataclass(frozen=True, slots=True)
class Errors:
    """Of one run's predicted mean queue times, as shares of the measured one."""

    model: str
    ahead: float | None
    """Infinite where it was to grow for ever, None where it was said to be unknown."""
    own: float | None
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
        most = case.workers / busy.worker_ms * 1000
        seen = await bench.random(case.model, SEEN_LOAD * most, seconds, seed=0)
        if seen.rule.filling_ms:
            floor_ms = 0.0  # the median has the delay in it
        point = seen.point(case.workers, seen.rate)
        curve = ServiceCurve((point,), cores, demand_of(case), seen.rule)
        situation = Situation(
            key=ModelKey(case.model, "1.0"),
            workers=case.workers,
            batches=seen.rule,
            floor_ms=floor_ms,
            cores=cores,
            demand=demand_of(case),
        )
        curves.append(curve_line(case, busy, seen, floor_ms))
        for number, load in enumerate(case.loads):
            measured = await bench.random(case.model, load * most, seconds, seed=number + 1)
            errors.append(print_line(case, load, measured, curve, situation))
        await bench.scale(case.model, 0)
    print_summary(curves, errors)


def demand_of(case: Case) -> float:
    """Cores that a busy worker wants: sleeping takes next to none."""
    return 1.0 if ARCHIVES.get(case.model, case.model) == "mnist" else 0.05


def curve_line(case: Case, busy: Measured, seen: Measured, floor_ms: float) -> str:
    """What was known before the loads were sent."""
    cells = [case.model, str(case.workers)]
    cells += [f"{busy.service.mean:.2f}", f"{busy.service.scv:.2f}"]
    cells += [f"{case.workers / busy.worker_ms * 1000:.1f}"]
    cells += [f"{busy.report.throughput or 0.0:.1f}"]
    point = seen.point(case.workers, seen.rate)
    further = "" if point.more_ms is None else f" + {point.more_ms:.2f}"
    cells += [f"{point.service_ms:.2f}{further}", f"{point.scv:.2f}", f"{floor_ms:.2f}"]
    return f"| {' | '.join(cells)} |"


def print_line(
    case: Case, load: float, measured: Measured, curve: ServiceCurve, situation: Situation
) -> Errors:
    """Print a load's line and give the errors of the mean queue time."""
    own = replace(curve, points=(measured.point(case.workers, measured.rate),))
    ahead = predict(situation, curve, measured.rate, case.workers)
    model = predict(situation, own, measured.rate, case.workers)
    queue, total = sorted(measured.queue), sorted(measured.inference)
    busy = measured.rate * measured.worker_ms / 1000 / case.workers
    error = (ahead.queue_ms or float("nan")) - measured.queue_ms
    cells = [case.model, str(case.workers), f"{load:g}", f"{measured.rate:.1f}"]
    lost = f", {measured.lost} lost" if measured.lost else ""
    cells += [f"{measured.counters.requests:.0f}{lost}", f"{own.points[0].scv:.2f}"]
    cells += [f"{busy:.2f}"]
    ordered = measured.in_order(case.workers) + (situation.floor_ms or 0.0)
    gaps = [UNKNOWN if each.unknown else GROWS for each in (ahead, model)]
    cells += [number(ahead.queue_ms, gaps[0]), number(model.queue_ms, gaps[1]), number(ordered)]
    cells += [number(measured.queue_ms)]
    off = "" if ahead.queue_ms is None else f"{error:+.2f} ({error / measured.queue_ms:+.0%})"
    cells += [off, number(measured.sampling_ms)]
    both = list(zip((ahead, model), gaps, strict=True))
    cells += [number(each.queue_p95_ms, gap) for each, gap in both]
    cells += [number(queue[nearest_rank(95, len(queue)) - 1])]
    cells += [number(each.p95_ms, gap) for each, gap in both]
    cells += [number(total[nearest_rank(95, len(total)) - 1])]
    print(f"| {' | '.join(cells)} |", flush=True)
    return Errors(
        case.model,
        share_off(ahead, measured.queue_ms),
        share_off(model, measured.queue_ms),
        ordered / measured.queue_ms - 1,
    )


def share_off(predicted: Forecast, measured: float) -> float | None:
    """The error as a share of what was measured; None where nothing was predicted."""
    if predicted.queue_ms is None:
        return math.inf if predicted.grows else None
    return predicted.queue_ms / measured - 1


def number(value: float | None, gap: str = "") -> str:
    """Milliseconds, or what stands for none."""
    return gap if value is None else f"{value:.2f}"


def print_summary(curves: Sequence[str], errors: Sequence[Errors]) -> None:
    """What was known beforehand, and the median errors of each model."""
    print(f"\n| {' | '.join(CURVE_COLUMNS)} |\n|{'---|' * len(CURVE_COLUMNS)}")
    print("\n".join(curves))
    print("\n| model | runs | median error: beforehand | own times | in order |")
    print("|---|---|---|---|---|")
    for model in dict.fromkeys(each.model for each in errors):
        own = [each for each in errors if each.model == model]
        kinds = (
            [abs(each.ahead) for each in own if each.ahead is not None],
            [abs(each.own) for each in own if each.own is not None],
            [abs(each.order) for each in own],
        )
        cells = (f"{median(kind):.0%} of {len(kind)}" if kind else "" for kind in kinds)
        print(f"| {model} | {len(own)} | {' | '.join(cells)} |")


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
