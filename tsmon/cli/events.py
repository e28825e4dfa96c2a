"""The events verb: what happens to a server and its models, or happened in a recording."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import click

from tsmon.cli.models import as_json
from tsmon.cli.outcome import runs_async
from tsmon.cli.output import emit, emit_json_line, say
from tsmon.cli.target import Target, pass_target, server_options
from tsmon.cli.watching import live_source
from tsmon.telemetry.events import Event
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.recording.reader import Recording


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--interval", default=1.0, show_default=True, type=click.FloatRange(0.1))
@click.option("--count", type=click.IntRange(1), help="End after so many events.")
@click.option("--seconds", type=click.FloatRange(0), help="End after so long.")
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
) -> None:
    """Watch a server and print what happens: models, versions, workers, restarts, errors, tokens.

    With FILE: what happened in that recording.
    """
    if file is not None:
        with closing(Recording(file)) as recording:
            await _print_recorded(recording, count, as_json)
        return
    async with live_source(target) as source:
        monitor = Monitor(source, period_s=interval)
        say(f"watching {source.label}; ctrl+c ends")
        try:
            async with asyncio.timeout(seconds):
                await _print_events(monitor, count, as_json)
        except TimeoutError:
            return


async def _print_events(monitor: Monitor, count: int | None, as_json: bool) -> None:
    printer = _Printer(monitor, count, as_json, "%H:%M:%S")
    async for _ in monitor.ticks():
        if not printer.go_on():
            return


async def _print_recorded(recording: Recording, count: int | None, as_json: bool) -> None:
    monitor = Monitor(recording)
    printer = _Printer(monitor, count, as_json, "%Y-%m-%d %H:%M:%S")
    for _ in recording.ticks:
        await monitor.tick()
        if not printer.go_on():
            return


class _Printer:
    """Prints each event of a monitor once."""

    def __init__(self, monitor: Monitor, count: int | None, as_json: bool, clock: str) -> None:
        self._monitor = monitor
        self._left = count
        self._as_json = as_json
        self._clock = clock
        self._last: Event | None = None

    def go_on(self) -> bool:
        """Print what is new; whether more is wanted."""
        news = self._monitor.events.after(self._last)[: self._left]
        for event in news:
            if self._as_json:
                emit_json_line(_record(event))
            else:
                emit(_line(event, self._clock))
        self._last = news[-1] if news else self._last
        if self._left is not None:
            self._left -= len(news)
        return self._left != 0


def _line(event: Event, clock: str) -> str:
    mark = "!" if event.kind.is_bad else " "
    local = event.at.wall.astimezone()
    return f"{local:{clock}} {mark} {event.kind:<18} {event.subject}  {event.text}".rstrip()


def _record(event: Event) -> dict[str, object]:
    return {
        "time": event.at.wall.isoformat(),
        "event": event.kind.value,
        "bad": event.kind.is_bad,
        "subject": event.subject,
        "text": event.text,
    }
