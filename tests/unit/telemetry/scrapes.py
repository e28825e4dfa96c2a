"""Scrapes and instants as the telemetry tests write them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from tsmon.telemetry.instant import Instant
from tsmon.telemetry.scrape import Counters, MetricsMode, Scrape, SeriesKey

MNIST = SeriesKey("mnist", "default")


def at(seconds: float) -> Instant:
    """A moment on a clock that the test winds."""
    return Instant(seconds, datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))


def scraped(seconds: float, series: Mapping[SeriesKey, Counters]) -> Scrape:
    """A scrape at that moment."""
    return Scrape(at(seconds), MetricsMode.PROMETHEUS, series)
