"""The events verb: what happens to a server and its models, or happened in a recording."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tsmon.cli.coroutines import runs_async
from tsmon.cli.notifying import NotifyOptions, notify_options, notifying
from tsmon.cli.options import as_json, server_options
from tsmon.cli.output import say
from tsmon.cli.reports.events import EventPrinter
from tsmon.cli.target import Target, pass_target
from tsmon.cli.watch import live_source
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.recording.reader import Recording

if TYPE_CHECKING:
    from tsmon.notify.notifier import Notifier
    from tsmon.telemetry.limits.watch import LimitWatch


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--interval", default=1.0, show_default=True, type=click.FloatRange(0.1))
@click.option("--count", type=click.IntRange(1), help="End after this many events.")
@click.option("--seconds", type=click.FloatRange(0), help="End after this time.")
@notify_options
@as_json
@server_options
@pass_target
@runs_async
async def events(
    target: Target,
    file: Path | None,
    interval: float,
    count: int | None,
    seconds: float | None,
    as_json: bool,
    kinds: tuple[str, ...],
    run: tuple[str, ...],
    webhook: str,
    bell: bool,
    desktop: str | None,
) -> None:
    """Watch a server and print what happens: models, workers, restarts, errors, limits, tokens.

    With FILE: what happened in that recording.
    """
    options = NotifyOptions(
        kinds or target.loaded.config.notify.events, run, webhook, bell, desktop or ""
    )
    if file is not None:
        if options.asks:
            raise click.UsageError("a recording is over: --exec and the like need a server")
        with closing(Recording(file)) as recording:
            _print_recorded(recording, target.limits, count, as_json)
        return
    async with live_source(target) as source:
        monitor = Monitor(source, period_s=interval, limits=target.limits)
        say(f"watching {source.label}; ctrl+c ends")
        async with notifying(options) as notifier:
            try:
                async with asyncio.timeout(seconds):
                    await _print_events(monitor, count, as_json, notifier)
            except TimeoutError:
                return


async def _print_events(
    monitor: Monitor, count: int | None, as_json: bool, notifier: Notifier | None
) -> None:
    printer = EventPrinter(monitor, count, as_json=as_json)
    async for _ in monitor.ticks():
        if notifier is not None:
            notifier.follow(monitor.events, monitor.latest.server.label)
        if not printer.go_on():
            return


def _print_recorded(
    recording: Recording, limits: LimitWatch, count: int | None, as_json: bool
) -> None:
    monitor = Monitor(recording, limits=limits)
    printer = EventPrinter(monitor, count, as_json=as_json, clock="%Y-%m-%d %H:%M:%S")
    for _, observation in recording.observations():
        monitor.digest(observation)
        if not printer.go_on():
            return
    if recording.damage is not None:
        raise recording.damage
