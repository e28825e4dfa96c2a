"""Checks of the server's processes, where it runs on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsmon.doctor.checks.evidence import (
    models_of,
    named,
    process_of,
    server_of,
)
from tsmon.doctor.findings import Finding, NotChecked, error, note, ok, warning
from tsmon.telemetry.scrape import MetricsMode
from tsmon.torchserve.errors import TorchServeError
from tsmon.units import byte_size, duration, plural

if TYPE_CHECKING:
    from tsmon.doctor.facts import Facts
    from tsmon.serving.java_process import JavaProcess

COLLECTOR_SECONDS = 70
"""The system metrics are collected every 60 s; a little later they must have been."""
LOW_MEMORY = 0.1


def torch_threads(facts: Facts) -> Iterator[Finding]:
    """Whether the workers' threads fit the cores."""
    process = process_of(facts)
    if not process.workers:
        raise NotChecked("no worker runs on this machine")
    cores = facts.machine.cores
    unset = sum(worker.threads is None for worker in process.workers)
    total = sum(worker.threads or cores for worker in process.workers)
    evidence = f"{plural(len(process.workers), 'worker')}, {plural(total, 'torch thread')}, "
    evidence += plural(cores, "core")
    if unset:
        evidence += f"; {plural(unset, 'worker')} without OMP_NUM_THREADS, which uses every core"
    if len(process.workers) > cores:
        yield warning(
            "more workers than CPU cores",
            evidence,
            "scale down: more workers than cores lowers throughput",
        )
    elif total > cores:
        each = max(1, cores // len(process.workers))
        yield warning(
            "the workers' torch threads compete for the CPU cores",
            evidence,
            f"restart the server with OMP_NUM_THREADS={each} in its environment (tsmon serve "
            f"start --torch-threads {each})",
        )
    else:
        yield ok("the workers' torch threads fit the CPU cores", evidence)


def memory(facts: Facts) -> Iterator[Finding]:
    """Whether there is memory for the workers, and for one more."""
    machine = facts.machine
    free = f"{byte_size(machine.memory_available)} of {byte_size(machine.memory_total)} free"
    if machine.memory_available < LOW_MEMORY * machine.memory_total:
        yield error(
            "memory is almost full; the kernel may kill workers",
            free,
            "scale a model down: tsmon scale MODEL WORKERS",
        )
        return
    process = process_of(facts)
    if not process.workers:
        yield ok("enough memory for the workers", free)
        return
    used = sum(worker.memory for worker in process.workers)
    evidence = f"{plural(len(process.workers), 'worker')} with {byte_size(used)}, {free}"
    tight = list(_no_room(facts, process))
    yield from tight
    if not tight:
        yield ok("enough memory for one more worker of each model", evidence)


def _no_room(facts: Facts, process: JavaProcess) -> Iterator[Finding]:
    """The models of which no further worker fits."""
    free = facts.machine.memory_available
    for name, size in _largest_workers(facts, process).items():
        if size > free:
            yield warning(
                f"one more worker of {name} does not fit in memory",
                f"its largest has {byte_size(size)}, {byte_size(free)} are free",
                "do not scale it up, or free some memory first",
            )


def _largest_workers(facts: Facts, process: JavaProcess) -> dict[str, int]:
    sizes = {worker.pid: worker.memory for worker in process.workers}
    largest = {}
    try:
        models = models_of(facts)
    except NotChecked:
        return {"the largest model": max(sizes.values())}
    for model in models:
        known = [sizes[each.pid] for each in model.workers if each.pid in sizes]
        if known:
            largest[named(model)] = max(known)
    return largest


def system_metrics(facts: Facts) -> Iterator[Finding]:
    """Whether the server's system metrics collector is running."""
    process = process_of(facts)
    uptime = facts.now.timestamp() - process.started
    if uptime < COLLECTOR_SECONDS:
        raise NotChecked(
            f"the server has been up for {duration(uptime)}; the first are due after 60 s"
        )
    if (facts.config.settings or {}).get("disable_system_metrics", "").lower() == "true":
        yield note(
            "system metrics are disabled",
            "disable_system_metrics=true",
            "remove that line from config.properties to get host gauges and worker memory",
        )
        return
    signs = [*_worker_signs(facts, process), *_gauge_signs(facts)]
    missing = [sign for sign, seen in signs if not seen]
    if missing:
        yield warning(
            "the system metrics collector is not running",
            f"up {duration(uptime)}, but no data for {', '.join(missing)}",
            "it never restarts by itself: restart the server; if that does not help, see `tsmon "
            "serve logs server` for MetricCollector (on a GPU host it needs nvgpu, pynvml)",
        )
    elif signs:
        yield ok(
            "the system metrics collector has run",
            "only gauges that change from minute to minute show whether it still does",
        )
    else:
        raise NotChecked("neither workers nor gauges can be seen")


def _worker_signs(facts: Facts, process: JavaProcess) -> Iterator[tuple[str, bool]]:
    """Workers older than a round of the collector, and whether it has measured them."""
    models = server_of(facts).observation.models
    if isinstance(models, TorchServeError):
        return
    now = facts.now.timestamp()
    old = {each.pid for each in process.workers if now - each.started > COLLECTOR_SECONDS}
    for description in models:
        for worker in description.model.workers:
            if worker.pid in old:
                yield f"the memory of worker {worker.id}", worker.memory_bytes is not None


def _gauge_signs(facts: Facts) -> Iterator[tuple[str, bool]]:
    scrape = server_of(facts).observation.scrape
    if isinstance(scrape, TorchServeError) or scrape.mode is not MetricsMode.PROMETHEUS:
        return
    yield "the host's memory in /metrics", bool(scrape.published.lines_of("MemoryUsed"))
