"""The events verb: what happens to a server and its models, a line each, as it happens."""

from __future__ import annotations

import asyncio

import click

from tsmon.cli.models import as_json
from tsmon.cli.outcome import runs_async
from tsmon.cli.output import emit, emit_json_line, say
from tsmon.cli.target import Target, pass_target, server_options
from tsmon.cli.watching import live_source
from tsmon.telemetry.events import Event
from tsmon.telemetry.monitor import Monitor


@click.command()
@click.option("--interval", default=1.0, show_default=True, type=click.FloatRange(0.1))
@click.option("--count", type=click.IntRange(1), help="End after so many events.")
@click.option("--seconds", type=click.FloatRange(0), help="End after so long.")
@as_json
@server_options
@pass_target
@runs_async
async def events(
    target: Target, interval: float, count: int | None, seconds: float | None, as_json: bool
) -> None:
    """Watch a server and print what happens: models, versions, workers, restarts, errors."""
    async with live_source(target) as source:
        monitor = Monitor(source, period_s=interval)
        say(f"watching {source.label}; ctrl+c ends")
        try:
            async with asyncio.timeout(seconds):
                await _print_events(monitor, count, as_json)
        except TimeoutError:
            return


async def _print_events(monitor: Monitor, count: int | None, as_json: bool) -> None:
    printed = 0
    last: Event | None = None
    async for _ in monitor.ticks():
        news = monitor.events.after(last)
        for event in news:
            emit_json_line(_record(event)) if as_json else emit(_line(event))
            printed += 1
            if printed == count:
                return
        last = news[-1] if news else last


def _line(event: Event) -> str:
    mark = "!" if event.kind.is_bad else " "
    local = event.at.wall.astimezone()
    return f"{local:%H:%M:%S} {mark} {event.kind:<17} {event.subject}  {event.text}".rstrip()


def _record(event: Event) -> dict[str, object]:
    return {
        "time": event.at.wall.isoformat(),
        "event": event.kind.value,
        "bad": event.kind.is_bad,
        "subject": event.subject,
        "text": event.text,
    }
