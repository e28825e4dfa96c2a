"""The command that records what a server says into a file."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import click

from tsmon.cli.console import talk
from tsmon.cli.coroutines import runs_async
from tsmon.cli.options import server_options
from tsmon.cli.outcome import Exit
from tsmon.cli.output import complain, say
from tsmon.cli.target import Target, pass_target
from tsmon.cli.watch import live_source
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.recording.recorder import RecordedSource


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--interval", default=1.0, show_default=True, type=click.FloatRange(0.1))
@click.option("--count", type=click.IntRange(1), help="End after this many ticks.")
@server_options
@pass_target
@runs_async
async def record(target: Target, file: Path, interval: float, count: int | None) -> None:
    """Record a server into an SQLite FILE, until interrupted; an existing recording goes on.

    A kill loses at most the tick being written. Ticks older than an hour are thinned to one per
    ten seconds, those older than a day to one per minute; sums and restarts stay exact.
    """
    async with live_source(target) as live:
        with closing(RecordedSource(live, file)) as source:
            monitor = Monitor(source, period_s=interval)
            with talk.status(f"recording {source.label} into {file}; ctrl+c ends") as status:
                try:
                    await _record(monitor, file, count, status.update)
                finally:
                    say(f"recorded into {file}")
                    if source.missing:
                        complain(source.missing)
    if source.missing:
        raise click.exceptions.Exit(Exit.FAILED)


async def _record(
    monitor: Monitor, file: Path, count: int | None, show: Callable[[str], None]
) -> None:
    ticks = written = 0
    problem = ""
    async for snapshot in monitor.ticks():
        ticks += 1
        written += not snapshot.not_recorded
        if bool(problem) != bool(snapshot.not_recorded):
            _show_change(file, snapshot.not_recorded)
        problem = snapshot.not_recorded
        show(f"{written} ticks in {file}{problem and f', NOT RECORDING: {problem}'}")
        if ticks == count:
            return


def _show_change(file: Path, problem: str) -> None:
    if problem:
        complain(f"not recording into {file}: {problem}", "it keeps retrying")
    else:
        say(f"recording into {file} again")
