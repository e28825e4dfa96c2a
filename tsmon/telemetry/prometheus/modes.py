"""The metrics mode of a target while its scrapes do not show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from tsmon.telemetry.scrape import MetricsMode, Scrape

if TYPE_CHECKING:
    from tsmon.telemetry.instant import Instant

MODE_PATIENCE_S = 150.0
"""In mode prometheus a server writes its gauges once a minute unless configured otherwise."""


class KnownMode:
    """Remembers the mode that the series of one target showed.

    A scrape without series looks like metrics_mode log, and is also what a server gives right after
    its start. So the last known mode holds: legacy until other series show otherwise, since it has
    none before the first request, and prometheus for `MODE_PATIENCE_S`.
    """

    def __init__(self) -> None:
        self._mode = MetricsMode.LOG
        self._known_at: Instant | None = None

    def settle(self, scrape: Scrape) -> Scrape:
        """The scrape with the mode that is known by now."""
        if scrape.mode is not MetricsMode.LOG:
            self._mode, self._known_at = scrape.mode, scrape.at
            return scrape
        waited = scrape.at.since(self._known_at) if self._known_at else 0.0
        if self._mode is MetricsMode.PROMETHEUS and waited > MODE_PATIENCE_S:
            self._mode = MetricsMode.LOG
        errors = 0.0 if self._mode is MetricsMode.PROMETHEUS else None
        return replace(scrape, mode=self._mode, server_errors=errors)
