"""The metrics verb: the counters and what each request costs, once or as they change."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from tsmon.cli import watching
from tsmon.cli.log_place import log_folder
from tsmon.cli.models import as_json
from tsmon.cli.outcome import fail, runs_async
from tsmon.cli.output import emit_json, emit_raw, emit_table, say
from tsmon.cli.target import Target, pass_target, server_options
from tsmon.cli.ticks import number_or_none, number_words
from tsmon.cli.watching import (
    LOG_MODE,
    LOG_MODE_HINT,
    live_source,
    lost_words,
    prometheus_source,
)
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.logs.docker import Container, LogPlace
from tsmon.telemetry.logs.files import TS_METRICS
from tsmon.telemetry.logs.reader import read_counters
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
from tsmon.telemetry.traffic import usage_of

if TYPE_CHECKING:
    from tsmon.torchserve.client import TorchServe

ROLLED_AT_BYTES = 100 << 20
"""TorchServe begins a new log file when one has this size."""


@click.command()
@click.option("--watch", is_flag=True, help="Go on, a line per model and tick.")
@click.option("--interval", default=1.0, show_default=True, type=click.FloatRange(0.1))
@click.option("--count", type=click.IntRange(1), help="End --watch after so many ticks.")
@click.option("--raw", is_flag=True, help="Print the server's text as it is.")
@click.option("--prometheus", metavar="URL", help="With --watch: read a Prometheus server instead.")
@click.option("--instance", help="With --prometheus: which TorchServe, unless there is only one.")
@click.option("--job", help="With --prometheus: where several jobs scrape that instance.")
@as_json
@server_options
@pass_target
@runs_async
async def metrics(
    target: Target,
    watch: bool,
    interval: float,
    count: int | None,
    raw: bool,
    as_json: bool,
    prometheus: str | None,
    instance: str | None,
    job: str | None,
) -> None:
    """Print the counters of each model and the milliseconds per request they give.

    With --watch: what requests cost between two readings. A dash says that a number cannot be
    known, for example because there was no traffic; it is never printed as 0.
    """
    if watch:
        opened = (
            prometheus_source(target, prometheus, instance, job)
            if prometheus
            else live_source(target)
        )
        async with opened as source:
            await watching.watch(source, interval, count, as_json)
        return
    if prometheus:
        raise click.UsageError("--prometheus goes with --watch")
    async with target.client() as client:
        if raw:
            emit_raw((await client.metrics.scrape()).encode())
        else:
            scrape = await read_scrape(client, target.log_place)
            if as_json:
                emit_json([_totals_record(*entry) for entry in sorted_series(scrape)])
            elif scrape.series:
                print_totals(scrape)
            else:
                say("no counters yet: nothing has been sent to a model since the server started")
            if scrape.lost_lines:
                fail(f"{lost_words(scrape.lost_lines)}; the others are above")


async def read_scrape(client: TorchServe, logs: LogPlace | None = None) -> Scrape:
    """Scrape once, or add up the log file; ends the command when there are no counters at all."""
    scrape = parse_scrape(await client.metrics.scrape(), Instant.now())
    if scrape.mode is not MetricsMode.LOG:
        return scrape
    with log_folder(logs, client.addresses, (TS_METRICS,), ROLLED_AT_BYTES) as folder:
        if folder is None or not (folder / TS_METRICS).exists():
            if folder is not None:
                say(f"there is no {TS_METRICS} in {logs or folder}")
            fail(LOG_MODE, LOG_MODE_HINT)
        file = logs if isinstance(logs, Container) else folder / TS_METRICS
        say(f"/metrics is empty (metrics_mode log); these sums are those of {file}")
        return replace(scrape, series=read_counters(folder), logged=True)


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
