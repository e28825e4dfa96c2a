"""`tsmon advise`: how many workers a model needs, and why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tsmon.cli.capacity_options import curve_option, goal_options, measured_points
from tsmon.cli.console import talk
from tsmon.cli.coroutines import runs_async
from tsmon.cli.options import as_json, server_options, version_option
from tsmon.cli.outcome import Exit
from tsmon.cli.output import emit_json
from tsmon.cli.reports.advice import advice_record, say_advice
from tsmon.cli.target import Target, pass_target
from tsmon.load.capacity.advice import advise as find_advice
from tsmon.load.capacity.machine import machine_of
from tsmon.load.capacity.prediction import LatencyGoal as Wanted
from tsmon.load.capacity.situation import Situation, situation_of, with_earlier
from tsmon.logs.lines import WorkerNames
from tsmon.logs.time_zone import LogZone
from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.logs.request_report import times_keys
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.snapshot import ModelKey, Snapshot
from tsmon.telemetry.traffic import LONG_WINDOW_S, Usage
from tsmon.threads import in_thread
from tsmon.torchserve.changes import MOST_WORKERS
from tsmon.torchserve.errors import TorchServeError
from tsmon.units import period

if TYPE_CHECKING:
    from tsmon.logs.places import LogPlace
    from tsmon.torchserve.client import TorchServe

MOST_RATE = 1e6
QUIET_S = 5.0
"""Without a request for so long nothing more is waited for, where some were answered before."""


@click.command()
@click.argument("model")
@click.option(
    "--rate",
    type=click.FloatRange(0, MOST_RATE, min_open=True),
    help="Arrival rate to plan for (requests/s); by default the observed one.",
)
@goal_options
@click.option(
    "--seconds",
    default=30.0,
    show_default=True,
    type=click.FloatRange(1, LONG_WINDOW_S),
    help="How long to observe the traffic.",
)
@curve_option
@click.option(
    "--up-to", default=0, type=click.IntRange(0, MOST_WORKERS), help="Show at least this many rows."
)
@version_option
@as_json
@server_options
@pass_target
@runs_async
async def advise(
    target: Target,
    model: str,
    rate: float | None,
    queue_ms: float | None,
    p95_ms: float | None,
    seconds: float,
    curve: Path | None,
    up_to: int,
    version: str | None,
    as_json: bool,
) -> None:
    """Say how many workers a MODEL needs for the traffic it has, or for a rate, and why.

    Watches the traffic for a while, a shorter one where none comes and requests were answered
    before, which then count. Predicts queue times, response times and memory for each
    number of workers by a queueing model. Without a target, requests are to wait no longer on
    average than they are worked on. Nothing is changed and nothing is sent.
    """
    wanted = Wanted(queue_ms, p95_ms)
    async with target.client() as client:
        described = await client.management.describe(model, version)
        key = ModelKey(described.name, described.version)
        measured = measured_points(curve, client, key, target)
        situation = await _watch(client, target.log_place, key, seconds)
    advice = find_advice(situation, wanted, rate=rate, measured=measured, up_to=up_to)
    if as_json:
        emit_json(advice_record(advice))
    else:
        say_advice(advice)
    if advice.workers is None:
        raise click.exceptions.Exit(Exit.FAILED)


async def _watch(
    client: TorchServe, logs: LogPlace | None, key: ModelKey, seconds: float
) -> Situation:
    """What the traffic of so many seconds shows.

    Raises:
        TorchServeError: the server did not answer at the end, or unregistered the model.
    """
    monitor = Monitor(LiveSource(client, logs), period_s=min(1.0, seconds / 2))
    monitor.focus = key
    seen: list[Snapshot] = []
    with talk.status(f"{key}: observing its traffic for {period(seconds)}…"):
        async for snapshot in monitor.ticks():
            seen.append(snapshot)
            watched = snapshot.at.since(seen[0].at)
            if watched >= seconds or (watched >= QUIET_S and _is_over(snapshot, key)):
                break
    return await in_thread(_situation, seen, key)


def _is_over(snapshot: Snapshot, key: ModelKey) -> bool:
    """Whether no request came while it was watched, and some were answered before that."""
    status = snapshot.model(key)
    if status is None:
        return False
    window, all_ = status.traffic.window, status.traffic.since_start
    was_used = isinstance(all_, Usage) and all_.inference_us > 0
    return was_used and isinstance(window, Usage) and window.arrived == 0


def _situation(seen: Sequence[Snapshot], key: ModelKey) -> Situation:
    if (problem := seen[-1].server.problem) is not None:
        raise problem
    status = seen[-1].model(key)
    found = situation_of(seen, key, machine_of(status)) if status else None
    if found is None:
        raise TorchServeError(f"{key} was unregistered in the meantime")
    folder = seen[-1].metrics.log_folder
    if (found.answered and not found.earlier) or folder is None:
        return found
    from tsmon.telemetry.logs.earlier_requests import read_earlier_requests

    keys = times_keys(key, WorkerNames(model.key for model in seen[-1].models))
    now = seen[-1].at.wall.astimezone().replace(tzinfo=None)
    return with_earlier(found, read_earlier_requests(folder, keys, LogZone(), now))
