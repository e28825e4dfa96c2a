"""How often a server answered with an error of its own, from the sum it keeps since its start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tsmon.torchserve.errors import TorchServeError

if TYPE_CHECKING:
    from tsmon.telemetry.scrape import Scrape


class ErrorRate:
    """errors/s = Δ Requests5XX / Δ seconds, between two scrapes of one server life."""

    def __init__(self) -> None:
        self.per_second: float | None = None
        """Between the last two scrapes; None where that cannot be known."""
        self._last: Scrape | None = None

    def observe(self, scrape: Scrape | TorchServeError) -> None:
        """Take the next scrape; one that failed leaves a gap."""
        last, self._last = self._last, None if isinstance(scrape, TorchServeError) else scrape
        self.per_second = None
        if last is None or isinstance(scrape, TorchServeError):
            return
        before, now = last.server_errors, scrape.server_errors
        seconds = scrape.at.since(last.at)
        if before is not None and now is not None and now >= before and seconds > 0:
            self.per_second = (now - before) / seconds
