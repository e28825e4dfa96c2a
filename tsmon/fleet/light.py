"""A server polled for as little as shows its state: model list, counters and ping, no logs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tsmon.fleet.error_rate import ErrorRate
from tsmon.telemetry.descriptions import ModelReader
from tsmon.telemetry.health.server_signs import UNHEALTHY, PingWatch
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.live import outcome_of, scrape_of
from tsmon.telemetry.scrape import ScrapeReader
from tsmon.telemetry.source import Description, Observation, ServerFacts
from tsmon.torchserve.errors import ApiError, TorchServeError
from tsmon.torchserve.records import ModelVersion

if TYPE_CHECKING:
    from tsmon.telemetry.scrape import Scrape
    from tsmon.telemetry.snapshot import ModelKey
    from tsmon.torchserve.client import TorchServe

DESCRIBES = 2
"""Settled models described at each tick; the others wait their turn."""
PINGS_MISSED = 2
"""So many pings in a row without an answer are reported; one happens while a model is removed."""


class LightSource:
    """Asks one server of a fleet.

    Where the management API cannot be read, what the counters show of the models is given instead.
    """

    def __init__(self, client: TorchServe) -> None:
        self._client = client
        self._reader = ModelReader(client.management, DESCRIBES)
        self._scrapes = ScrapeReader()
        self._facts: ServerFacts | None = None
        self._pings = PingWatch(client.inference)
        self._missed = 0
        self.errors = ErrorRate()
        self.only_metrics: TorchServeError | None = None
        """Why the models are known from their counters alone; None where they are not."""

    @property
    def label(self) -> str:
        """The management address without its scheme."""
        return self._client.addresses.label

    @property
    def silent(self) -> bool:
        """Whether the inference address does not answer pings, though the others answer."""
        return self._missed >= PINGS_MISSED

    async def observe(self, focus: ModelKey | None) -> Observation:
        """Ask all three addresses at the same time."""
        models, scrape, _ = await asyncio.gather(
            outcome_of(lambda: self._models(focus)),
            outcome_of(lambda: scrape_of(self._client, self._scrapes)),
            self._ping(),
        )
        self.errors.observe(scrape)
        if isinstance(models, TorchServeError):
            self._facts = None
            self._reader.forget()
        ping = "" if isinstance(models, TorchServeError) else await self._pings.look(models)
        known = self._known(models, scrape)
        return Observation(Instant.now(), self._facts, known, scrape, ping=ping)

    def _known(
        self, models: tuple[Description, ...] | TorchServeError, scrape: Scrape | TorchServeError
    ) -> tuple[Description, ...] | TorchServeError:
        self.only_metrics = None
        if not isinstance(models, TorchServeError) or isinstance(scrape, TorchServeError):
            return models
        if not scrape.series:
            return models
        self.only_metrics = models
        return tuple(
            Description(ModelVersion(key.model, key.version), is_default=False, only_metrics=True)
            for key in sorted(scrape.series, key=lambda key: (key.model, key.version))
        )

    async def _models(self, focus: ModelKey | None) -> tuple[Description, ...]:
        if self._facts is None:
            description = await self._client.management.api_description()
            self._facts = ServerFacts(description.version, None)
        return await self._reader.read(focus)

    async def _ping(self) -> None:
        """Ask whether inference answers; not of a server known to have a problem (`PingWatch`)."""
        if not self._reader.settled:
            return
        answer = await outcome_of(self._client.inference.ping)
        lost = isinstance(answer, TorchServeError) and not isinstance(answer, ApiError)
        self._missed = self._missed + 1 if lost else 0
        if answer == UNHEALTHY:
            self._reader.forget()
