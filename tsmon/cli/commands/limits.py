"""The limits verb: how the models of a server stand to the limits on them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from tsmon.cli.coroutines import runs_async
from tsmon.cli.options import as_json, server_options
from tsmon.cli.outcome import Exit, fail
from tsmon.cli.output import emit, emit_json, emit_json_line, emit_table, say
from tsmon.cli.target import Target, pass_target
from tsmon.cli.watch import live_source
from tsmon.conditions import BadCondition, parse_condition
from tsmon.config.schema import LimitSettings
from tsmon.telemetry.limits.limit import Limit, LimitState, LimitStatus, read_limits
from tsmon.telemetry.limits.watch import LimitWatch
from tsmon.telemetry.monitor import Monitor
from tsmon.units import duration, plural

if TYPE_CHECKING:
    from tsmon.telemetry.instant import Instant
    from tsmon.telemetry.snapshot import ModelKey, Snapshot

Pair = tuple["ModelKey", str]
"""A version and the name of a limit on it."""
_LEAST_TICKS = 3
"""Rates need two, and what is exceeded at once one more."""


def _conditions(
    _ctx: click.Context, _option: click.Parameter, texts: tuple[str, ...]
) -> tuple[str, ...]:
    for text in texts:
        try:
            parse_condition(text)
        except BadCondition as error:
            raise click.BadParameter(f"{error}; {error.hint}") from None
    return texts


@click.command()
@click.option(
    "--when",
    "conditions",
    multiple=True,
    metavar="CONDITION",
    callback=_conditions,
    help="A condition such as 'p95 > 50 ms for 1 min', beside those of the configuration.",
)
@click.option("--model", default="", metavar="NAME[/VERSION]", help="Which models --when is about.")
@click.option("--watch", is_flag=True, help="Print each change, until interrupted.")
@click.option(
    "--seconds",
    type=click.FloatRange(0.1),
    help="Look for so long; by default as long as the limits need.",
)
@click.option("--interval", default=1.0, show_default=True, type=click.FloatRange(0.1))
@as_json
@server_options
@pass_target
@runs_async
async def limits(
    target: Target,
    conditions: tuple[str, ...],
    model: str,
    watch: bool,
    seconds: float | None,
    interval: float,
    as_json: bool,
) -> int:
    """Show how models stand to their limits; exits with 1 when one was exceeded meanwhile."""
    given = {text: LimitSettings(when=text, model=model) for text in conditions}
    known = read_limits({**target.loaded.config.limits, **given})
    if off := [name for name, table in target.loaded.config.limits.items() if not table.when]:
        say(f"switched off: {', '.join(off)}")
    if not known:
        hint = "`tsmon config set limits.slow.when 'p95 > 50 ms for 1 min'`, or --when CONDITION"
        fail("no limits are set", hint, Exit.USAGE)
    needed_s = None if seconds is not None or watch else _needed_s(known, interval)
    if needed_s is not None:
        say(f"looking for {duration(needed_s)}; --seconds says how long")
    seen = _Seen()
    async with live_source(target) as source:
        monitor = Monitor(source, period_s=interval, limits=LimitWatch(known))
        changed = partial(_print_change, seen, as_json) if watch else _nothing
        with suppress(TimeoutError):
            await _look(monitor, seen, seconds, needed_s, changed)
    if not seen.answered:
        fail(f"{source.label} did not answer", "", Exit.UNREACHABLE)
    if not watch:
        _print(seen, as_json)
    return Exit.FAILED if seen.exceeded else Exit.DONE


async def _look(
    monitor: Monitor,
    seen: _Seen,
    seconds: float | None,
    needed_s: float | None,
    changed: Callable[[Snapshot, Pair], None],
) -> None:
    """Take ticks for so long, or until what is needed of samples came, however slowly they do."""
    async with asyncio.timeout(seconds if needed_s is None else needed_s) as end:
        async for snapshot in monitor.ticks():
            for pair in seen.take(snapshot):
                changed(snapshot, pair)
            if needed_s is not None and seen.answered:
                end.reschedule(None)
                if seen.span_s >= needed_s:
                    return


def _nothing(_snapshot: Snapshot, _pair: Pair) -> None:
    """Without --watch the states are printed at the end."""


class _Seen:
    """What the ticks showed."""

    def __init__(self) -> None:
        self._first: Instant | None = None
        self._newest: Instant | None = None
        self.last: dict[Pair, LimitStatus] = {}
        self.exceeded: set[Pair] = set()
        """Those that were at some tick."""

    def take(self, snapshot: Snapshot) -> Iterator[Pair]:
        """Take the next tick; gives the limits whose state is another one now."""
        if self._first is None and not snapshot.stale:
            self._first = snapshot.at
        self._newest = snapshot.at
        for model in snapshot.models:
            for status in model.limits:
                pair = model.key, status.limit.name
                before = self.last.get(pair)
                self.last[pair] = status
                if status.exceeded:
                    self.exceeded.add(pair)
                if before is None or before.state is not status.state:
                    yield pair

    @property
    def answered(self) -> bool:
        """Whether the server did at some tick."""
        return self._first is not None

    @property
    def span_s(self) -> float:
        """Seconds from the first answer to the last tick."""
        if self._first is None or self._newest is None:
            return 0.0
        return self._newest.since(self._first)

    def record(self, pair: Pair) -> dict[str, Any]:
        """One limit on one version, for JSON."""
        key, status = pair[0], self.last[pair]
        condition = status.limit.condition
        return {
            "model": key.name,
            "version": key.version,
            "limit": status.limit.name,
            "condition": str(condition),
            "state": status.state.value,
            "exceeded": pair in self.exceeded,
            "value": status.value,
            "threshold": condition.value,
            "dimension": condition.dimension.value,
        }


def _needed_s(known: tuple[Limit, ...], interval: float) -> float:
    """So that each limit can be exceeded."""
    return max(limit.condition.for_s for limit in known) + _LEAST_TICKS * interval


def _print_change(seen: _Seen, as_json: bool, snapshot: Snapshot, pair: Pair) -> None:
    if as_json:
        emit_json_line({"time": snapshot.at.wall.isoformat(), **seen.record(pair)})
        return
    status = seen.last[pair]
    mark = "!" if status.exceeded else " "
    clock = f"{snapshot.at.wall.astimezone():%H:%M:%S}"
    emit(f"{clock} {mark} {status.state:<8}  {pair[0]}  {status}")


def _print(seen: _Seen, as_json: bool) -> None:
    if as_json:
        emit_json([seen.record(pair) for pair in seen.last])
        return
    rows = []
    for (key, name), status in seen.last.items():
        passed = not status.exceeded and (key, name) in seen.exceeded
        state = "exceeded before" if passed else str(status.state)
        rows.append((str(key), name, state, status.figure, str(status.limit.condition)))
    emit_table(("MODEL", "LIMIT", "STATE", "NOW", "CONDITION"), rows)
    unknown = sum(status.state is LimitState.UNKNOWN for status in seen.last.values())
    if unknown:
        say(f"{plural(unknown, 'limit')} could not be judged: no requests, or no log files")
    if not seen.last:
        say("no model has a limit on it")
