"""The counters of a server, read once, as a table and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from tsmon.cli.log_folder import log_folder
from tsmon.cli.outcome import fail
from tsmon.cli.output import emit_table, say
from tsmon.logs.files import MODEL_METRICS, TS_METRICS
from tsmon.logs.places import Container, LogPlace
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.no_counters import why_empty
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
from tsmon.torchserve.errors import TorchServeError
from tsmon.units import fixed, known

if TYPE_CHECKING:
    from tsmon.torchserve.client import TorchServe

ROLLED_AT_BYTES = 100 << 20
"""TorchServe starts a new log file at this size."""


async def read_scrape(client: TorchServe, logs: LogPlace | None = None) -> Scrape:
    """Scrape once, or add up the log file; ends the command when there are no counters at all."""
    scrape = parse_scrape(await client.metrics.scrape(), Instant.now())
    if scrape.mode is not MetricsMode.LOG:
        return scrape
    files = (TS_METRICS, MODEL_METRICS)
    with log_folder(logs, client.addresses, files, ROLLED_AT_BYTES) as folder:
        if folder is None or not (folder / TS_METRICS).exists():
            if folder is not None:
                say(f"there is no {TS_METRICS} in {logs or folder}")
            fail(*why_empty(await _version(client)))
        from tsmon.telemetry.logs.one_shot import read_counters, read_logged_series

        file = logs if isinstance(logs, Container) else folder / TS_METRICS
        series = read_counters(folder)
        say(f"/metrics is empty (metrics_mode log); these totals come from {file}")
        return replace(scrape, series=series, published=read_logged_series(folder), logged=True)


async def _version(client: TorchServe) -> str:
    try:
        return (await client.management.api_description()).version
    except TorchServeError:
        return ""


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
                fixed(usage_of(counters).inference_ms),
                fixed(usage_of(counters).queue_ms),
            )
            for key, counters in sorted_series(scrape)
        ],
        right=f"{REQUESTS} {INFERENCE_US} {QUEUE_US} INFERENCE_MS QUEUE_MS",
    )


def totals_record(key: SeriesKey, counters: Counters) -> dict[str, Any]:
    """The counters of a series, and the milliseconds per request since start."""
    usage = usage_of(counters)
    return {
        "model": key.model,
        "version": key.version,
        REQUESTS: counters.requests,
        INFERENCE_US: counters.inference_us,
        QUEUE_US: counters.queue_us,
        "inference_ms": known(usage.inference_ms),
        "queue_ms": known(usage.queue_ms),
    }
