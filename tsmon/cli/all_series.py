"""Every series of a server, printed once or as it changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from tsmon.cli.outcome import Exit, fail
from tsmon.cli.output import say
from tsmon.cli.reports.counters import read_scrape
from tsmon.cli.reports.problems import Problems, lost_words
from tsmon.cli.reports.series import print_series, print_series_lines, print_series_rows
from tsmon.cli.watch import followed
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.series.kept import window_at
from tsmon.telemetry.series.readings import SeriesReading, read_series, series_words
from tsmon.telemetry.traffic import WINDOW_S

if TYPE_CHECKING:
    from tsmon.logs.places import LogPlace
    from tsmon.telemetry.series.published import Published
    from tsmon.telemetry.source import Source
    from tsmon.torchserve.client import TorchServe

Passes = Callable[[str], bool]


async def print_once(
    client: TorchServe, logs: LogPlace | None, passes: Passes, *, as_json: bool, as_csv: bool
) -> None:
    """Print what one scrape has; rates need two, which `--watch` takes."""
    scrape = await read_scrape(client, logs)
    found = _passing(read_series(scrape.published, None, 0.0), passes)
    print_series(found, scrape.at, as_json=as_json, as_csv=as_csv)
    _say_what_is_missing(scrape.published)
    if not found:
        say("no series matches the filter, or none is published")
    if scrape.lost_lines:
        fail(f"{lost_words(scrape.lost_lines)}; the others are above")


async def watch_series(
    source: Source,
    interval: float,
    count: int | None,
    passes: Passes,
    *,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Print all at each tick that has another scrape, without end or `count` times."""
    monitor, problems = Monitor(source, period_s=interval), Problems()
    shown, last = 0, None
    async for snapshot in followed(monitor):
        problems.show(snapshot)
        window = window_at(monitor.series, snapshot.at.monotonic, WINDOW_S)
        if window is not None and window.now.at != last:
            now, then = window.now, window.then
            every = read_series(now.published, then.published if then else None, window.seconds)
            found = _passing(every, passes)
            if as_csv:
                print_series_rows(found, now.at, headings=last is None)
            else:
                print_series_lines(found, now.at, as_json=as_json)
            if last is None:
                _say_what_is_missing(now.published)
            last = now.at
        shown += 1
        if shown == count:
            break
    if snapshot.stale and last is None:
        raise click.exceptions.Exit(Exit.UNREACHABLE)


def _passing(readings: list[SeriesReading], passes: Passes) -> list[SeriesReading]:
    return [each for each in readings if passes(series_words(each))]


def _say_what_is_missing(published: Published) -> None:
    if published.left_out:
        say(f"{published.left_out:,} lines of /metrics more are not read")
    if published.why_not:
        say(published.why_not)
