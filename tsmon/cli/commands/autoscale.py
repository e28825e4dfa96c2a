"""`tsmon autoscale`: the advice applied, again and again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tsmon.cli.capacity_options import curve_option, goal_options, measured_points
from tsmon.cli.coroutines import interruptible, runs_async
from tsmon.cli.options import as_json, server_options, version_option
from tsmon.cli.outcome import Exit
from tsmon.cli.output import complain, emit_json_line, say
from tsmon.cli.reports.autoscale import (
    as_it_stands,
    begun_line,
    ended_record,
    step_line,
    step_record,
)
from tsmon.cli.target import Target, pass_target
from tsmon.cli.watch import followed
from tsmon.load.autoscale.decision import DOWN_AFTER_S, UP_AFTER_S, Autoscaler, Policy
from tsmon.load.autoscale.loop import Autoscaling
from tsmon.load.autoscale.watching import Watching
from tsmon.load.capacity.machine import machine_of
from tsmon.load.capacity.prediction import LatencyGoal
from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.snapshot import ModelKey
from tsmon.torchserve.changes import MOST_WORKERS
from tsmon.torchserve.errors import TimedOut, TorchServeError, Unreachable
from tsmon.torchserve.rollout import Outcome, follow
from tsmon.units import plural

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import Snapshot
    from tsmon.torchserve.records import ModelVersion

LONGEST_INTERVAL_S = 10.0
_COUNT = click.IntRange(1, MOST_WORKERS)
_HELD = click.FloatRange(0, 86400)
_STOPPING = "stopping …"
_STILL_STOPPING = "the model is being left in order; that is waited for"


@click.command()
@click.argument("model")
@click.option("--max", "most", required=True, type=_COUNT, help="Max workers to scale to.")
@click.option(
    "--min",
    "least",
    default=1,
    show_default=True,
    type=_COUNT,
    help="Min workers to scale to.",
)
@goal_options
@click.option(
    "--apply",
    "acts",
    is_flag=True,
    help="Scale the model; without it, only say what would be done.",
)
@click.option(
    "--restore", is_flag=True, help="Give the model the workers back that it had, at the end."
)
@click.option(
    "--up-after",
    default=UP_AFTER_S,
    show_default=True,
    type=_HELD,
    help="Seconds for which more workers must be needed before they are started.",
)
@click.option(
    "--down-after",
    default=DOWN_AFTER_S,
    show_default=True,
    type=_HELD,
    help="Seconds for which fewer workers must be enough before some are stopped.",
)
@curve_option
@click.option(
    "--interval",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0.1, LONGEST_INTERVAL_S),
    help="Seconds between two samples.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0.1),
    help="How long to go on; by default until interrupted.",
)
@version_option
@as_json
@server_options
@pass_target
@runs_async
async def autoscale(
    target: Target,
    model: str,
    most: int,
    least: int,
    queue_ms: float | None,
    p95_ms: float | None,
    acts: bool,
    restore: bool,
    up_after: float,
    down_after: float,
    curve: Path | None,
    interval: float,
    seconds: float | None,
    version: str | None,
    as_json: bool,
) -> int:
    """Keep a MODEL at the number of workers that `tsmon advise` finds for its traffic.

    A dry run, unless --apply is given: it says what it would do and why. More workers are started
    soon, one by one where service times with so many were never measured; some are stopped only
    when fewer were enough for a while, with room to spare. Where something is not known, nothing
    is changed. Each change is said with its figures.
    """
    policy = Policy(most, least, up_after, down_after)
    goal = LatencyGoal(queue_ms, p95_ms)
    async with target.client() as client:
        if acts:
            client.management.refuse_when_read_only()
        found = await client.management.describe(model, version)
        key = ModelKey(found.name, found.version)
        points = measured_points(curve, client, key, target)
        watching = Watching(key, goal, points)
        scaling = Autoscaling(
            key=key,
            management=client.management,
            watching=watching,
            scaler=Autoscaler(policy),
            acts=acts,
            machine_of=machine_of,
        )
        say(begun_line(found, policy, goal, acts=acts))
        with closing(LiveSource(client, target.log_place, target.access.log_zone)) as source:
            monitor = Monitor(source, period_s=interval, remembers=False)
            monitor.focus = key
            work = asyncio.ensure_future(_follow(scaling, followed(monitor), seconds, as_json))
            with interruptible(work, _STOPPING, _STILL_STOPPING):
                try:
                    await work
                    stopped = False
                except asyncio.CancelledError:
                    stopped = True
                left = await _end(scaling, found, restore=restore and acts, as_json=as_json)
    return left or (Exit.INTERRUPTED if stopped else Exit.DONE)


async def _follow(
    scaling: Autoscaling, ticks: AsyncIterator[Snapshot], seconds: float | None, as_json: bool
) -> None:
    """Print each step, for so long."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            async for step in scaling.steps(ticks):
                say(step_line(scaling.key, step))
                if as_json:
                    emit_json_line(step_record(scaling.key, step))


async def _end(scaling: Autoscaling, found: ModelVersion, *, restore: bool, as_json: bool) -> Exit:
    """Put the model back where that was asked for, and say how it stands; gives how that went."""
    restored, now, management = False, None, scaling.management
    left = Exit.DONE
    try:
        if restore:
            restored = await _put_back(scaling, found)
            left = Exit.DONE if restored else Exit.FAILED
        now = await management.describe(found.name, found.version)
        say(as_it_stands(found, now))
    except TorchServeError as error:
        complain(f"how {scaling.key} stands is not known: {error}", error.hint)
        left = Exit.UNREACHABLE if isinstance(error, (Unreachable, TimedOut)) else Exit.FAILED
    if as_json:
        emit_json_line(ended_record(found, now, restored=restored))
    return left


async def _put_back(scaling: Autoscaling, found: ModelVersion) -> bool:
    """Give it the workers it had; whether they are ready."""
    management, (name, version), workers = scaling.management, scaling.key, len(found.workers)
    now = await management.describe(name, version)
    if len(now.workers) not in {scaling.given, workers}:
        complain(f"{scaling.key} is left unchanged: someone else scaled it")
        return False
    await management.scale(name, workers, version=version)
    last = [each async for each in follow(management, name, workers, version=version)][-1]
    if last.outcome is not Outcome.DONE:
        complain(f"{scaling.key} is not back to {plural(workers, 'worker')}: {last.reason}")
        return False
    limits = found.min_workers, found.max_workers
    if limits != (workers, workers):
        least, most = limits
        await management.scale(name, least, version=version, max_workers=most)
    return True
