"""The metrics verb: the counters and what each request costs, once or as they change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from tsmon.cli.causes import log_folder
from tsmon.cli.models import as_json
from tsmon.cli.outcome import Exit, fail, runs_async
from tsmon.cli.output import complain, emit, emit_json, emit_json_line, emit_table, say
from tsmon.cli.target import Target, pass_target, server_options
from tsmon.cli.ticks import number_or_none, number_words, tick_line, tick_record
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.logs.reader import TS_METRICS, read_counters
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.scrape import (
    INFERENCE_US,
    QUEUE_US,
    REQUESTS,
    Counters,
    MetricsMode,
    Scrape,
    SeriesKey,
    parse_scrape,
)
from tsmon.telemetry.snapshot import Snapshot
from tsmon.telemetry.traffic import usage_of
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.errors import TorchServeError

LOG_MODE = "/metrics is empty: this server's metrics_mode is log"
LOG_MODE_HINT = "put metrics_mode=prometheus into its config.properties and restart it"


@click.command()
@click.option("--watch", is_flag=True, help="Go on, a line per model and tick.")
@click.option("--interval", default=1.0, show_default=True, type=click.FloatRange(0.1))
@click.option("--count", type=click.IntRange(1), help="End --watch after so many ticks.")
@click.option("--raw", is_flag=True, help="Print the server's text as it is.")
@as_json
@server_options
@pass_target
@runs_async
async def metrics(
    target: Target, watch: bool, interval: float, count: int | None, raw: bool, as_json: bool
) -> None:
    """Print the counters of each model and the milliseconds per request they give.

    With --watch: what requests cost between two readings. A dash says that a number cannot be
    known, for example because there was no traffic; it is never printed as 0.
    """
    async with target.client() as client:
        if watch:
            await _watch(client, target.logs, interval, count, as_json)
        elif raw:
            click.echo(await client.metrics.scrape(), nl=False)
        else:
            scrape = await read_scrape(client, log_folder(target.logs, client.addresses))
            if as_json:
                emit_json([_totals_record(*entry) for entry in sorted_series(scrape)])
            elif scrape.series:
                print_totals(scrape)
            else:
                say("no counters yet: nothing has been sent to a model since the server started")


async def read_scrape(client: TorchServe, logs: Path | None = None) -> Scrape:
    """Scrape once, or add up the log file; ends the command when there are no counters at all."""
    scrape = parse_scrape(await client.metrics.scrape(), Instant.now())
    if scrape.mode is not MetricsMode.LOG:
        return scrape
    if logs is None:
        fail(LOG_MODE, LOG_MODE_HINT)
    say(f"/metrics is empty (metrics_mode log); these sums are those of {logs / TS_METRICS}")
    return replace(scrape, series=read_counters(logs), logged=True)


def sorted_series(scrape: Scrape) -> list[tuple[SeriesKey, Counters]]:
    """The series by model and version."""
    return sorted(scrape.series.items(), key=lambda entry: (entry[0].model, entry[0].version))


def print_totals(scrape: Scrape) -> None:
    """The three counters of each series, and the milliseconds per request since start."""
    emit_table(
        ("MODEL", "VERSION", REQUESTS, INFERENCE_US, QUEUE_US, "INFERENCE_MS", "QUEUE_MS"),
        [
            (
                key.model,
                key.version,
                f"{counters.requests:.0f}",
                f"{counters.inference_us:.3f}",
                f"{counters.queue_us:.3f}",
                number_words(usage_of(counters).inference_ms),
                number_words(usage_of(counters).queue_ms),
            )
            for key, counters in sorted_series(scrape)
        ],
        right=f"{REQUESTS} {INFERENCE_US} {QUEUE_US} INFERENCE_MS QUEUE_MS",
    )


async def _watch(
    client: TorchServe, logs: Path | None, interval: float, count: int | None, as_json: bool
) -> None:
    monitor = Monitor(LiveSource(client, logs), period_s=interval)
    problems = _Problems()
    shown = 0
    async for snapshot in monitor.ticks():
        problems.tell(snapshot)
        for model in snapshot.models:
            if as_json:
                emit_json_line(tick_record(snapshot, model))
            else:
                emit(tick_line(snapshot, model))
        shown += 1
        if shown == count:
            break
    if snapshot.stale:
        raise click.exceptions.Exit(Exit.UNREACHABLE)


class _Problems:
    """Tells each problem once, when it begins."""

    def __init__(self) -> None:
        self._told: dict[str, str] = {}

    def tell(self, snapshot: Snapshot) -> None:
        for part, message, hint in (
            _problem("server", snapshot.server.problem),
            _problem("metrics", snapshot.metrics.problem),
            ("mode", LOG_MODE if _lacks_counters(snapshot) else "", LOG_MODE_HINT),
        ):
            if message and self._told.get(part) != message:
                complain(message, hint)
            self._told[part] = message


def _lacks_counters(snapshot: Snapshot) -> bool:
    return snapshot.metrics.mode is MetricsMode.LOG and not snapshot.metrics.logged


def _problem(part: str, error: TorchServeError | None) -> tuple[str, str, str]:
    return (part, str(error), error.hint) if error else (part, "", "")


def _totals_record(key: SeriesKey, counters: Counters) -> dict[str, Any]:
    usage = usage_of(counters)
    return {
        "model": key.model,
        "version": key.version,
        REQUESTS: counters.requests,
        INFERENCE_US: counters.inference_us,
        QUEUE_US: counters.queue_us,
        "inference_ms": number_or_none(usage.inference_ms),
        "queue_ms": number_or_none(usage.queue_ms),
    }
