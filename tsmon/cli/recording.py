"""The recording verbs: record what a server says into a file, and read it back."""

from __future__ import annotations

import asyncio
import csv
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from tsmon.cli.opening import open_replay
from tsmon.cli.outcome import Exit, fail, run_async, runs_async
from tsmon.cli.output import emit_json_line, say, talk
from tsmon.cli.target import Target, pass_target, server_options
from tsmon.cli.ticks import tick_record
from tsmon.cli.watching import live_source
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.recording.reader import Recording
from tsmon.telemetry.recording.writer import RecordedSource

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("file", type=_FILE)
@click.option("--interval", default=1.0, show_default=True, type=click.FloatRange(0.1))
@click.option("--count", type=click.IntRange(1), help="End after so many ticks.")
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
                    await _record(monitor, count, lambda n: status.update(f"{n} ticks in {file}"))
                except asyncio.CancelledError:
                    say(f"recorded into {file}")
                    raise
    say(f"recorded into {file}")


async def _record(monitor: Monitor, count: int | None, tell: Any) -> None:
    written = 0
    async for _ in monitor.ticks():
        written += 1
        tell(written)
        if written == count:
            return


@click.command()
@click.argument("file", type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON per model and tick.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, a row per model and tick.")
@click.option("--from", "start", type=click.DateTime(), help="Local time to begin at.")
@click.option("--to", "end", type=click.DateTime(), help="Local time to end at.")
@pass_target
def replay(
    target: Target,
    file: Path,
    as_json: bool,
    as_csv: bool,
    start: datetime | None,
    end: datetime | None,
) -> int:
    """Open a recording in the monitor, or print what each model did at each tick.

    In the monitor `p` plays and pauses, `[` and `]` step, `{` and `}` go to the event before and
    the next one, `@` to a time; `,` and `.` change the speed.
    """
    if as_json and as_csv:
        raise click.UsageError("choose --json or --csv")
    if not as_json and not as_csv:
        if start or end:
            raise click.UsageError("--from and --to go with --json or --csv")
        return open_replay(target, Recording(file))
    with closing(Recording(file)) as recording:
        records = run_async(_records(recording, start, end))
    if as_json:
        for entry in records:
            emit_json_line(entry)
    else:
        _print_csv(records)
    return Exit.DONE


async def _records(
    recording: Recording, start: datetime | None, end: datetime | None
) -> list[dict[str, Any]]:
    """Each model at each tick of a span; earlier ticks are read too, as intervals need them."""
    monitor = Monitor(recording)
    first, last = _unix(start), _unix(end)
    records: list[dict[str, Any]] = []
    for tick in recording.ticks:
        if last is not None and tick.time > last:
            break
        snapshot = await monitor.tick()
        if first is None or tick.time >= first:
            records += [tick_record(snapshot, model) for model in snapshot.models]
    return records


def _print_csv(records: list[dict[str, Any]]) -> None:
    rows = [dict(_flat(entry)) for entry in records]
    if not rows:
        fail("nothing was recorded in that time")
    columns = dict.fromkeys(column for row in rows for column in row)
    writer = csv.DictWriter(sys.stdout, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def _flat(entry: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in entry.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}_")
        else:
            yield f"{prefix}{name}", value


def _unix(moment: datetime | None) -> float | None:
    return moment.astimezone().timestamp() if moment else None
