"""Watching a source: a line or a record per model and tick, and each problem once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING

import click

from tsmon.cli.outcome import Exit, fail
from tsmon.cli.output import complain, emit, emit_json_line
from tsmon.cli.reports.events import EventPrinter
from tsmon.cli.reports.plain import plain_line
from tsmon.cli.reports.ticks import tick_line, tick_record
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.prometheus.client import Prometheus
from tsmon.telemetry.prometheus.instances import discover
from tsmon.telemetry.prometheus.source import PrometheusSource
from tsmon.telemetry.scrape import MetricsMode
from tsmon.telemetry.snapshot import ServerState, Snapshot
from tsmon.telemetry.staleness import as_of, patience_s

if TYPE_CHECKING:
    from tsmon.cli.target import Target
    from tsmon.telemetry.source import Source
    from tsmon.torchserve.errors import TorchServeError

LOG_MODE = "/metrics is empty: this server's metrics_mode is log"
LOG_MODE_HINT = "put metrics_mode=prometheus into its config.properties and restart it"


@asynccontextmanager
async def live_source(target: Target) -> AsyncIterator[Source]:
    """The server that the options mean, asked live."""
    async with target.client() as client:
        with closing(LiveSource(client, target.log_place, target.access.log_zone)) as source:
            yield source


@asynccontextmanager
async def prometheus_source(
    target: Target, url: str, instance: str | None, job: str | None
) -> AsyncIterator[Source]:
    """An instance of a Prometheus server; without a name the only one there is."""
    name = instance or await find_instance(target, url)
    client = prometheus_client(target, url)
    try:
        yield PrometheusSource(client, name, job)
    finally:
        await client.close()


def prometheus_client(target: Target, url: str) -> Prometheus:
    """A client for a Prometheus server; to be closed."""
    return Prometheus(url, verify=target.verify, transport=target.transport)


async def find_instance(target: Target, url: str) -> str:
    """The only TorchServe that a Prometheus server scrapes; ends the command if there are more."""
    client = prometheus_client(target, url)
    try:
        found = sorted({each.instance for each in await discover(client)})
    finally:
        await client.close()
    if len(found) != 1:
        names = ", ".join(found) or "none"
        fail(
            f"{client.label} has {len(found)} instances with TorchServe's metrics: {names}",
            "name one with --instance",
        )
    return found[0]


async def watch_plainly(source: Source, interval: float) -> None:
    """Print what the monitor would show: a line per tick, and what happens."""
    monitor = Monitor(source, period_s=interval)
    problems = _Problems()
    events = EventPrinter(monitor)
    async for snapshot in followed(monitor):
        problems.tell(snapshot)
        events.go_on()
        emit(plain_line(snapshot))


async def watch(source: Source, interval: float, count: int | None, as_json: bool) -> None:
    """Print each tick, without end or `count` times."""
    monitor = Monitor(source, period_s=interval)
    problems = _Problems()
    shown = 0
    async for snapshot in followed(monitor):
        problems.tell(snapshot)
        for model in snapshot.models:
            if as_json:
                emit_json_line(tick_record(snapshot, model))
            else:
                emit(tick_line(snapshot, model))
        shown += snapshot.server.state is not ServerState.STALE
        if shown == count:
            break
    if snapshot.stale:
        raise click.exceptions.Exit(Exit.UNREACHABLE)


async def followed(monitor: Monitor) -> AsyncIterator[Snapshot]:
    """Each tick; and while the next one is overdue, again and again that the last one is stale."""
    ticks = monitor.ticks()
    while True:
        coming = asyncio.ensure_future(anext(ticks))
        try:
            while not (await asyncio.wait({coming}, timeout=_overdue_s(monitor)))[0]:
                last = monitor.latest
                shown = as_of(last, Instant.now(), patience_s(monitor.period_s))
                if shown is not last:
                    yield shown
        finally:
            coming.cancel()
        yield await coming


def _overdue_s(monitor: Monitor) -> float:
    """Seconds until it is to be looked whether the last tick is too old."""
    answer = monitor.latest.server.last_answer
    patience = patience_s(monitor.period_s)
    left = patience - answer.age() if answer is not None else patience
    return left + 0.05 if left > 0 else patience


class _Problems:
    """Tells each problem once, when it begins."""

    def __init__(self) -> None:
        self._told: dict[str, str] = {}

    def tell(self, snapshot: Snapshot) -> None:
        for part, message, hint in (
            _problem("server", snapshot.server.problem),
            _problem("metrics", snapshot.metrics.problem),
            ("lines", lost_words(snapshot.metrics.lost_lines), ""),
            ("logs", snapshot.metrics.log_problem, ""),
            *_unread(snapshot),
            ("recording", _not_recorded(snapshot), "it is tried again, and again"),
            ("mode", LOG_MODE if _lacks_counters(snapshot) else "", LOG_MODE_HINT),
        ):
            if message and self._told.get(part) != message:
                complain(message, hint)
            self._told[part] = message


def lost_words(lines: int) -> str:
    """How many lines of a scrape could not be read; empty where all could."""
    return f"lines of /metrics that cannot be read: {lines}" if lines else ""


def _unread(snapshot: Snapshot) -> list[tuple[str, str, str]]:
    """The models of which something cannot be read."""
    return [
        (f"model {model.key}", f"{model.key}: {model.problem}" if model.problem else "", "")
        for model in snapshot.models
    ]


def _not_recorded(snapshot: Snapshot) -> str:
    return f"not recorded: {snapshot.not_recorded}" if snapshot.not_recorded else ""


def _lacks_counters(snapshot: Snapshot) -> bool:
    return snapshot.metrics.mode is MetricsMode.LOG and not snapshot.metrics.logged


def _problem(part: str, error: TorchServeError | None) -> tuple[str, str, str]:
    return (part, str(error), error.hint) if error else (part, "", "")
