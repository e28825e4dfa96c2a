"""The command that reads a recording back, in the monitor or as data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tsmon.cli.outcome import Exit, fail
from tsmon.cli.output import emit_csv, emit_json_line
from tsmon.cli.reports.ticks import tick_record
from tsmon.cli.target import Target, pass_target
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.recording.reader import Recording

if TYPE_CHECKING:
    from tsmon.telemetry.limits.watch import LimitWatch


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON per model and tick.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, one row per model and tick.")
@click.option("--from", "start", type=click.DateTime(), help="Local time to start at.")
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

    In the monitor `p` plays and pauses, `[` and `]` step, `{` and `}` go to the previous event and
    the next one, `@` to a time; `,` and `.` change the speed.
    """
    if as_json and as_csv:
        raise click.UsageError("choose --json or --csv")
    if not as_json and not as_csv:
        if start or end:
            raise click.UsageError("--from and --to require --json or --csv")
        from tsmon.cli.monitor_screen import open_replay

        return open_replay(target, Recording(file))
    with closing(Recording(file)) as recording:
        records = _records(recording, target.limits, start, end)
        damage = recording.damage
    if as_json:
        for entry in records:
            emit_json_line(entry)
    elif records or damage is None:
        _print_csv(records)
    if damage is not None:
        raise damage
    return Exit.DONE


def _records(
    recording: Recording, limits: LimitWatch, start: datetime | None, end: datetime | None
) -> list[dict[str, Any]]:
    """Each model at each tick of a span; earlier ticks are read too, as intervals need them."""
    monitor = Monitor(recording, limits=limits)
    first, last = _unix(start), _unix(end)
    records: list[dict[str, Any]] = []
    for tick, observation in recording.observations():
        if last is not None and tick.time > last:
            break
        snapshot = monitor.digest(observation)
        if first is None or tick.time >= first:
            records += [tick_record(snapshot, model) for model in snapshot.models]
    return records


def _print_csv(records: list[dict[str, Any]]) -> None:
    rows = [dict(_flat(entry)) for entry in records]
    if not rows:
        fail("nothing was recorded in that time")
    columns = dict.fromkeys(column for row in rows for column in row)
    emit_csv(columns, rows)


def _flat(entry: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in entry.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}_")
        else:
            yield f"{prefix}{name}", value


def _unix(moment: datetime | None) -> float | None:
    return moment.astimezone().timestamp() if moment else None
