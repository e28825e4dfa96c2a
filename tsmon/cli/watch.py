"""Watching a source: a line or a record per model and tick, and each problem once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tsmon.cli.notifying import NotifyOptions, notifying
from tsmon.cli.outcome import Exit
from tsmon.cli.output import complain, emit, emit_json_line
from tsmon.cli.reports.events import EventPrinter
from tsmon.cli.reports.plain import plain_line
from tsmon.cli.reports.problems import Problems
from tsmon.cli.reports.ticks import tick_line, tick_record
from tsmon.config.schema import NotifySettings
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.live import DESCRIBES_PER_TICK, LiveSource
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.snapshot import ServerState, Snapshot
from tsmon.telemetry.staleness import as_of, patience_s

if TYPE_CHECKING:
    from tsmon.cli.target import Target
    from tsmon.notify.notifier import Notifier
    from tsmon.telemetry.limits.watch import LimitWatch
    from tsmon.telemetry.logs.request_tally import RequestTally
    from tsmon.telemetry.source import Source


def source_of(
    target: Target,
    prometheus: str | None = None,
    instance: str | None = None,
    job: str | None = None,
) -> AbstractAsyncContextManager[Source]:
    """The server that the options mean, asked itself or by a Prometheus server."""
    if not prometheus:
        return live_source(target)
    from tsmon.cli.prometheus import prometheus_source

    return prometheus_source(target, prometheus, instance, job)


@asynccontextmanager
async def live_source(
    target: Target,
    *,
    tally: RequestTally | None = None,
    describes: int = DESCRIBES_PER_TICK,
) -> AsyncIterator[Source]:
    """The server that the options mean, asked live; see `LiveSource`."""
    async with target.client() as client:
        place, zone = target.log_place, target.access.log_zone
        source = LiveSource(client, place, zone, tally=tally, describes=describes)
        with closing(source):
            yield source


async def monitor_plainly(
    opened: AbstractAsyncContextManager[Source],
    interval: float,
    recording: Path | None = None,
    limits: LimitWatch | None = None,
    notify: NotifySettings = NotifySettings(),  # noqa: B008 (frozen)
) -> None:
    """The monitor without a screen."""
    async with opened as source, notifying(NotifyOptions.of(notify)) as notifier:
        if recording is None:
            await watch_plainly(source, interval, limits, notifier)
            return
        from tsmon.telemetry.recording.recorder import RecordedSource

        with closing(RecordedSource(source, recording)) as recorded:
            try:
                await watch_plainly(recorded, interval, limits, notifier)
            finally:
                if recorded.missing:
                    complain(recorded.missing)


async def watch_plainly(
    source: Source,
    interval: float,
    limits: LimitWatch | None = None,
    notifier: Notifier | None = None,
) -> None:
    """Print what the monitor would show: a line per tick, and what happens."""
    monitor = Monitor(source, period_s=interval, limits=limits)
    problems = Problems()
    events = EventPrinter(monitor)
    async for snapshot in followed(monitor):
        problems.show(snapshot)
        events.go_on()
        if notifier is not None:
            notifier.follow(monitor.events, source.label)
        emit(plain_line(snapshot))


async def print_ticks(
    source: Source,
    interval: float,
    count: int | None,
    as_json: bool,
    limits: LimitWatch | None = None,
) -> None:
    """Print each tick, without end or `count` times."""
    monitor = Monitor(source, period_s=interval, limits=limits)
    problems = Problems()
    shown = 0
    async for snapshot in followed(monitor):
        problems.show(snapshot)
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
